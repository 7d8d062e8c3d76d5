"""Takes secrets and personal data out of what is logged or stored; pure, client layer.

Built to err on the side of taking out too much: a postal code in a log line is a
breach, a missing one is not.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from channels_amazon.spapi.redact_keys import (
    KEPT_IN_PERSON,
    PERSON_KEYS,
    PERSONAL_KEYS,
    SECRET_HEADERS,
    SECRET_KEYS,
    SECRET_ONLY_IN_FORMS,
)

# Objects and lists inside each other; what others send has a dozen at most.
_DEEPEST = 100
REDACTED = "[redacted]"
# So many signs are no word of a language, but a key, a token or a good password.
_LONG_VALUE = 16

_TOKEN = re.compile(
    # Access, refresh and restricted data tokens of Login with Amazon, also encoded.
    r"Atz(?:[ar]|\.sprdt)(?:\||%7[Cc])[^\s\"'&<>,;)\]}]*"
    # Its client secrets.
    r"|amzn1\.oa2-cs\.[\w.\-]+"
)
# The repetitions are bounded: without that, a long run of letters would take quadratic
# time.
_EMAIL = re.compile(r"[\w.+\-]{1,64}@[\w\-]{1,64}(?:\.[\w\-]{1,64})+")

# The user and the password of an address, as of a database or a broker. The password
# may hold any sign: what it ends at is the last @ before the next part, and where there
# is none, of all parts. An @ behind the host of a page is part of an e-mail: the host
# has a port, or is a number in brackets, which has colons itself.
_USER_OF_ADDRESS = re.compile(
    r"(?<=://)(?:[^\s/?#\"'<>]{1,512}"
    r"|(?!(?:(?<=http://)|(?<=https://))"
    r"(?:\[[0-9a-f:.]{2,45}\](?::\d{1,5})?|[^\s/?#\"'<>@:]{1,256}:\d{1,5})[/?#])"
    r"[^\s/?#\"'<>@:]{0,256}:[^\s\"'<>]{1,512})@",
    re.IGNORECASE,
)
# What follows the name of a way to sign in, of which both are words of the language,
# too: a header's name before it, a digit or the length tell a token from a word.
_SIGNED_IN = re.compile(
    r"(?<![\w\-])(authorization[ \t]{1,8}(?:bearer|basic)[ \t]{1,8}"
    rf"|bearer[ \t]{{1,8}}(?=[a-z.~+/|=_\-]*\d|[\w.~+/|=\-]{{{_LONG_VALUE}}}))"
    r"[^\s\"'<>,;]+",
    re.IGNORECASE,
)
_BASIC = re.compile(r"(?<![\w\-])(basic[ \t]{1,8})([a-z0-9+/_\-]{4,})=*", re.IGNORECASE)


def _spellings(keys: frozenset[str]) -> str:
    """Return a pattern for the keys with any dash or underscore between letters."""
    return "|".join("[-_]?".join(key) for key in sorted(keys, key=len, reverse=True))


_NAMED_KEYS = _spellings((SECRET_KEYS - SECRET_ONLY_IN_FORMS) | PERSONAL_KEYS)
# "key": "value" in JSON or in Python's notation, also escaped once.
_JSON_PAIR = re.compile(
    rf"(\\?[\"'](?:{_NAMED_KEYS})\\?[\"']\s*:\s*)"
    r"(?:\\\"(?:[^\\\"]|\\\\.)*\\\""
    r"|\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[^\s,}\]\"']+)",
    re.IGNORECASE,
)
# key=value in an address, a form or a log line; "Key: value" in a header.
_FORM_PAIR = re.compile(
    rf"(?<![\w\-])((?:{_NAMED_KEYS})=)(?:\"[^\"]*\"|'[^']*'|[^\s&;,\"']+)",
    re.IGNORECASE,
)
# The same as the value of another form: there & and = are encoded.
_ENCODED_PAIR = re.compile(
    rf"(?:(?<![\w\-])|(?<=%26)|(?<=%3F))((?:{_NAMED_KEYS})%3D)"
    r"(?:[^\s&;,\"'%]|%(?!26))+",
    re.IGNORECASE,
)
# `code=` in one of our own log lines names an error and is kept. In a query string,
# beside `?` or `&`, it is an authorisation code. So a text is read stretch by stretch,
# with the `&` on either side: one pattern for both would look at each character as
# often as there are names before it.
_STRETCH = re.compile(r"(&?)([^\s&;,\"']+)(?=(&?))")
_CODE = re.compile(r"(?:code|state)=", re.IGNORECASE)
_CODE_IN_QUERY = re.compile(r"(?<=\?)(?:code|state)=", re.IGNORECASE)
_CODE_OF_ITS_OWN = re.compile(r"(?<![\w\-])(?:code|state)=", re.IGNORECASE)
# What follows the first line of a database's error quotes rows and statements, up to
# the end or to where a traceback goes on. A line end may be written as \\n.
_ROW_VALUES = re.compile(
    r"((?:^|\\n)(?:DETAIL|CONTEXT|LINE \d{1,9}):|Failing row contains)"
    r".*?(?=\n\nThe above exception|\n\nDuring handling|\nTraceback \(|\Z)",
    re.DOTALL | re.MULTILINE,
)
_HEADER_PAIR = re.compile(
    rf"(?<![\w\-\"'])((?:{_spellings(SECRET_HEADERS)}):[ \t]*)[^\r\n]+",
    re.IGNORECASE,
)


def plain_key(key: str) -> str:
    """Return a key as it is compared: its letters and digits alone."""
    return re.sub(r"[^a-z0-9]", "", key.lower())


def redact_text(text: str) -> str:
    """Return the text without tokens, secrets, codes, e-mails and named values.

    Nor the users and passwords of addresses.
    """
    if "DETAIL:" in text or "CONTEXT:" in text or "LINE " in text or "Fail" in text:
        text = _ROW_VALUES.sub(rf"\1 {REDACTED}", text)
    if "Atz" in text or "amzn1." in text:
        text = _TOKEN.sub(REDACTED, text)
    if "://" in text and "@" in text:
        text = _USER_OF_ADDRESS.sub(f"{REDACTED}@", text)
    if ":" in text:
        text = _JSON_PAIR.sub(rf'\1"{REDACTED}"', text)
        text = _HEADER_PAIR.sub(rf"\1{REDACTED}", text)
    if "=" in text:
        text = _FORM_PAIR.sub(rf"\1{REDACTED}", text)
        if _CODE.search(text):
            text = _STRETCH.sub(_without_code, text)
    if "%3D" in text or "%3d" in text:
        text = _ENCODED_PAIR.sub(rf"\1{REDACTED}", text)
    text = _SIGNED_IN.sub(rf"\1{REDACTED}", text)
    text = _BASIC.sub(_without_password, text)
    return _EMAIL.sub(REDACTED, text) if "@" in text else text


def _without_password(found: re.Match[str]) -> str:
    name, value = found.groups()
    # One sign too many encodes nothing.
    whole = value[:-1] if len(value) % 4 == 1 else value
    decoded = base64.urlsafe_b64decode(
        whole.replace("+", "-").replace("/", "_") + "=" * (-len(whole) % 4)
    )
    return f"{name}{REDACTED}" if b":" in decoded else found[0]


def _without_code(stretch: re.Match[str]) -> str:
    before, text, after = stretch.groups()
    if after:
        found = _CODE_OF_ITS_OWN.search(text)
    else:
        found = (_CODE.match(text) if before else None) or _CODE_IN_QUERY.search(text)
    if found is None or found.end() == len(text):
        return stretch[0]
    return f"{before}{text[: found.end()]}{REDACTED}"


def redact_values(text: str, values: Iterable[str]) -> str:
    """Return the text without these values.

    A long one is found whatever stands around it, a short one, which may be a word like
    others, only where it stands alone.
    """
    return redact_sorted(text, longest_first(values))


def longest_first(values: Iterable[str]) -> tuple[str, ...]:
    """Return the values in the order in which they are taken out of texts.

    One may be a part of another.
    """
    return tuple(sorted(set(values), key=len, reverse=True))


def redact_sorted(text: str, values: tuple[str, ...]) -> str:
    """Return what `redact_values` does; the values are in the order longest_first."""
    for value in values:
        if value not in text:
            continue
        if len(value) >= _LONG_VALUE:
            text = text.replace(value, REDACTED)
        else:
            text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", REDACTED, text)
    return text


def redact_json(value: Any) -> Any:
    """Return decoded JSON of the same shape without secrets and personal data."""
    return _redact(value, in_person=False)


def _redact(value: Any, *, in_person: bool, depth: int = 0) -> Any:
    if depth > _DEEPEST:
        # Nobody writes so deep but to hide something.
        return REDACTED
    if isinstance(value, Mapping):
        return {
            redact_text(key) if isinstance(key, str) else key: _redact_entry(
                str(key), inner, in_person=in_person, depth=depth + 1
            )
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [_redact(inner, in_person=in_person, depth=depth + 1) for inner in value]
    if value is None or isinstance(value, bool):
        return value
    if in_person:
        return REDACTED
    return _redact_written(value) if isinstance(value, str) else value


def _redact_written(text: str) -> str:
    """Return a text redacted, as JSON where it is an object or a list of JSON."""
    if not text.lstrip().startswith(("{", "[")):
        return redact_text(text)
    try:
        value = json.loads(text)
        redacted = _redact(value, in_person=False)
        written = json.dumps(redacted, ensure_ascii=False)
    except ValueError:
        return redact_text(text)
    except RecursionError:
        # Nobody writes so deep but to hide something.
        return REDACTED
    # As it was written, where nothing is taken out.
    return redact_text(text) if redacted == value else written


def _redact_entry(key: str, value: Any, *, in_person: bool, depth: int) -> Any:
    plain = plain_key(key)
    if plain in KEPT_IN_PERSON:
        return _redact(value, in_person=False, depth=depth)
    if plain in PERSONAL_KEYS or plain in SECRET_KEYS - SECRET_ONLY_IN_FORMS:
        return None if value is None else REDACTED
    in_person = in_person or plain in PERSON_KEYS
    return _redact(value, in_person=in_person, depth=depth)
