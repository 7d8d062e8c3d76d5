"""Every page in a real browser: nobody is shut out, and nothing runs off a phone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from tests.shoplink.every_page import Page as Address
from tests.shoplink.every_page import Rows, pages
from tests.views.scene import signed_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WIDE, NARROW = 1440, 390
# What a person opens; the rest is asked for by scripts, or is no page.
_OVERFLOW = "document.documentElement.scrollWidth - window.innerWidth"
# All that axe knows, apart from what is a matter of taste ("experimental").
_OPTIONS = {
    "runOnly": {
        "type": "tag",
        "values": [
            "wcag2a",
            "wcag2aa",
            "wcag21a",
            "wcag21aa",
            "wcag22aa",
            "best-practice",
        ],
    },
    "resultTypes": ["violations"],
}


@pytest.fixture
def rows() -> Rows:
    """Give a row behind each address."""
    return Rows()


def shown(rows: Rows) -> list[Address]:
    """Return the addresses that show a page of ours to who opens them."""
    client = signed_in(rows.user)
    return [page for page in pages(rows) if _is_page(client, page.address)]


def _is_page(client: Client, address: str) -> bool:
    answer: Any = client.get(address)
    return (
        answer.status_code == 200
        and not answer.streaming
        and answer.get("Content-Type", "").startswith("text/html")
        and "Content-Disposition" not in answer
        and b"<body" in answer.content
    )


@pytest.fixture
def open_as(browser: Browser, live_server: LiveServer, rows: Rows) -> Iterator[Any]:
    """Give a way to open a browser of a width, language and theme, signed in."""
    opened: list[BrowserContext] = []

    def make(width: int, language: str, theme: str) -> Page:
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if theme == "dark" else "light",
            reduced_motion="reduce",
        )
        opened.append(context)
        session = signed_in(rows.user).cookies["sessionid"].value
        cookies = {"sessionid": session, "django_language": language}
        context.add_cookies(
            [
                {"name": name, "value": value, "url": live_server.url}
                for name, value in cookies.items()
            ]
        )
        return context.new_page()

    yield make
    for context in opened:
        context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_no_page_shuts_anybody_out(
    open_as: Any, rows: Rows, width: int, language: str, theme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    axe = Axe()
    page = open_as(width, language, theme)
    found: dict[str, list[str]] = {}
    wide: dict[str, int] = {}
    addresses = shown(rows)
    for address in addresses:
        page.goto(address.address, wait_until="load")
        page.wait_for_function("!document.documentElement.hasAttribute('x-cloak')")
        for one in axe.run(page, options=_OPTIONS).response["violations"]:
            where = [" ".join(map(str, node["target"])) for node in one["nodes"]]
            found.setdefault(one["id"], []).append(f"{address.name} {where[:3]}")
        if (overflow := int(page.evaluate(_OVERFLOW))) > 0:
            wide[address.name] = overflow

    assert len(addresses) > 40
    assert found == {}
    assert wide == {}


def test_keys_move_the_focus(open_as: Any, rows: Rows) -> None:
    page = open_as(WIDE, "en", "light")
    page.goto(reverse("amazon-order-list"))
    link = "document.activeElement.closest('[data-row-link]') !== null"

    page.keyboard.press("j")

    assert page.evaluate(link)
    page.keyboard.press("Enter")
    page.wait_for_url("**/orders/*/")
