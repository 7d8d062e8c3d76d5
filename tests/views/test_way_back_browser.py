"""What was typed stands in the form again, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from channels_amazon.models import (
    McfRule,
    Order,
    OrderLine,
    Product,
    ReturnedUnits,
    Shipment,
)
from tests.builders import make_member, make_order, make_user
from tests.views.scene import World, make_world

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "a-long-password"
NOTE = ".sl-typed-again"


@pytest.fixture
def world() -> World:
    """Give a store with rows and its owner."""
    return make_world()


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """Give a tab of a browser that nobody used."""
    context = browser.new_context(base_url=live_server.url)
    yield context.new_page()
    context.close()


def sign_in(page: Page, user: Any) -> None:
    """Sign in where the sign-in page is shown."""
    page.fill("input[name=username]", user.get_username())
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda address: "/login/" not in address)


def open_rule(page: Page, world: World) -> None:
    """Open a rule's form and type another name and another state."""
    page.goto(reverse("amazon-fba-rule-edit", args=[world.rule.pk]))
    if "/login/" in page.url:
        sign_in(page, world.owner)
    page.fill("input[name=name]", "Typed with care")


def send(page: Page) -> None:
    """Send the form of the page."""
    page.click("form:has(input[name=name]) button.sl-button-main")


def test_typed_form_survives_an_ended_session(page: Page, world: World) -> None:
    open_rule(page, world)
    Session.objects.all().delete()

    send(page)
    page.wait_for_url("**/login/**")
    sign_in(page, world.owner)

    assert page.input_value("input[name=name]") == "Typed with care"
    assert "was not saved" in page.inner_text(NOTE)
    send(page)
    page.wait_for_url(f"**{reverse('amazon-fba-rule-list')}**")
    assert McfRule.objects.get(pk=world.rule.pk).name == "Typed with care"


def test_typed_form_survives_an_old_csrf_token(page: Page, world: World) -> None:
    open_rule(page, world)
    # As after a sign-in in another tab.
    page.context.clear_cookies(name="csrftoken")
    other = {"name": "csrftoken", "value": "a" * 32, "url": page.url}
    page.context.add_cookies([other])  # type: ignore[list-item]

    send(page)
    page.click("text=Back to the form")

    assert page.input_value("input[name=name]") == "Typed with care"
    send(page)
    page.wait_for_url(f"**{reverse('amazon-fba-rule-list')}**")
    assert McfRule.objects.get(pk=world.rule.pk).name == "Typed with care"


def test_form_of_the_admin_survives_too(page: Page) -> None:
    user = make_user(is_superuser=True, is_staff=True, password=PASSWORD)
    store = make_member(user=user).store
    page.goto(reverse("admin:channels_amazon_product_add"))
    sign_in(page, user)
    page.select_option("select[name=store]", str(store.pk))
    page.fill("input[name=title]", "Oolong")
    Session.objects.all().delete()

    page.click("[name=_save]")
    page.wait_for_url("**/login/**")
    sign_in(page, user)

    assert page.input_value("input[name=title]") == "Oolong"
    assert page.input_value("select[name=store]") == str(store.pk)
    assert not Product.objects.filter(title="Oolong").exists()


def test_another_reader_finds_nothing_of_it(page: Page, world: World) -> None:
    open_rule(page, world)
    other = make_member(world.store, role="owner").user
    Session.objects.all().delete()

    send(page)
    page.wait_for_url("**/login/**")
    sign_in(page, other)

    assert page.input_value("input[name=name]") == world.rule.name
    assert page.locator(NOTE).count() == 0
    assert page.evaluate("sessionStorage.length") == 0


def test_taken_form_is_forgotten(page: Page, world: World) -> None:
    open_rule(page, world)

    send(page)
    page.wait_for_url(f"**{reverse('amazon-fba-rule-list')}**")

    assert page.evaluate("sessionStorage.length") == 0
    page.goto(reverse("amazon-fba-rule-edit", args=[world.rule.pk]))
    assert page.locator(NOTE).count() == 0


def test_passwords_and_secrets_are_never_kept(page: Page, world: World) -> None:
    page.goto(reverse("amazon-connect-private"))
    sign_in(page, world.owner)
    page.fill("input[name=seller_id]", "A1B2C3D4E5F6")
    page.fill("input[name=refresh_token]", "Atzr|canary-of-the-token")
    Session.objects.all().delete()

    page.click("form:has(input[name=seller_id]) button.sl-button-main")
    page.wait_for_url("**/login/**")
    kept = page.evaluate("sessionStorage.getItem('shoplink-form')")
    sign_in(page, world.owner)

    assert "A1B2C3D4E5F6" in kept
    assert "canary" not in kept
    assert PASSWORD not in kept
    assert page.input_value("input[name=seller_id]") == "A1B2C3D4E5F6"
    assert page.input_value("input[name=refresh_token]") == ""


def make_sold(world: World) -> Order:
    """Make an order of three units of the store's variant."""
    return make_order(world.account, lines=({"variant": world.variant, "quantity": 3},))


def open_signed_in(page: Page, world: World, address: str) -> None:
    """Open the address, signing in on the way."""
    page.goto(address)
    sign_in(page, world.owner)
    page.goto(address)


def type_package(page: Page) -> None:
    """Type a package of one unit into the ship form."""
    page.fill("[name=carrier]", "UPS")
    page.fill("[name=tracking_number]", "1Z5R89390357567127")
    page.fill("[data-ship-form] [name^=line_]", "1")


def submit(page: Page, form: str) -> None:
    """Send that form of the page and wait for what follows."""
    with page.expect_navigation():
        page.eval_on_selector(form, "form => form.requestSubmit()")


def test_package_sent_in_another_tab_is_not_offered_again(
    page: Page, world: World
) -> None:
    address = reverse("amazon-order-detail", args=[make_sold(world).pk])
    form = "form[action$='/ship/']"
    open_signed_in(page, world, address)
    Session.objects.all().delete()
    type_package(page)
    submit(page, form)
    page.wait_for_url("**/login/**")

    other = page.context.new_page()
    open_signed_in(other, world, address)
    type_package(other)
    submit(other, form)

    assert Shipment.objects.count() == 1
    assert other.locator(NOTE).all_inner_texts() == []


def test_return_booked_in_another_tab_is_not_offered_again(
    page: Page, world: World
) -> None:
    order = make_sold(world)
    OrderLine.objects.filter(order=order).update(quantity_shipped=3)
    address = reverse("amazon-order-detail", args=[order.pk])
    form = "form[action$='/return/']"
    open_signed_in(page, world, address)
    Session.objects.all().delete()
    submit(page, form)
    page.wait_for_url("**/login/**")

    other = page.context.new_page()
    open_signed_in(other, world, address)
    submit(other, form)

    assert ReturnedUnits.objects.count() == 1
    assert other.locator(NOTE).all_inner_texts() == []
