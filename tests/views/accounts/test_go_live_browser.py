"""Going live as a person does, on a phone: look, open, press, go back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from channels_amazon.models import AmazonAccount, AuditEntry, SyncJob
from channels_amazon.services.stock import ledger
from tests import builders
from tests.views.scene import World, make_world, signed_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

_OVERFLOW = "document.documentElement.scrollWidth - window.innerWidth"


@pytest.fixture
def world() -> World:
    """Give an account that is not live, with long SKUs and titles to send."""
    world = make_world()
    world.account.live_at = None
    world.account.save()
    builders.make_job(
        world.account, kind=SyncJob.Kind.LISTINGS, first_done_at=timezone.now()
    )
    for number in range(60):
        variant = builders.make_variant(world.store, sku=f"{'LONG-SKU-' * 4}{number}")
        builders.make_listing(
            world.account,
            variant=variant,
            title="A lamp of a very long name " * 4,
            observed_quantity=number,
            observed_at=timezone.now(),
        )
        key = f"count {number}"
        ledger.set_on_hand(variant, world.warehouse, 70_000, actor="", key=key)
    return world


@pytest.fixture
def page(browser: Browser, live_server: LiveServer, world: World) -> Iterator[Page]:
    """Give a phone's page in which the owner is signed in."""
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": 390, "height": 844}
    )
    session = signed_in(world.owner).cookies["sessionid"].value
    context.add_cookies(
        [{"name": "sessionid", "value": session, "url": live_server.url}]
    )
    yield context.new_page()
    context.close()


def test_owner_goes_live_on_a_phone_and_back_does_no_harm(
    page: Page, world: World
) -> None:
    address = reverse("amazon-go-live", args=[world.account.pk])
    page.goto(reverse("amazon-account-list"))
    page.get_by_role("link", name="Go live", exact=True).first.click()
    expect(page.get_by_text("60 quantities of")).to_be_visible()
    assert int(page.evaluate(_OVERFLOW)) <= 0
    page.get_by_role("link", name="Next page").click()
    assert int(page.evaluate(_OVERFLOW)) <= 0
    page.goto(address)
    button = page.get_by_role("button", name="Go live", exact=True)
    expect(button).to_be_hidden()
    page.get_by_text("Go live…").click()
    button.dblclick()
    expect(page.get_by_text("is live, and nothing is sent now.")).to_be_visible()
    assert int(page.evaluate(_OVERFLOW)) <= 0

    page.go_back()
    page.go_forward()

    expect(page.get_by_text("is live, and nothing is sent now.")).to_be_visible()
    assert AmazonAccount.objects.get(pk=world.account.pk).is_live
    assert AuditEntry.objects.filter(code="account.live").count() == 1
