"""The ship form in a real browser: it names what falls below zero before the button."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from channels_amazon.models import Order, Shipment
from tests.builders import make_member, make_user, make_warehouse
from tests.views.shipping.origin_scene import (
    held,
    make_hamburg,
    on_hand,
    origin,
    rename,
    stock,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "a-long-password"


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("width", [1440, 390])
def test_choice_below_zero_is_named_before_it_is_sent(
    browser: Browser, live_server: LiveServer, width: int, language: str
) -> None:
    world = make_hamburg()
    leipzig = rename(make_warehouse(world.store), "Leipzig")
    stock(world.variant, leipzig, 2)
    order = held(world, 2)
    page = _signed_in(browser, live_server, world, width, language)
    troubles: list[str] = []
    page.on("console", lambda said: troubles.append(said.text))
    page.goto(live_server.url + reverse("amazon-order-detail", args=[order.pk]))
    asked = page.locator("[data-below-zero]")

    assert not asked.is_visible()
    _shoot(page, f"{width}-{language}-1")
    page.select_option(f"[name={origin(order)}]", str(world.warehouse.pk))
    assert "Hamburg" in asked.inner_text()
    assert "-2" in asked.inner_text()
    page.fill(f"[name=line_{order.lines.get().pk}]", "1")
    assert "-1" in asked.inner_text()
    _shoot(page, f"{width}-{language}-2")
    asked.locator("input").check()
    page.select_option(f"[name={origin(order)}]", str(leipzig.pk))
    assert not asked.is_visible()
    # What was ticked for one choice is not ticked for the next.
    page.select_option(f"[name={origin(order)}]", str(world.warehouse.pk))
    assert not asked.locator("input").is_checked()
    asked.locator("input").check()
    page.fill("[name=carrier]", "UPS")
    page.fill("[name=tracking_number]", "1Z5R89390357567127")
    page.click("[data-ship-form] button")
    page.wait_for_selector("#packages")
    assert Shipment.objects.get().warehouse == world.warehouse
    assert on_hand(world.variant, world.warehouse)[0] == -1
    _shoot(page, f"{width}-{language}-3")
    assert _overflow(page) <= 0
    assert troubles == []
    page.context.close()


def test_preselected_warehouse_without_the_units_is_named_at_once(
    browser: Browser, live_server: LiveServer
) -> None:
    world = make_hamburg()
    stock(world.variant, world.warehouse, 1)
    order = held(world, 2)
    page = _signed_in(browser, live_server, world, 1440, "en")

    page.goto(live_server.url + reverse("amazon-order-detail", args=[order.pk]))

    assert "Hamburg all the same: it will show -1" in page.inner_text(
        "[data-below-zero]"
    )
    page.fill("[name=carrier]", "UPS")
    page.fill("[name=tracking_number]", "1Z5R89390357567127")
    page.click("[data-ship-form] button")
    # Not ticked: the server asks the same, and keeps what was typed.
    page.wait_for_selector(".errorlist")
    assert page.locator("[data-below-zero]").is_visible()
    assert not Order.objects.get().shipments.exists()
    page.check("[data-below-zero] input")
    page.click("[data-ship-form] button")
    page.wait_for_selector("#packages")
    assert on_hand(world.variant, world.warehouse)[0] == -1
    page.context.close()


def _signed_in(
    browser: Browser, live_server: LiveServer, world: object, width: int, language: str
) -> Page:
    user = make_user(password=PASSWORD)
    make_member(world.store, user=user)  # type: ignore[attr-defined]
    context = browser.new_context(
        viewport={"width": width, "height": 900}, locale=language
    )
    page = context.new_page()
    page.goto(f"{live_server.url}/admin/")
    page.fill("input[name=username]", user.get_username())
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_load_state()
    return page


def _overflow(page: Page) -> int:
    script = "document.documentElement.scrollWidth - window.innerWidth"
    return int(page.evaluate(script))


def _shoot(page: Page, name: str) -> None:
    """Keep a picture where somebody wants to look."""
    if folder := os.environ.get("SHOPLINK_PICTURES"):
        path = str(Path(folder) / f"ship-{name}.png")
        page.screenshot(path=path, full_page=True)
