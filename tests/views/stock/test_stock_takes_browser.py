"""A warehouse is counted by a file and changed by hand, in a real browser."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from channels_amazon.models import StockLevel, StockMovement
from channels_amazon.services.stock.ledger import Movement, apply_movements
from tests import builders
from tests.views.scene import World, make_world, signed_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WIDTHS = [1440, 390]


@pytest.fixture
def world() -> World:
    """Give a store with two warehouses, and ten units of which six are reserved."""
    world = make_world()
    builders.make_warehouse(world.store, name="Hamburg")
    pair = (world.variant.pk, world.warehouse.pk)
    apply_movements(
        [
            Movement(*pair, StockMovement.Reason.COUNT, "first", on_hand=10),
            Movement(*pair, StockMovement.Reason.RESERVED, "held", reserved=6),
        ]
    )
    return world


@pytest.fixture
def open_as(browser: Browser, live_server: LiveServer, world: World) -> Iterator[Any]:
    """Give a way to open a browser of a width, signed in as the store's owner."""
    opened: list[BrowserContext] = []

    def make(width: int) -> Page:
        context = browser.new_context(
            base_url=live_server.url, viewport={"width": width, "height": 900}
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


def look(page: Page, name: str) -> None:
    """See that the page does not scroll sideways; keep a picture if one is wanted."""
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) <= 0
    if folder := os.environ.get("SHOPLINK_PICTURES"):
        width = page.viewport_size["width"]  # type: ignore[index]
        path = Path(folder) / f"{name}-{width}.png"
        page.screenshot(path=path, full_page=True)


def on_hand(world: World) -> dict[str, int]:
    """Return the units by warehouse."""
    rows = StockLevel.objects.filter(variant=world.variant)
    return dict(rows.values_list("warehouse__name", "on_hand"))


@pytest.mark.parametrize("width", WIDTHS)
def test_warehouse_is_counted_by_a_file(open_as: Any, world: World, width: int) -> None:
    page = open_as(width)
    page.goto(reverse("amazon-stock-take-list"))
    look(page, "take-list")
    rows = f"sku;counted\n{world.variant.sku};4\nUNKNOWN-OF-THIS-STORE;1\n"
    page.set_input_files(
        "[name=file]",
        {"name": "c.csv", "mimeType": "text/csv", "buffer": rows.encode()},
    )
    page.get_by_role("button", name="See what it would change").click()
    look(page, "take-preview")
    page.get_by_role("button", name="Save the stock-take").click()
    look(page, "take-asked")
    assert on_hand(world)[world.warehouse.name] == 10

    page.get_by_label("It is so all the same").check()
    page.get_by_role("button", name="Save the stock-take").click()

    page.get_by_text("Stock-take 1 is saved").wait_for()
    look(page, "take-saved")
    assert on_hand(world)[world.warehouse.name] == 4


@pytest.mark.parametrize("width", WIDTHS)
def test_stock_is_adjusted_and_moved_by_hand(
    open_as: Any, world: World, width: int
) -> None:
    page = open_as(width)
    page.goto(reverse("amazon-stock-detail", args=[world.variant.pk]))
    look(page, "stock")
    adjust = page.locator("form[action$='adjust/']")
    adjust.get_by_label("Units more, or fewer").fill("-5")
    adjust.get_by_label("Reason").select_option(label="Damaged")
    adjust.get_by_role("button").click()
    look(page, "stock-asked")
    adjust.get_by_label("It is so all the same").check()
    adjust.get_by_role("button").click()
    page.get_by_text("Adjusted in").wait_for()
    move = page.locator("form[action$='transfer/']")
    move.get_by_label("Into warehouse").select_option(label="Hamburg")
    move.get_by_label("Units", exact=True).fill("2")
    move.get_by_role("button").click()
    move.get_by_label("It is so all the same").check()
    move.get_by_role("button").click()

    page.get_by_text("2 units were moved").wait_for()
    assert on_hand(world) == {world.warehouse.name: 3, "Hamburg": 2}
    page.goto(reverse("amazon-movement-list"))
    look(page, "movements")
