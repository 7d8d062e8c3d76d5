"""Sentences that are stored once and read in any language; no layer.

What a worker writes is read later by people of several languages. A `Sentence` is
the English text, and remembers what it was made of, so that it can be said again.
`make messages` collects the first argument of every `sentence(...)`, and the first two
of every `counted(...)`, which has a form for one and a form for many.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import reduce
from typing import Any

# A time is aware; it is told by the clocks of who reads it.
Value = str | int | datetime
Translate = Callable[[str], str]
# What gettext calls ngettext: the forms for one and for many, and how many.
TranslateCounted = Callable[[str, str, int], str]
Tell = Callable[[datetime], str]

# Between the English text and its making, in a stored text; no text of ours holds it.
_MARK = "\x1f"
# What a time is kept as within it: {"time": "2026-11-30T00:29:17+00:00"}.
_TIME = "time"


class Sentence(str):
    """An English text that knows its template and the values put into it."""

    template: str
    values: Mapping[str, Value]
    # The form for many and the number, where the template is the form for one.
    plural: str = ""
    number: int = 1


def sentence(template: str, /, **values: Value) -> Sentence:
    """Return the sentence of a template such as "Order %(order)s is kept."."""
    made = Sentence(template % _told(values, in_utc) if values else template)
    made.template = template
    made.values = values
    return made


def counted(one: str, many: str, number: int, /, **values: Value) -> Sentence:
    """Return the form of a sentence that goes with a number, its `%(count)d`."""
    named = {"count": number, **values}
    made = Sentence((one if number == 1 else many) % _told(named, in_utc))
    made.template, made.plural, made.number = one, many, number
    made.values = named
    return made


def together(first: str, second: str) -> str:
    """Return two sentences as one text, either of which may be empty."""
    if not first or not second:
        return first or second
    return sentence("%(first)s %(second)s", first=first, second=second)


def listed(texts: Sequence[str]) -> str:
    """Return the texts as an enumeration, "" for none."""
    return reduce(_enumerated, texts) if texts else ""


def in_utc(time: datetime) -> str:
    """Return a time to the minute, in UTC and with that word."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def said(
    text: str,
    translate: Translate,
    translate_counted: TranslateCounted,
    tell: Tell = in_utc,
) -> str:
    """Return the text as translated, its times as `tell` has them.

    Texts of others come back as they are.
    """
    if not text:
        return ""
    if not isinstance(text, Sentence):
        return translate(text)
    if text.plural:
        template = translate_counted(text.template, text.plural, text.number)
    else:
        template = translate(text.template)
    if not text.values:
        return template
    values = {
        name: said(value, translate, translate_counted, tell)
        if isinstance(value, Sentence)
        else value
        for name, value in text.values.items()
    }
    return template % _told(values, tell)


def revised(text: str, revise: Callable[[str], str]) -> str:
    """Return the text with `revise` done to whatever in it is not our own words."""
    if not isinstance(text, Sentence):
        return revise(text)
    values = {
        name: revised(value, revise) if isinstance(value, str) else value
        for name, value in text.values.items()
    }
    return _again(text.template, values, text.plural, text.number)


def pack(text: str) -> str:
    """Return what to store: the English text, behind it what it was made of."""
    plain = str(text).replace(_MARK, "")
    if not isinstance(text, Sentence) or not text.values:
        return plain
    return f"{plain}{_MARK}{json.dumps(_parts(text), ensure_ascii=False)}"


def unpack(stored: str) -> str:
    """Return the text that `pack` made into `stored`."""
    plain, mark, parts = stored.partition(_MARK)
    return _made(json.loads(parts)) if mark else plain


def _enumerated(first: str, second: str) -> Sentence:
    return sentence("%(first)s, %(second)s", first=first, second=second)


def _told(values: Mapping[str, Value], tell: Tell) -> dict[str, str | int]:
    return {
        name: tell(value) if isinstance(value, datetime) else value
        for name, value in values.items()
    }


def _parts(text: Sentence) -> list[Any]:
    values = {name: _part(value) for name, value in text.values.items()}
    counting = [text.plural, text.number] if text.plural else []
    return [text.template, values, *counting]


def _part(value: Value) -> Any:
    if isinstance(value, Sentence):
        return _parts(value)
    if isinstance(value, datetime):
        return {_TIME: value.astimezone(UTC).isoformat()}
    return value


def _made(parts: list[Any]) -> Sentence:
    template, values, *counting = parts
    found = {name: _value(one) for name, one in values.items()}
    return _again(template, found, *counting)


def _value(part: Any) -> Value:
    if isinstance(part, list):
        return _made(part)
    if isinstance(part, dict):
        return datetime.fromisoformat(part[_TIME])
    value: Value = part
    return value


def _again(
    template: str, values: Mapping[str, Value], plural: str = "", number: int = 1
) -> Sentence:
    if plural:
        return counted(template, plural, number, **values)
    return sentence(template, **values)
