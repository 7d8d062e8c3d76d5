"""Reads typed fields of a notification, naming the one that is wrong; rules layer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from channels_amazon.wording import sentence

JsonObject = dict[str, Any]

# The most units that an order line may ask for: more is a damaged message, not a sale.
MOST_UNITS = 1_000_000


class BadEvent(Exception):
    """The message cannot be used: a code of the fault catalogue, and why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def in_either_case(data: JsonObject, name: str) -> Any:
    """Return the field; newer notification types begin their names in lower case."""
    return data.get(name, data.get(name[0].lower() + name[1:]))


def optional_text(value: Any) -> str:
    """Return the text, "" for anything else."""
    return value if isinstance(value, str) else ""


def required_object(data: JsonObject, name: str) -> JsonObject:
    """Return the object under this name; raises BadEvent if there is none."""
    value = data.get(name)
    if not isinstance(value, dict):
        raise wrong_schema(name, sentence("is missing or is not an object"))
    return value


def required_text(data: JsonObject, name: str) -> str:
    """Return the text under this name; raises BadEvent if it lacks or is blank."""
    value = data.get(name)
    if not isinstance(value, str) or not value.strip():
        raise wrong_schema(name, sentence("is missing or is not a text"))
    return value


def required_id(data: JsonObject, name: str) -> str:
    """Return the id of Amazon's under this name; raises BadEvent for no such thing.

    Such ids are asked for before the message has a transaction of its own: what no
    database takes (half a character, a NUL) must not hinder the others of its batch.
    """
    text = required_text(data, name)
    if not (text.isascii() and text.isprintable()):
        raise wrong_schema(name, sentence("has characters that no id of Amazon's has"))
    return text


def required_units(data: JsonObject, name: str) -> int:
    """Return the units under this name, 0 to MOST_UNITS; raises BadEvent otherwise."""
    value = data.get(name)
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if not is_whole or not 0 <= int(value or 0) <= MOST_UNITS:
        raise wrong_schema(
            name, sentence("is missing or is not a whole number of units")
        )
    return int(value or 0)


def optional_time(value: Any) -> datetime | None:
    """Return the time in UTC, aware; one without a zone is UTC. None for no time."""
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
