"""Browsers in Shanghai and Los Angeles: times are theirs from the first page."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from channels_amazon.models import Order, Shipment, UserSettings
from tests.views.scene import make_world, signed_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "a-long-password"
# What a clock on the wall there shows, as a person types it.
TYPED = "%Y-%m-%dT%H:%M"


@pytest.mark.parametrize(
    ("zone", "width"), [("Asia/Shanghai", 1440), ("America/Los_Angeles", 390)]
)
def test_person_types_what_their_clock_shows(
    browser: Browser, live_server: LiveServer, zone: str, width: int
) -> None:
    world = make_world()
    Order.objects.update(ordered_at=timezone.now() - timedelta(days=1))
    context = browser.new_context(
        base_url=live_server.url,
        timezone_id=zone,
        locale="en",
        viewport={"width": width, "height": 900},
    )
    page = context.new_page()
    troubles: list[str] = []
    page.on("console", lambda said: troubles.append(said.text))
    page.goto(reverse("amazon-order-detail", args=[world.order.pk]))
    page.fill("input[name=username]", world.owner.get_username())
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_selector("[name=shipped_at]")

    now = timezone.now()
    here = now.astimezone(ZoneInfo(zone))
    proposed = page.input_value("[name=shipped_at]")
    assert proposed in {f"{here - timedelta(minutes=by):{TYPED}}" for by in (0, 1)}
    assert f"Time in {zone.replace('_', ' ')}" in page.inner_text(".sl-page")
    _shoot(page, f"ship-{width}")
    page.fill("[name=shipped_at]", f"{here:{TYPED}}")
    page.fill("[name=carrier]", "UPS")
    page.fill("[name=tracking_number]", "1Z5R89390357567127")
    page.click("[data-ship-form] button")
    page.wait_for_selector("#packages")

    kept = Shipment.objects.get().shipped_at
    assert now - timedelta(minutes=1) < kept <= timezone.now()
    said = page.get_attribute("td[data-label=Shipped] time", "title") or ""
    assert said.startswith(f"{kept.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S} UTC")
    assert said.endswith(f"{kept:%Y-%m-%d %H:%M:%S} UTC")
    page.goto(reverse("amazon-user-settings"))
    assert f"it is in {zone.replace('_', ' ')}." in page.inner_text(".sl-page")
    _shoot(page, f"settings-{width}")
    page.goto(reverse("amazon-log-list"))
    _shoot(page, f"logs-{width}")
    script = "document.documentElement.scrollWidth - window.innerWidth"
    assert page.evaluate(script) <= 0
    assert troubles == []
    context.close()


@pytest.mark.parametrize("chosen", ["", "Asia/Shanghai"])
def test_first_page_after_a_journey_is_by_the_clocks_of_here(
    browser: Browser, live_server: LiveServer, chosen: str
) -> None:
    world = make_world()
    if chosen:
        UserSettings.objects.create(user_id=world.owner.pk, time_zone=chosen)
    context = browser.new_context(
        base_url=live_server.url, timezone_id="America/Los_Angeles", locale="en"
    )
    kept = {"sessionid": signed_in(world.owner).cookies["sessionid"].value}
    kept["shoplink_time_zone"] = "Asia/Shanghai"
    context.add_cookies(
        [
            {"name": name, "value": value, "url": live_server.url}
            for name, value in kept.items()
        ]
    )
    page = context.new_page()
    asked: list[str] = []
    address = reverse("amazon-order-detail", args=[world.order.pk])
    page.on(
        "response",
        lambda response: (
            asked.append(response.url) if response.url.endswith(address) else None
        ),
    )

    page.goto(address)
    here = "Asia/Shanghai" if chosen else "America/Los Angeles"
    page.wait_for_function(
        f"document.querySelector('.sl-page')?.innerText.includes('Time in {here}')"
    )

    assert len(asked) == (1 if chosen else 2)
    page.reload()
    assert f"Time in {here}" in page.inner_text(".sl-page")
    assert len(asked) == (2 if chosen else 3)
    context.close()


def _shoot(page: Page, name: str) -> None:
    """Keep a picture where somebody wants to look."""
    if folder := os.environ.get("SHOPLINK_PICTURES"):
        path = str(Path(folder) / f"zone-{name}.png")
        page.screenshot(path=path, full_page=True)
