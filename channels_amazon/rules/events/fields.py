"""Reads typed fields of a notification, naming the one that is wrong; rules layer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from channels_amazon.rules.orders.limits import (
    MOST_UNITS,
    is_order_id,
    is_possible_time,
)
from channels_amazon.wording import sentence

JsonObject = dict[str, Any]

# Characters of an id of Amazon's that names no order: a seller, a report.
LONGEST_ID = 40


class BadEvent(Exception):
    """The message cannot be used: a code of the fault catalogue, and why.

    `name` is the field that is to blame, "" where it is the whole message.
    """

    def __init__(self, code: str, message: str, name: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.name = name


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


def required_id(data: JsonObject, name: str, longest: int = LONGEST_ID) -> str:
    """Return the id of Amazon's under this name; raises BadEvent for no such thing."""
    text = required_text(data, name)
    if not (text.isascii() and text.isprintable()):
        raise wrong_schema(name, sentence("has characters that no id of Amazon's has"))
    return not_longer(text, name, longest)


def optional_id(data: JsonObject, name: str) -> str:
    """Return the id of Amazon's under this name, "" where it cannot be read."""
    try:
        return required_id(data, name)
    except BadEvent:
        return ""


def required_order_id(data: JsonObject, name: str) -> str:
    """Return the id of an order at Amazon; raises BadEvent for another form."""
    text = required_text(data, name)
    if not is_order_id(text):
        raise wrong_schema(
            name, sentence("is not the id of an order, as 123-1234567-1234567")
        )
    return text


def not_longer(text: str, name: str, longest: int) -> str:
    """Return the text; raises BadEvent where its column would have to cut it."""
    if len(text) > longest:
        raise wrong_schema(
            name, sentence("has more than %(longest)s characters", longest=longest)
        )
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
        time = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return time if is_possible_time(time) else None


def wrong_schema(name: str, problem: str) -> BadEvent:
    """Return the error that names a field and what is wrong with it."""
    message = sentence("%(name)s %(problem)s.", name=name, problem=problem)
    return BadEvent("notifications.wrong_schema", message, name)
