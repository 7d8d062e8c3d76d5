"""Writes log rows as CSV, row by row in constant memory; services layer."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import get_language, override

from channels_amazon.models import translated
from channels_amazon.services.diagnostics.audit import Audited, audit
from channels_amazon.wording import sentence


class LogKind(StrEnum):
    """A log that people read or download, as it stands in addresses and file names."""

    EVENTS = "events"
    CALLS = "calls"
    RUNS = "runs"
    PROOFS = "proofs"


# The columns of each kind of log, in the order of the file; never a body or secret.
COLUMNS: dict[LogKind, tuple[str, ...]] = {
    LogKind.EVENTS: (
        "id",
        "at",
        "level",
        "code",
        "message",
        "fix",
        "account__seller_id",
        "reference",
        "request_id",
        "run_id",
        "actor",
    ),
    LogKind.CALLS: (
        "id",
        "started_at",
        "operation",
        "marketplace_id",
        "method",
        "path",
        "status",
        "amazon_code",
        "message",
        "error_class",
        "request_id",
        "reference",
        "attempt",
        "latency_ms",
        "bytes_sent",
        "bytes_received",
        "tokens_left",
        "rate_limit",
        "account__seller_id",
        "run_id",
    ),
    LogKind.RUNS: (
        "id",
        "started_at",
        "finished_at",
        "kind",
        "state",
        "rows_seen",
        "rows_changed",
        "rows_quarantined",
        "calls",
        "code",
        "message",
        "next_due_at",
        "account__seller_id",
    ),
    LogKind.PROOFS: (
        "id",
        "store__name",
        "at",
        "orders",
        "kept",
        "overdue",
        "next_due_at",
        "days_after_delivery",
        "days_after_shipping",
    ),
}
# The time by which each is read, the newest first; with `id` a column of the file.
CLOCKS: dict[LogKind, str] = {
    LogKind.EVENTS: "at",
    LogKind.CALLS: "started_at",
    LogKind.RUNS: "started_at",
    LogKind.PROOFS: "at",
}
# What we said of it, which is said in the reader's language.
SENTENCES = frozenset({"message", "fix"})
# The names that readers of the file know, where a column's is another one.
HEADINGS = {
    "rows_quarantined": "rows_aside",
    "account__seller_id": "seller_id",
    "store__name": "store",
    "orders": "orders_deleted_from",
    "kept": "orders_kept",
}
CHUNK = 2000
# Spreadsheets take a cell that begins so for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "＝", "＋", "－", "＠")
# Without it spreadsheets read the file in the machine's old code page.
BYTE_ORDER_MARK = "\ufeff"


class _Echo:
    """A file that hands back what is written, for csv.writer."""

    def write(self, text: str) -> str:
        return text


def csv_lines(kind: LogKind, rows: QuerySet[Any]) -> Iterator[str]:
    """Return the lines of the CSV file of `rows`, a log of `kind`, the newest first.

    Times are UTC.

    Its sentences are in the language that is active now, not when the file is read.
    """
    found = _newest_first(rows, COLUMNS[kind], CLOCKS[kind])
    return _lines(COLUMNS[kind], found, get_language() or "en")


def keep_export(kind: LogKind, *, actor: str, store_ids: Iterable[int | None]) -> None:
    """Keep in the audit log that a log of these stores was downloaded; None: of all."""
    for store_id in store_ids:
        audit(
            Audited(
                code="access.exported",
                message=sentence("The log %(log)s was downloaded.", log=kind.value),
                reference=kind.value,
                actor=actor,
                store_id=store_id,
            )
        )


def _newest_first(
    rows: QuerySet[Any], columns: Sequence[str], clock: str
) -> Iterator[Sequence[Any]]:
    """Yield the columns of all rows, CHUNK by CHUNK, each after the last row seen.

    One statement for them all would have to sort a million rows before the first.
    """
    at_place, pk_place = columns.index(clock), columns.index("id")
    rows = rows.order_by(f"-{clock}", "-pk")
    part = rows
    while True:
        found = list(part.values_list(*columns)[:CHUNK])
        yield from found
        if len(found) < CHUNK:
            return
        at, pk = found[-1][at_place], found[-1][pk_place]
        # The first condition is what the index sees.
        part = rows.filter(**{f"{clock}__lte": at}).filter(
            Q(**{f"{clock}__lt": at}) | Q(**{clock: at, "pk__lt": pk})
        )


def _lines(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], language: str
) -> Iterator[str]:
    writer = csv.writer(_Echo())
    headings = [HEADINGS.get(column, column) for column in columns]
    yield BYTE_ORDER_MARK + str(writer.writerow(headings))
    for row in rows:
        with override(language):
            cells = [_cell(*pair) for pair in zip(columns, row, strict=True)]
        yield str(writer.writerow(cells))


def safe_cell(value: Any) -> str:
    """Return a value as a cell's text that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds")
    if isinstance(value, int | float):
        return str(value)
    text = str(value).replace("\x00", "")
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text


def _cell(column: str, value: Any) -> str:
    return safe_cell(translated(value) if column in SENTENCES else value)
