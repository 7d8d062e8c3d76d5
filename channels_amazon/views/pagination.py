"""Pages through long lists by the last row seen, never by counting; views layer.

The condition of the page after is said twice: by the rows that are exactly beyond the
last one, and by a plain range of the first column, which is all that an index can see.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Slice(Generic[Row]):
    """One page of rows; `next` is the cursor of the page after, "" on the last."""

    rows: list[Row]
    next: str
    is_first: bool


def newest_first(rows: QuerySet[Row], cursor: str, size: int) -> Slice[Row]:
    """Return `size` rows by falling id, after the row whose id is `cursor`."""
    if cursor.isdecimal():
        rows = rows.filter(pk__lt=int(cursor[:18]))
    found = list(rows.order_by("-pk")[: size + 1])
    following = str(found[size - 1].pk) if len(found) > size else ""
    return Slice(found[:size], following, not cursor)


def by_text(rows: QuerySet[Row], field: str, cursor: str, size: int) -> Slice[Row]:
    """Return `size` rows by rising text and id; the cursor is `<id>~<text>`."""
    pk, _tilde, text = cursor.partition("~")
    # PostgreSQL takes no NUL.
    if pk.isdecimal() and "\x00" not in text:
        rows = _beyond(rows, field, text, int(pk[:18]), falling=False)
    found = list(rows.order_by(field, "pk")[: size + 1])
    return _slice(found, size, cursor, lambda row: str(getattr(row, field)))


def by_time(
    rows: QuerySet[Row], field: str, cursor: str, size: int, *, falling: bool
) -> Slice[Row]:
    """Return `size` rows by a time and id, rows without a time first.

    The cursor is `<id>~<ISO time or nothing>`; one that makes no sense is ignored.
    """
    pk, _tilde, text = cursor.partition("~")
    after = _moment(text)
    goes_on = pk.isdecimal() and (after is not None or not text)
    found: list[Row] = []
    # One index has both parts, but no database gives them in this order by it.
    if rows.model._meta.get_field(field).null and not (goes_on and after):
        timeless = rows.filter(**{f"{field}__isnull": True})
        if goes_on:
            side = "lt" if falling else "gt"
            timeless = timeless.filter(**{f"pk__{side}": int(pk[:18])})
        found = list(timeless.order_by("-pk" if falling else "pk")[: size + 1])
    if len(found) <= size:
        timed = rows.filter(**{f"{field}__isnull": False})
        if goes_on and after:
            timed = _beyond(timed, field, after, int(pk[:18]), falling=falling)
        order = (f"-{field}", "-pk") if falling else (field, "pk")
        found += timed.order_by(*order)[: size + 1 - len(found)]

    def text_of(row: Row) -> str:
        value: datetime | None = getattr(row, field)
        return value.astimezone(UTC).isoformat() if value else ""

    return _slice(found, size, cursor, text_of)


def _beyond(
    rows: QuerySet[Row], field: str, after: Any, pk: int, *, falling: bool
) -> QuerySet[Row]:
    side = "lt" if falling else "gt"
    same = Q(**{field: after, f"pk__{side}": pk})
    return rows.filter(**{f"{field}__{side}e": after}).filter(
        same | Q(**{f"{field}__{side}": after})
    )


def _slice(found: list[Row], size: int, cursor: str, text_of: Any) -> Slice[Row]:
    following = ""
    if len(found) > size:
        last = found[size - 1]
        following = f"{last.pk}~{text_of(last)}"
    return Slice(found[:size], following, not cursor)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        # At the calendar's ends a time of another zone is none in UTC.
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
