"""Takes typed values out of a notification, naming what is wrong; pure, rules layer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from channels_amazon.wording import sentence

JsonObject = dict[str, Any]

# What an order may ask for; more is a damaged message, not a sale.
MOST_UNITS = 1_000_000


class BadEvent(Exception):
    """The message cannot be used: a code of the fault catalogue, and why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def either(data: JsonObject, name: str) -> Any:
    """Return the field; newer notification types begin their names in lower case."""
    return data.get(name, data.get(name[0].lower() + name[1:]))


def word(value: Any) -> str:
    """Return the text, "" for anything else."""
    return value if isinstance(value, str) else ""


def part(data: JsonObject, name: str) -> JsonObject:
    """Return a required object."""
    value = data.get(name)
    if not isinstance(value, dict):
        raise wrong_schema(name, sentence("is missing or is not an object"))
    return value


def text(data: JsonObject, name: str) -> str:
    """Return a required text."""
    value = data.get(name)
    if not isinstance(value, str) or not value.strip():
        raise wrong_schema(name, sentence("is missing or is not a text"))
    return value


def units(data: JsonObject, name: str) -> int:
    """Return a required number of units, 0 or more."""
    value = data.get(name)
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if not is_whole or not 0 <= int(value or 0) <= MOST_UNITS:
        raise wrong_schema(
            name, sentence("is missing or is not a whole number of units")
        )
    return int(value or 0)


def time_or_none(value: Any) -> datetime | None:
    """Return a time, aware, in UTC; None for anything else."""
    if not isinstance(value, str) or not value:
        return None
    try:
        time = datetime.fromisoformat(value)
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def wrong_schema(name: str, problem: str) -> BadEvent:
    """Return the error that names a field and what is wrong with it."""
    message = sentence("%(name)s %(problem)s.", name=name, problem=problem)
    return BadEvent("notifications.wrong_schema", message)
