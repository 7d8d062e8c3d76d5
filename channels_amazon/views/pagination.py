"""Pages through long lists by the last row seen, never by counting; views layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from django.db.models import F, Model, Q, QuerySet

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
        same = Q(**{field: text}, pk__gt=int(pk[:18]))
        rows = rows.filter(Q(**{f"{field}__gt": text}) | same)
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
    if pk.isdecimal() and (after or not text):
        rows = rows.filter(_beyond(field, after, int(pk[:18]), falling=falling))
    time = (
        F(field).desc(nulls_first=True) if falling else F(field).asc(nulls_first=True)
    )
    found = list(rows.order_by(time, "-pk" if falling else "pk")[: size + 1])

    def text_of(row: Row) -> str:
        value: datetime | None = getattr(row, field)
        return value.astimezone(UTC).isoformat() if value else ""

    return _slice(found, size, cursor, text_of)


def _beyond(field: str, after: datetime | None, pk: int, *, falling: bool) -> Q:
    side = "lt" if falling else "gt"
    same = Q(**{field: after, f"pk__{side}": pk})
    if after is None:
        same = Q(**{f"{field}__isnull": True, f"pk__{side}": pk})
        return same | Q(**{f"{field}__isnull": False})
    return same | Q(**{f"{field}__{side}": after})


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
