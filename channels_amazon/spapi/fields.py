"""Takes typed values out of JSON, naming what is missing; pure, client layer.

What makes an entry (an id, its units) raises FieldError; of what only describes it,
`Details` collects what cannot be read, so that the entry is kept and the fault is said.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar

from msgspec import Struct

from channels_amazon.rules.orders.limits import (
    MOST_UNITS,
    is_order_id,
    is_possible_time,
)
from channels_amazon.spapi.answers import ApiResponse
from channels_amazon.spapi.errors import UnexpectedResponse
from channels_amazon.wording import sentence

JsonObject = dict[str, Any]
Value = TypeVar("Value")

# An amount as Amazon writes it, in a text or as a number.
_AMOUNT = re.compile(r"[+-]?[0-9]{1,12}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,2})?")
# Columns of money hold 12 digits before the point.
_HIGHEST_AMOUNT = Decimal(10) ** 12
# ISO 4217 has three letters; the columns of orders hold this many.
_LONGEST_CURRENCY = 8
# More units of one SKU are in no warehouse, nor in a seller's own hands.
MOST_IN_STOCK = 1_000_000_000


class Money(Struct, frozen=True, gc=False):
    """An amount in a currency (ISO 4217, or whatever Amazon wrote).

    A Struct, as the rows of orders are, where a page has hundreds: a frozen dataclass
    takes ten times as long to make.
    """

    amount: Decimal
    currency: str


class FieldError(ValueError):
    """A field that the contract promises is missing, or is of another type."""

    def __init__(self, name: str, problem: str) -> None:
        self.reason = sentence(
            "the field %(name)s %(problem)s", name=name, problem=problem
        )
        super().__init__(self.reason)
        self.name = name


@dataclass(slots=True)
class Details:
    """Reads what only describes an entry, and keeps why a part of it cannot be read.

    Texts and objects, the most frequent, have methods of their own: as long as they are
    what they should be, no other reader is asked.
    """

    unread: list[str] = field(default_factory=list)

    def of(
        self,
        read: Callable[[JsonObject, str], Value | None],
        data: JsonObject,
        name: str,
    ) -> Value | None:
        """Return what `read` makes of the field, None where it cannot be read."""
        try:
            return read(data, name)
        except FieldError as error:
            self.unread.append(error.reason)
            return None

    def text(self, data: JsonObject, name: str) -> str | None:
        """Return a text, None if it is absent or cannot be read."""
        value = data.get(name)
        if value is None or isinstance(value, str):
            return value
        return self.of(optional_text, data, name)

    def time(self, data: JsonObject, name: str) -> datetime | None:
        """Return a time, aware, in UTC; None if it is absent or cannot be read."""
        try:
            return optional_timestamp(data, name)
        except FieldError as error:
            self.unread.append(error.reason)
            return None

    def money(self, data: JsonObject, name: str) -> Money | None:
        """Return an amount, None if it is absent or cannot be read."""
        try:
            return money(data, name)
        except FieldError as error:
            self.unread.append(error.reason)
            return None

    def json_object(self, data: JsonObject, name: str) -> JsonObject:
        """Return an object, an empty one if it is absent or cannot be read."""
        value = data.get(name)
        if isinstance(value, dict):
            return value
        return {} if value is None else self.of(json_object, data, name) or {}

    def each(
        self, read: Callable[[JsonObject], Value], data: JsonObject, name: str
    ) -> tuple[Value, ...]:
        """Return what `read` makes of the list's entries, without unreadable ones."""
        found: list[Value] = []
        for entry in self.of(objects, data, name) or ():
            try:
                found.append(read(entry))
            except FieldError as error:
                self.unread.append(error.reason)
        return tuple(found)


def text(data: JsonObject, name: str) -> str:
    """Return a required text."""
    value = data.get(name)
    if isinstance(value, str) and value:
        return value
    is_missing = value is None or value == ""
    raise FieldError(
        name, sentence("is missing") if is_missing else sentence("is not a text")
    )


def optional_text(data: JsonObject, name: str) -> str | None:
    """Return a text, None if it is absent."""
    value = data.get(name)
    if value is None or isinstance(value, str):
        return value
    raise FieldError(name, sentence("is not a text"))


def identity(longest: int) -> Callable[[JsonObject, str], str]:
    """Return a reader of a required id: one beyond its column is refused, never cut."""

    def read(data: JsonObject, name: str) -> str:
        value = text(data, name)
        if len(value) <= longest:
            return value
        raise _too_long(name, longest)

    return read


def optional_identity(longest: int) -> Callable[[JsonObject, str], str | None]:
    """Return a reader of an id, None if it is absent or empty."""

    def read(data: JsonObject, name: str) -> str | None:
        value = optional_text(data, name) or None
        if value is None or len(value) <= longest:
            return value
        raise _too_long(name, longest)

    return read


def order_id(data: JsonObject, name: str) -> str:
    """Return the required id of an order at Amazon."""
    value = text(data, name)
    if is_order_id(value):
        return value
    raise FieldError(
        name, sentence("is not the id of an order, as 123-1234567-1234567")
    )


def units(data: JsonObject, name: str, most: int = MOST_UNITS) -> int:
    """Return a required number of units, 0 to `most`."""
    value = optional_units(data, name, most)
    if value is None:
        raise FieldError(name, sentence("is missing"))
    return value


def optional_units(data: JsonObject, name: str, most: int = MOST_UNITS) -> int | None:
    """Return a number of units, None if it is absent.

    One below 0 or beyond `most` is refused: as another number it would move stock.
    """
    value = data.get(name)
    if type(value) is int and 0 <= value <= most:
        return value
    value = optional_integer(data, name)
    if value is None:
        return None
    raise FieldError(
        name,
        sentence("is %(count)s, which is no number of units", count=str(value)[:20]),
    )


def next_page(data: JsonObject) -> tuple[str | None, str]:
    """Return the token of the next page, None for none, and why it cannot be read.

    The page's rows are good all the same; that it is the last one is not known then.
    """
    try:
        return optional_text(json_object(data, "pagination"), "nextToken") or None, ""
    except FieldError as error:
        return None, error.reason


def integer(data: JsonObject, name: str) -> int:
    """Return a required whole number."""
    value = optional_integer(data, name)
    if value is None:
        raise FieldError(name, sentence("is missing"))
    return value


def optional_integer(data: JsonObject, name: str) -> int | None:
    """Return a whole number, None if it is absent."""
    value = data.get(name)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise FieldError(name, sentence("is not a whole number"))


def boolean(data: JsonObject, name: str) -> bool:
    """Return a required yes or no."""
    value = data.get(name)
    if isinstance(value, bool):
        return value
    raise FieldError(
        name,
        sentence("is missing") if value is None else sentence("is not true or false"),
    )


def timestamp(data: JsonObject, name: str) -> datetime:
    """Return a required time, aware, in UTC."""
    value = optional_timestamp(data, name)
    if value is None:
        raise FieldError(name, sentence("is missing"))
    return value


def optional_timestamp(data: JsonObject, name: str) -> datetime | None:
    """Return a time, aware, in UTC; None if it is absent or empty."""
    value = data.get(name)
    if value is None or value == "":
        return None
    try:
        time = datetime.fromisoformat(value)
        if time.tzinfo is not UTC:
            # Amazon documents all its times as UTC, so one without a zone is UTC too.
            time = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except TypeError:
        raise FieldError(name, sentence("is not a text")) from None
    except (ValueError, OverflowError):
        raise FieldError(name, sentence("is not a time")) from None
    if not is_possible_time(time):
        raise FieldError(name, sentence("is not a time"))
    return time


def iso_time(time: datetime) -> str:
    """Return an aware time as Amazon reads it in a body: UTC, to the millisecond."""
    if time.tzinfo is None:
        raise ValueError("a time for Amazon must be aware")
    return time.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def json_object(data: JsonObject, name: str) -> JsonObject:
    """Return an object, an empty one if it is absent."""
    value = data.get(name)
    if isinstance(value, dict):
        return value
    if value is None:
        return {}
    raise FieldError(name, sentence("is not an object"))


def required_object(data: JsonObject, name: str) -> JsonObject:
    """Return a required object."""
    value = data.get(name)
    if isinstance(value, dict):
        return value
    if value is None:
        raise FieldError(name, sentence("is missing"))
    return json_object(data, name)


def objects(data: JsonObject, name: str) -> list[JsonObject]:
    """Return a list of objects, an empty one if it is absent."""
    value = data.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise FieldError(name, sentence("is not a list of objects"))
    for entry in value:
        if not isinstance(entry, dict):
            raise FieldError(name, sentence("is not a list of objects"))
    return value


def required_objects(data: JsonObject, name: str) -> list[JsonObject]:
    """Return a required list of objects."""
    if data.get(name) is None:
        raise FieldError(name, sentence("is missing"))
    return objects(data, name)


def entries(data: JsonObject, name: str) -> list[Any]:
    """Return a required list, whatever its entries are."""
    value = data.get(name)
    if isinstance(value, list):
        return value
    raise FieldError(
        name, sentence("is missing") if value is None else sentence("is not a list")
    )


def texts(data: JsonObject, name: str) -> tuple[str, ...]:
    """Return a list of texts, an empty one if it is absent."""
    value = data.get(name)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise FieldError(name, sentence("is not a list of texts"))
    for entry in value:
        if not isinstance(entry, str):
            raise FieldError(name, sentence("is not a list of texts"))
    return tuple(value)


def money(data: JsonObject, name: str, number: str = "amount") -> Money | None:
    """Return an amount, None if it is absent or has no number or currency.

    `number` is what the API at hand calls the number. An amount that its column cannot
    hold is refused: cut, it would be another one.
    """
    value = data.get(name)
    if value is None:
        return None
    if not isinstance(value, dict):
        raise FieldError(name, sentence("is not an amount"))
    amount, currency = value.get(number), value.get("currencyCode")
    if amount is None or amount == "" or currency is None or currency == "":
        return None
    parsed = _amount(amount if isinstance(amount, str) else str(amount))
    is_currency = isinstance(currency, str) and len(currency) <= _LONGEST_CURRENCY
    if parsed is None or not is_currency:
        raise FieldError(name, sentence("is not an amount"))
    return Money(parsed, currency)


# An item's price is often its line's and its order's, and many orders have the same.
@lru_cache(maxsize=1024)
def _amount(given: str) -> Decimal | None:
    """Return the amount of a text, None where it is none or too high for its column."""
    given = given.strip()
    if not _AMOUNT.fullmatch(given):
        return None
    amount = Decimal(given)
    return amount if abs(amount) < _HIGHEST_AMOUNT else None


def _too_long(name: str, longest: int) -> FieldError:
    problem = sentence("has more than %(longest)s characters", longest=longest)
    return FieldError(name, problem)


def parse(answer: ApiResponse, read: Callable[[JsonObject], Value]) -> Value:
    """Return what `read` makes of the answer's object.

    Raises UnexpectedResponse naming the field when the answer breaks the contract.
    """
    try:
        if not isinstance(answer.json, dict):
            raise FieldError("(answer)", sentence("is not an object"))
        return read(answer.json)
    except FieldError as error:
        message = sentence(
            "In the answer to %(operation)s, %(reason)s.",
            operation=answer.operation,
            reason=error.reason,
        )
        raise UnexpectedResponse(message, answer.evidence()) from error
