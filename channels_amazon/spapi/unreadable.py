"""Keeps entries that break the contract beside a page's good ones; client layer."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from channels_amazon.spapi.fields import FieldError, JsonObject
from channels_amazon.spapi.redact import redact_json
from channels_amazon.wording import sentence

Value = TypeVar("Value")

# Characters kept of an entry's JSON.
_LONGEST_RAW = 4000


@dataclass(frozen=True, slots=True)
class UnreadableListing:
    """What Amazon said of a SKU against the contract: the SKU if it has one, and why.

    `raw_redacted` is its JSON without personal data, cut to a length.
    """

    sku: str | None
    reason: str
    raw_redacted: str


def try_listing(
    data: Any, name: str, read: Callable[[JsonObject], Value]
) -> Value | UnreadableListing:
    """Return what `read` makes of an entry, or why it cannot be read.

    `name` is the field that holds the SKU.
    """
    if not isinstance(data, dict):
        return UnreadableListing(
            None, sentence("the entry is not an object"), raw_redacted(data)
        )
    try:
        return read(data)
    except FieldError as error:
        given = data.get(name)
        sku = given if isinstance(given, str) and given else None
        return UnreadableListing(sku, error.reason, raw_redacted(data))


def raw_redacted(data: Any) -> str:
    """Return the JSON of `data` without personal data, cut to what a row can hold."""
    shown = json.dumps(redact_json(data), ensure_ascii=False)[:_LONGEST_RAW]
    # JSON may contain half a surrogate pair, which UTF-8 and PostgreSQL cannot store.
    return shown.encode("utf-8", "replace").decode()
