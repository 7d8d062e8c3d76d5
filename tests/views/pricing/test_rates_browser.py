"""The page of exchange rates on a phone, by a person who enters and removes a rate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from channels_amazon.models import ManualRate
from tests.services.pricing.scene import make_euro_rates, make_manual_rate, sell_in
from tests.views.scene import World, make_world, signed_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

_OVERFLOW = "document.documentElement.scrollWidth - window.innerWidth"


@pytest.fixture
def world() -> World:
    """Give a store that needs rates of each kind: the bank's, by hand, none."""
    world = make_world()
    sell_in(world.account, "GBP", "JPY", "AED", "EGP")
    make_euro_rates(days_ago=1)
    make_manual_rate(world.store, reason="Pegged to the dollar since " + "1997 " * 20)
    return world


@pytest.fixture(params=["en", "zh-hans"])
def phone(
    request: pytest.FixtureRequest,
    browser: Browser,
    live_server: LiveServer,
    world: World,
) -> Iterator[Page]:
    """Give a narrow tab in which the store's owner is signed in."""
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": 390, "height": 900}
    )
    session = signed_in(world.owner).cookies["sessionid"].value
    cookies = {"sessionid": session, "django_language": request.param}
    context.add_cookies(
        [
            {"name": name, "value": value, "url": live_server.url}
            for name, value in cookies.items()
        ]
    )
    yield context.new_page()
    context.close()


def test_rate_is_entered_and_removed_on_a_phone(phone: Page) -> None:
    phone.goto(reverse("amazon-exchange-rates") + "?currency=EGP")
    assert phone.evaluate(_OVERFLOW) <= 0
    phone.fill("input[name=value]", "0.8")
    phone.select_option("select[name=currency]", "JPY")
    phone.fill("#id_reason", "By contract")
    phone.click("form:has(input[name=value]) button")
    # Far from the bank's: it is asked whether it is meant.
    phone.check("input[name=is_meant]")
    assert phone.evaluate(_OVERFLOW) <= 0
    phone.click("form:has(input[name=value]) button")
    phone.wait_for_load_state()
    row = ManualRate.objects.in_force().get(quote="JPY")

    removing = phone.locator(f"form[action$='/manual/{row.pk}/remove/']")
    phone.locator("details").filter(has=removing).locator("summary").click()
    assert phone.evaluate(_OVERFLOW) <= 0
    removing.locator("input[name=reason]").fill("Over")
    removing.locator("button").click()
    phone.wait_for_load_state()
    assert not ManualRate.objects.in_force().filter(quote="JPY").exists()
