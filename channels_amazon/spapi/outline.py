"""Outlines of bodies: how they were made, not what people wrote; pure, client layer.

Of the texts only those of known keys are kept: nobody can list where people write.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from channels_amazon.spapi.redact import (
    REDACTED,
    longest_first,
    plain_key,
    redact_json,
    redact_sorted,
    redact_text,
)
from channels_amazon.spapi.redact_keys import (
    KEPT_IN_PERSON,
    PERSON_KEYS,
    PERSONAL_KEYS,
    SECRET_ONLY_IN_FORMS,
)

LEFT_OUT = "[left out]"
_MORE = re.compile(r"\[\d+ more\]")
# Keys whose texts are ids, times, codes or names of Amazon's own: all that is kept of
# the texts in a body.
_KEPT_IN_OUTLINE = frozenset(
    {
        "action",
        "amazonorderid",
        "amazonsku",
        "asin",
        "carriercode",
        "code",
        "createdafter",
        "createdbefore",
        "createdsince",
        "createduntil",
        "currencycode",
        "destinationid",
        "details",
        "displayableorderdate",
        "displayableorderid",
        "enddate",
        "endtime",
        "fulfillmentaction",
        "fulfillmentpolicy",
        "granularityid",
        "granularitytype",
        "identifiers",
        "identifierstype",
        "includeddata",
        "issuelocale",
        "lastupdatedafter",
        "lastupdatedbefore",
        "lineitemid",
        "marketplaceid",
        "marketplaceids",
        "maxresultsperpage",
        "message",
        "mode",
        "notificationtype",
        "op",
        "orderid",
        "orderitemid",
        "orderitems",
        "packagereferenceid",
        "pagesize",
        "path",
        "payloadversion",
        "processingstatuses",
        "producttype",
        "reportdocumentid",
        "reportid",
        "reporttype",
        "reporttypes",
        "requirements",
        "sellerfulfillmentorderid",
        "sellerfulfillmentorderitemid",
        "sellerid",
        "sellersku",
        "sellerskus",
        "servicelevel",
        "servicetiers",
        "severity",
        "shipdate",
        "shippingspeedcategories",
        "shippingspeedcategory",
        "sku",
        "sortby",
        "sortorder",
        "startdate",
        "starttime",
        "status",
        "submissionid",
        "subscriptionid",
    }
)
# Attributes of which every value is a code, out of a list that Amazon publishes: kept
# too, also where the attribute is an object that has it as its `value`. An error that
# names the wrong one is worth nothing without it.
_CODES = frozenset(
    {
        "conditiontype",
        "countrycode",
        "currency",
        "dimensionsunit",
        "fulfillmentchannelcode",
        "language",
        "languagetag",
        "marketplace",
        "unit",
        "unitofmeasure",
        "weightunit",
    }
)
_KEPT = _KEPT_IN_OUTLINE | _CODES
# Of them those that hold sentences. Amazon's quote what was sent.
_SENTENCES = frozenset({"details", "message"})
_OUTLINE_DEPTH = 12
_OUTLINE_ITEMS = 20
_OUTLINE_TEXT = 300


def outline_json(value: Any, quoted: Iterable[str] = ()) -> Any:
    """Return decoded JSON with its numbers, and of its texts those of known keys alone.

    Long lists and texts are cut, and what lies too deep is left out: a log shows how a
    body was made, not all that was in it. `quoted` are the values that its sentences
    may quote of another body: they are taken out of these.
    """
    outer = _cut(value, _OUTLINE_DEPTH)
    # First: of a value that was redacted in part the rest would not be found.
    plain = _unquoted(outer, longest_first(quoted), in_sentence=False)
    return _outline(redact_json(plain), within="")


def outline_query(query: Mapping[str, str]) -> Any:
    """Return what `outline_json` does of the names and values of an address.

    There, other than in JSON, `code` and `state` are secrets.
    """
    return outline_json(
        {
            name: REDACTED if plain_key(name) in SECRET_ONLY_IN_FORMS else value
            for name, value in query.items()
        }
    )


def dropped_values(value: Any) -> Iterator[str]:
    """Yield the values that an outline of this decoded JSON leaves out, as texts.

    Numbers are among them where they are about a person, as a postal code may be.
    """
    rest: list[tuple[Any, str, bool]] = [(value, "", False)]
    while rest:
        one, within, in_person = rest.pop()
        if isinstance(one, Mapping):
            for key, inner in one.items():
                plain = plain_key(str(key))
                person = in_person or plain in PERSON_KEYS | PERSONAL_KEYS
                rest.append((inner, _named(plain, within), person))
        elif isinstance(one, list | tuple):
            rest.extend((inner, within, in_person) for inner in one)
        elif isinstance(one, str) and one.strip():
            if within not in (KEPT_IN_PERSON if in_person else _KEPT):
                yield one.strip()
        elif isinstance(one, int | float) and not isinstance(one, bool) and in_person:
            yield str(one)


def _named(plain: str, within: str) -> str:
    """Return what names a text: its key, or the code whose `value` it is."""
    return within if plain == "value" and within in _CODES else plain


def _unquoted(value: Any, quoted: tuple[str, ...], *, in_sentence: bool) -> Any:
    if isinstance(value, Mapping):
        return {
            key: _unquoted(inner, quoted, in_sentence=plain_key(str(key)) in _SENTENCES)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_unquoted(one, quoted, in_sentence=in_sentence) for one in value]
    if in_sentence and isinstance(value, str) and not _MORE.fullmatch(value):
        return redact_sorted(value, quoted)
    return value


def _cut(value: Any, depth: int) -> Any:
    """Return a value without what lies too deep, and its lists and objects cut.

    Before anything is looked for in it: nobody knows how much Amazon answers.
    """
    if not isinstance(value, Mapping | list):
        return value
    if not depth:
        return LEFT_OUT
    if isinstance(value, Mapping):
        shown = list(value.items())[: 2 * _OUTLINE_ITEMS]
        return {key: _cut(inner, depth - 1) for key, inner in shown}
    items = [_cut(inner, depth - 1) for inner in value[:_OUTLINE_ITEMS]]
    rest = len(value) - len(items)
    return [*items, f"[{rest} more]"] if rest else items


def _outline(value: Any, *, within: str) -> Any:
    if isinstance(value, Mapping):
        return {
            redact_text(str(key))[:80]: _outline(
                inner, within=_named(plain_key(str(key)), within)
            )
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_outline(item, within=within) for item in value]
    if not isinstance(value, str) or value == REDACTED or _MORE.fullmatch(value):
        return value
    if within not in _KEPT:
        return LEFT_OUT
    return value if len(value) <= _OUTLINE_TEXT else f"{value[: _OUTLINE_TEXT - 1]}…"
