"""The forms in which logs are downloaded: CSV, JSON Lines, Excel; services layer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from channels_amazon.services.diagnostics.export import (
    LogKind,
    csv_lines,
    headings,
    iso_time,
    log_values,
)
from channels_amazon.services.diagnostics.workbook import workbook_pieces


class ExportFormat(StrEnum):
    """A form of a file, as it stands in addresses and at the end of file names."""

    CSV = "csv"
    JSONL = "jsonl"
    XLSX = "xlsx"


CONTENT_TYPES: dict[ExportFormat, str] = {
    ExportFormat.CSV: "text/csv; charset=utf-8",
    ExportFormat.JSONL: "application/x-ndjson; charset=utf-8",
    ExportFormat.XLSX: (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    ),
}


@dataclass(frozen=True, slots=True)
class ExportFile:
    """A file on its way: its name, its kind, and its content in parts."""

    name: str
    content_type: str
    parts: Iterator[str] | Iterator[bytes]


def export_file(form: ExportFormat, kind: LogKind, rows: QuerySet[Any]) -> ExportFile:
    """Return the file of `rows`, a log of `kind`, the newest first, times in UTC."""
    now = timezone.now()
    parts: Iterator[str] | Iterator[bytes]
    if form is ExportFormat.XLSX:
        note = gettext(
            "This is not all: a sheet holds no more rows. Export as CSV or JSON Lines."
        )
        values = log_values(kind, rows)
        parts = workbook_pieces(headings(kind), values, now, cut_note=note)
    elif form is ExportFormat.JSONL:
        parts = json_lines(headings(kind), log_values(kind, rows))
    else:
        parts = csv_lines(kind, rows)
    name = f"shoplink-{kind}-{now:%Y%m%d-%H%M%S}.{form}"
    return ExportFile(name, CONTENT_TYPES[form], parts)


def json_lines(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Yield one JSON object a line: numbers as numbers, times as ISO texts in UTC."""
    for row in rows:
        yield f"{json_text(dict(zip(names, row, strict=True)))}\n"


def json_text(value: Any) -> str:
    """Return a value as JSON on one line, as the files have it."""
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: object) -> str:
    return iso_time(value) if isinstance(value, datetime) else str(value)
