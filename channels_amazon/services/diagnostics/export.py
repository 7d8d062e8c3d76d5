"""Reads log rows for a file, and writes them as CSV, in constant memory; services."""

from __future__ import annotations

import csv
import re
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
_SIGNS = ("=", "+", "-", "@", "|", "＝", "＋", "－", "＠")
FORMULA_STARTS = (*_SIGNS, "\t", "\r", "\n")
# A spreadsheet whose separator is another one than the comma, as in German or French,
# minds no quotes within its cell: a cell begins after each of these signs.
_WITHIN = re.compile(rf"([;\t\r\n][\s\"]*)(?=[{re.escape(''.join(_SIGNS))}])")
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
    return csv_table(headings(kind), log_values(kind, rows))


def headings(kind: LogKind) -> list[str]:
    """Return the names of a file's columns, in their order."""
    return [HEADINGS.get(column, column) for column in COLUMNS[kind]]


def log_values(kind: LogKind, rows: QuerySet[Any]) -> Iterator[list[Any]]:
    """Return the values of each row by the file's columns, the newest row first.

    Sentences are said in the language that is active now, not when they are read.
    """
    found = _newest_first(rows, COLUMNS[kind], CLOCKS[kind])
    return _said(COLUMNS[kind], found, get_language() or "en")


def keep_export(log: str, *, actor: str, store_ids: Iterable[int | None]) -> None:
    """Keep in the audit log that a log of these stores was downloaded; None: of all."""
    for store_id in store_ids:
        audit(
            Audited(
                code="access.exported",
                message=sentence("The log %(log)s was downloaded.", log=str(log)),
                reference=str(log),
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


def _said(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], language: str
) -> Iterator[list[Any]]:
    places = [place for place, name in enumerate(columns) if name in SENTENCES]
    for row in rows:
        values = list(row)
        with override(language):
            for place in places:
                values[place] = translated(values[place])
        yield values


def csv_table(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Return the lines of a CSV file with these column names; times are UTC."""
    writer = csv.writer(_Echo())
    yield BYTE_ORDER_MARK + str(writer.writerow(names))
    for row in rows:
        yield str(writer.writerow([csv_cell(value) for value in row]))


def iso_time(value: datetime) -> str:
    """Return a time as files hold it: ISO 8601, in UTC, to the millisecond."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds")


def safe_cell(value: Any) -> str:
    """Return a value as a cell's text that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return iso_time(value)
    if isinstance(value, int | float):
        return str(value)
    text = str(value).replace("\x00", "")
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text


def csv_cell(value: Any) -> str:
    """Return a value as a CSV cell's text, no formula by whichever separator."""
    return _WITHIN.sub(r"\1'", safe_cell(value))
