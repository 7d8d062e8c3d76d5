"""Reads what an address names, the one place that does; forms layer.

Each name that a page reads on its own is declared below, and each filter of a list is a
FilterForm: the suite asks every page with nonsense in every one of them. What makes no
sense reads as if it were not there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, cast

from django.http import HttpRequest, QueryDict

# PostgreSQL takes no NUL, and nothing that is written in UTF-8 half a character.
_UNREADABLE = re.compile("[\x00\ud800-\udfff]")
# An id of ours has 64 bits: every number of 18 digits is one, or none of ours.
_NUMBER = re.compile(r"[0-9]{1,18}\Z", re.ASCII)


def is_readable(text: str) -> bool:
    """Tell whether databases and pages can hold the text."""
    return _UNREADABLE.search(text) is None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A name in an address (or a form); a text longer than `longest` is cut there."""

    name: str
    longest: int = 120

    def of(self, request: HttpRequest) -> str:
        """Return the last value that the address gives, "" for none."""
        return self._read(request.GET)

    def posted(self, request: HttpRequest) -> str:
        """Return the last value that the sent form gives, "" for none."""
        return self._read(request.POST)

    def number(self, request: HttpRequest) -> int | None:
        """Return the id that the address gives, None where it is no number."""
        text = self.of(request)
        return int(text) if _NUMBER.match(text) else None

    def is_named(self, request: HttpRequest) -> bool:
        """Tell whether the address gives a value at all, be it one or none of ours.

        A page of one thing must not show another one in place of what was named.
        """
        return bool(str(request.GET.get(self.name, "")).strip())

    def numbers(self, request: HttpRequest) -> list[int]:
        """Return the ids that the address gives, each once; what is none is left out.

        `longest` bounds each; how many there may be is the page's to say.
        """
        texts = [str(text)[: self.longest] for text in request.GET.getlist(self.name)]
        found = (int(text) for text in texts if _NUMBER.match(text))
        return list(dict.fromkeys(found))

    def is_given(self, request: HttpRequest) -> bool:
        """Tell whether the address holds the name at all."""
        return self.name in request.GET

    def _read(self, given: QueryDict) -> str:
        text = str(given.get(self.name, ""))[: self.longest]
        return text if is_readable(text) else ""


# Where a list goes on: an id, and the text or time that it is sorted by.
AFTER = Parameter("after", 700)
# The numbers that a person saw when they decided.
SEEN = Parameter("seen", 40)
# What is searched for over everything; a list's own search is a field of its filter.
Q = Parameter("q")
LOOKS_SEARCH = Parameter("s")
STORE = Parameter("store")
ACCOUNT = Parameter("account")
REGION = Parameter("region")
SHOW = Parameter("show")
# That another store is to be made.
NEW = Parameter("new")
# Which log, which span of time, why messages are in quarantine.
TAB = Parameter("tab")
SPAN = Parameter("span")
# The form of a file to save.
FORMAT = Parameter("format", 8)
REASON = Parameter("reason")
# Which of an account's runs is told of.
RUN = Parameter("run")
# The orders that were ticked in the list.
ORDER = Parameter("order")
# A search by name, by the word under which the session keeps it.
NAMED = Parameter("named")
# For which currency a rate is entered.
CURRENCY = Parameter("currency", 3)
# In which time zone the previewed file was read.
ZONE = Parameter("zone", 64)
# What a ship template is begun with.
CARRIER = Parameter("carrier", 80)
METHOD = Parameter("method", 80)
# What Amazon's redirects bring: states and codes are long, and are compared whole.
STATE = Parameter("state", 4000)
OAUTH_CODE = Parameter("spapi_oauth_code", 4000)
SELLING_PARTNER_ID = Parameter("selling_partner_id", 40)
ERROR = Parameter("error", 80)
AMAZON_CALLBACK_URI = Parameter("amazon_callback_uri", 2000)
AMAZON_STATE = Parameter("amazon_state", 2000)


def declared() -> list[Parameter]:
    """Return every name that pages read on their own."""
    return [value for value in globals().values() if isinstance(value, Parameter)]


def filter_data(request: HttpRequest, *names: str) -> QueryDict:
    """Return what the address holds for the fields of a FilterForm.

    With `names`, for these alone.
    """
    if not names:
        return request.GET
    kept = QueryDict(mutable=True)
    for name in names:
        if name in request.GET:
            kept.setlist(name, request.GET.getlist(name))
    return kept


def without(request: HttpRequest, *names: str, **others: str) -> str:
    """Return the address's query without `names`, and with `others` in their place."""
    query = request.GET.copy()
    for name in names:
        query.pop(name, None)
    for name, value in others.items():
        query[name] = value
    return query.urlencode()


def replace_unreadable(request: HttpRequest) -> None:
    """Put the replacement character for what no database can look for in the address.

    A value taken away would leave a list without its filter; one with that character in
    it is found nowhere, and is no choice and no number. Names that are such go.
    """
    if all(
        is_readable(text)
        for name, values in request.GET.lists()
        for text in (name, *map(str, values))
    ):
        return
    kept = request.GET.copy()
    for name, values in request.GET.lists():
        del kept[name]
        if is_readable(name):
            kept.setlist(name, [_UNREADABLE.sub("\ufffd", str(one)) for one in values])
    # Nothing changes it from here on.
    request.GET = cast(Any, kept)
