"""Rows are chosen by hand and by keys, and shipped, in a real browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from channels_amazon.models import Order, Shipment
from tests import builders
from tests.views.scene import World, signed_in
from tests.views.shipping.origin_scene import held, make_hamburg, stock

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LIST = "amazon-order-list"


@pytest.fixture
def world() -> World:
    """Give a store with two orders to ship and one that left."""
    world = make_hamburg()
    stock(world.variant, world.warehouse, 4)
    for _ in range(2):
        held(world, 2)
    builders.make_order(world.account, status=Order.Status.SHIPPED)
    return world


@pytest.fixture
def open_as(browser: Browser, live_server: LiveServer, world: World) -> Iterator[Any]:
    """Give a way to open a browser of a width, signed in as the store's owner."""
    opened: list[BrowserContext] = []

    def make(width: int, **options: Any) -> Page:
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": 900},
            **options,
        )
        opened.append(context)
        session = signed_in(world.owner).cookies["sessionid"].value
        context.add_cookies(
            [{"name": "sessionid", "value": session, "url": live_server.url}]
        )
        return context.new_page()

    yield make
    for context in opened:
        context.close()


@pytest.mark.parametrize("width", [1440, 390])
def test_chosen_orders_are_shipped_and_nobody_is_shut_out(
    open_as: Any, world: World, width: int
) -> None:
    page = open_as(width)
    troubles: list[str] = []
    page.on("console", lambda said: troubles.append(said.text))
    page.goto(reverse(LIST))
    assert page.locator("[data-select]").count() == 2
    page.check("[data-select-all] input")
    assert page.locator("[data-select]:checked").count() == 2
    page.locator("[data-select]").first.uncheck()
    assert not page.locator("[data-select-all] input").is_checked()
    page.locator("[data-select]").first.check()
    _look(page, f"list-{width}")

    page.click("#sl-selection button")
    page.wait_for_selector("#chosen")
    _look(page, f"chosen-{width}")
    page.fill("[name=carrier]", "UPS")
    for place, field in enumerate(page.locator("[name$=-tracking_number]").all()):
        field.fill(f"1Z{place:016d}")
    # A scanner ends a number by Enter: that never sends anything to Amazon.
    page.locator("[name$=-tracking_number]").last.press("Enter")
    page.wait_for_selector("[name=confirm]")
    assert not Shipment.objects.exists()
    _look(page, f"plan-{width}")
    page.click("[name=confirm]")
    page.wait_for_url("**/orders/?show=ship")

    assert Shipment.objects.count() == 2
    assert troubles == []


def test_keys_go_on_from_a_box(open_as: Any) -> None:
    page = open_as(1440)
    page.goto(reverse(LIST))
    box = "document.activeElement.matches('[data-select]')"
    link = "document.activeElement.closest('tr').rowIndex"

    page.keyboard.press("j")
    page.keyboard.press("j")
    second = page.evaluate(link)
    page.keyboard.press("x")
    row = page.locator("tbody tr").nth(second - 1)
    assert row.locator("[data-select]").is_checked() or second == 1
    page.locator("[data-select]").first.focus()
    assert page.evaluate(box)
    chosen_row = page.evaluate(link)
    page.keyboard.press("j")
    assert page.evaluate(link) == chosen_row + 1
    page.keyboard.press("k")
    assert page.evaluate(link) == chosen_row
    page.locator("[data-select]").first.focus()
    page.keyboard.press("Enter")

    page.wait_for_url("**/orders/*/")
    assert "orders/ship" not in page.url


def test_boxes_stay_ticked_while_the_list_keeps_itself_fresh(
    open_as: Any, world: World
) -> None:
    page = open_as(1440)
    page.goto(reverse(LIST))
    page.locator("[data-select]").first.check()
    page.evaluate("document.activeElement.blur()")
    builders.make_order(world.account)

    page.wait_for_timeout(4000)

    assert page.locator("[data-select]:checked").count() == 1
    page.locator("[data-select]:checked").uncheck()
    page.evaluate("document.activeElement.blur()")
    page.wait_for_function("document.querySelectorAll('[data-select]').length === 3")
    assert page.locator("[data-select-all]").is_visible()


def _look(page: Page, name: str) -> None:
    """Find what shuts somebody out or runs off, and keep a picture where wanted."""
    from axe_playwright_python.sync_playwright import Axe

    violations = Axe().run(page).response["violations"]
    assert [one["id"] for one in violations] == []
    overflow = "document.documentElement.scrollWidth - window.innerWidth"
    assert int(page.evaluate(overflow)) <= 0
    if folder := os.environ.get("SHOPLINK_PICTURES"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)
