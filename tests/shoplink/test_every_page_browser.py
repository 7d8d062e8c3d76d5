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
# Each language with each width and theme, and each width with each theme.
SHAPES = {
    "en": ((WIDE, "light"), (NARROW, "dark")),
    "zh-hans": ((NARROW, "light"), (WIDE, "dark")),
}
_OVERFLOW = "document.documentElement.scrollWidth - window.innerWidth"
# As the look's own switch does.
_THEME = "theme => { document.documentElement.className = theme }"
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

    def make(width: int, language: str) -> Page:
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": 900},
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


@pytest.mark.parametrize("language", SHAPES)
def test_no_page_shuts_anybody_out(open_as: Any, rows: Rows, language: str) -> None:
    page = open_as(WIDE, language)
    axe = axe_script()
    found: list[str] = []
    addresses = shown(rows)
    for address in addresses:
        page.goto(address.address)
        page.evaluate(axe)
        for width, theme in SHAPES[language]:
            page.set_viewport_size({"width": width, "height": 900})
            page.evaluate(_THEME, theme)
            shape = f"{address.name} {width} {theme}"
            found += [f"{shape}: {one}" for one in violations(page)]
            if (overflow := int(page.evaluate(_OVERFLOW))) > 0:
                found.append(f"{shape}: runs off by {overflow} px")

    assert len(addresses) > 40
    assert "\n".join(found) == ""


def axe_script() -> str:
    """Return what looks for barriers; here, because most tests never need it."""
    from axe_playwright_python.sync_playwright import Axe

    return str(Axe().axe_script)


def violations(page: Page) -> list[str]:
    """Return what shuts somebody out of the page, each with its first places.

    The script is given to the page once, and only what is wrong is handed over.
    """
    found = page.evaluate(
        "options => axe.run(options).then(answer => answer.violations)", _OPTIONS
    )
    return [f"{one['id']} {_places(one)}" for one in found]


def _places(violation: dict[str, Any]) -> str:
    return ", ".join(
        " ".join(map(str, node["target"])) for node in violation["nodes"][:3]
    )


def test_keys_move_the_focus(open_as: Any, rows: Rows) -> None:
    page = open_as(WIDE, "en")
    page.goto(reverse("amazon-order-list"))
    link = "document.activeElement.closest('[data-row-link]') !== null"

    page.keyboard.press("j")

    assert page.evaluate(link)
    page.keyboard.press("Enter")
    page.wait_for_url("**/orders/*/")
