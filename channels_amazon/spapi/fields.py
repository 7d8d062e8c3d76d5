"""Takes typed values out of JSON, naming what is missing; pure, client layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from channels_amazon.spapi.answers import ApiResponse
from channels_amazon.spapi.errors import UnexpectedResponse
from channels_amazon.wording import sentence

JsonObject = dict[str, Any]
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency (ISO 4217, or whatever Amazon wrote)."""

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
    value = optional_text(data, name)
    if not value:
        return None
    try:
        time = datetime.fromisoformat(value)
        if time.tzinfo is UTC:
            return time
        # Amazon documents all its times as UTC, so one without a zone is UTC too.
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise FieldError(name, sentence("is not a time")) from None


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
    if data.get(name) is None:
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

    `number` is what the API at hand calls the number.
    """
    value = data.get(name)
    if value is None:
        return None
    if not isinstance(value, dict):
        raise FieldError(name, sentence("is not an amount"))
    amount, currency = value.get(number), value.get("currencyCode")
    if amount is None or not isinstance(currency, str):
        return None
    try:
        parsed = Decimal(amount if isinstance(amount, str) else str(amount))
    except InvalidOperation:
        raise FieldError(name, sentence("is not an amount")) from None
    if not parsed.is_finite():
        raise FieldError(name, sentence("is not an amount"))
    return Money(parsed, currency)


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
