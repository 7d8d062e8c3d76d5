"""No page fails by what its address names, whatever that is."""

from __future__ import annotations

import time
from collections.abc import Iterable
from itertools import cycle
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.shoplink.every_page import Page, Rows, lookups, names, pages
from tests.views.scene import signed_in

pytestmark = pytest.mark.django_db

# Seconds of the processor for one page: a pattern or a search that explodes takes more,
# a machine with much else to do does not.
MOST_SECONDS = 3.0
NASTY = (
    "\x00",
    "a\x00b",
    "1~\x00",
    "\ud800",
    "0",
    "-1",
    "1" * 18,
    "9" * 19,
    "9" * 5000,
    "٣",
    "²",
    "1e400",
    "NaN",
    "a" * 10_000,
    "a " * 4000,
    '"' * 501,
    "\\" * 501 + "%_",
    "(" * 300,
    "0001-01-01T00:00",
    "9999-12-31T23:59",
    "1~0001-01-01T00:00:00+14:00",
    "1~9999-12-31T23:59:59.999999-14:00",
    "2026-11-29T99:99",
    "0~",
    "~",
    "1.1.1.1.-1.99999999999999999999",
    "../../etc/passwd",
    "//evil.example/",
    "\r\nSet-Cookie: a=b",
    "True,False,,",
    "\u202e\ufeff\u200b",
)
LISTS = ("-list", "-board", "-export")
# Of a thousand requests each tells something another one does not: the rest repeats.
EXAMPLES = 100


@pytest.fixture
def rows() -> Rows:
    """Give a row behind each address."""
    return Rows()


@pytest.fixture
def client(rows: Rows) -> Client:
    """Give a client in which one who may open everything is signed in."""
    return signed_in(rows.user)


def encoded(pairs: Iterable[tuple[str, str]]) -> str:
    """Return a query that holds what no query of a browser would, byte by byte."""

    def percent(text: str) -> str:
        return "".join(f"%{one:02X}" for one in text.encode("utf-8", "surrogatepass"))

    return "&".join(f"{percent(name)}={percent(value)}" for name, value in pairs)


def ask(client: Client, address: str, query: str = "", **headers: str) -> int:
    """Ask for a page and return its status; raises what the page raised."""
    begun = time.thread_time()
    response: Any = client.get(address, QUERY_STRING=query, headers=headers)
    if response.streaming:
        response.getvalue()
    took = time.thread_time() - begun
    assert took < MOST_SECONDS, f"{address}?{query[:200]} took {took:.1f} s"
    return int(response.status_code)


def fails(client: Client, page: Page, query: str) -> str:
    """Return what is wrong with the page's answer, "" for nothing."""
    try:
        status = ask(client, page.address, query)
    except Exception as error:  # noqa: BLE001 - each page's fault is told, not the first
        return f"{page.name}?{query[:120]}: {type(error).__name__}: {str(error)[:120]}"
    return f"{page.name}?{query[:120]}: {status}" if status >= 500 else ""


def test_every_page_opens_by_itself(client: Client, rows: Rows) -> None:
    found = {page.name: ask(client, page.address) for page in pages(rows)}

    assert len(found) > 100
    assert {name for name, status in found.items() if status >= 500} == set()
    # What is asked in vain proves nothing: most of them show their rows.
    assert sum(status == 200 for status in found.values()) > len(found) / 2


def test_every_page_takes_nonsense_in_every_name(client: Client, rows: Rows) -> None:
    known = names()
    wrong = [
        fails(client, page, encoded((name, nasty) for name in known))
        for page, nasty in zip(pages(rows), cycle(NASTY), strict=False)
    ]

    assert [one for one in wrong if one] == []


def test_lists_take_all_nonsense(client: Client, rows: Rows) -> None:
    known = names()
    lists = [page for page in pages(rows) if page.name.endswith(LISTS)]
    # Each list a third of the nonsense, each nonsense a third of the lists.
    wrong = [
        fails(client, page, encoded((name, nasty) for name in known))
        for number, nasty in enumerate(NASTY)
        for page in lists[number % 3 :: 3]
    ]

    assert len(lists) > 10
    assert [one for one in wrong if one] == []


def test_admin_lists_take_nonsense_in_every_filter(client: Client, rows: Rows) -> None:
    lists = [page for page in pages(rows) if page.name.endswith("_changelist")]
    nasty = cycle(NASTY)
    # One name at a time: the first one that makes no sense ends the others.
    wrong = [
        fails(client, page, encoded([(name, next(nasty))]))
        for page in lists
        for name in (*lookups(page), "q", "q", "q", "o", "p")
    ]

    assert [one for one in wrong if one] == []


def test_search_of_the_admin_takes_thousands_of_words(
    client: Client, rows: Rows
) -> None:
    lists = [page for page in pages(rows) if page.name.endswith("_changelist")]
    wrong = [fails(client, page, encoded([("q", "a " * 4000)])) for page in lists]

    assert [one for one in wrong if one] == []


def test_any_page_takes_any_text_in_any_names(client: Client, rows: Rows) -> None:
    every = pages(rows)
    text = st.one_of(st.sampled_from(NASTY), st.text(max_size=60))
    name = st.sampled_from(names())
    pairs = st.lists(st.tuples(name, text), min_size=1, max_size=6)

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(page=st.sampled_from(every), pairs=pairs)
    def holds(page: Page, pairs: list[tuple[str, str]]) -> None:
        assert fails(client, page, encoded(pairs)) == ""

    holds()


def test_every_part_of_an_address_takes_nonsense(client: Client, rows: Rows) -> None:
    wrong = []
    for page in pages(rows):
        for part in page.parts:
            for nasty in ("\x00", "0", "9" * 19, "9" * 5000, "٣", "_00", "a" * 3000):
                address = part.with_value(nasty)
                status = ask(client, address)
                if status >= 500:
                    wrong.append(f"{address[:120]}: {status}")

    assert wrong == []


@pytest.mark.parametrize(
    "name", ["sessionid", "csrftoken", "messages", "django_language"]
)
def test_cookie_with_a_nul_is_nobodys(client: Client, name: str) -> None:
    # Quoted, a cookie may hold any character; no server refuses that.
    quoted = '"\\000\\000aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"'

    assert ask(Client(), "/admin/amazon/", cookie=f"{name}={quoted}") == 302


def test_host_of_eight_thousand_characters_is_refused_at_once(client: Client) -> None:
    assert ask(client, "/admin/amazon/", host="a" * 8000) == 400
