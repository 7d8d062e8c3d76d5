"""The forms of the catalogue fit a narrow screen, whatever the names in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from channels_amazon.models import StoreMember
from tests import builders
from tests.views.scene import World, make_world, signed_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# What reaches beyond the window, but for what scrolls by itself inside of it.
TOO_WIDE = """() => {
  const scrolls = (element) => {
    for (let at = element.parentElement; at; at = at.parentElement) {
      if (getComputedStyle(at).overflowX !== "visible") return true;
    }
    return false;
  };
  if (document.documentElement.scrollWidth <= window.innerWidth) return [];
  return [...document.querySelectorAll("body *")]
    .filter((one) => one.getBoundingClientRect().right > window.innerWidth + 1)
    .filter((one) => !scrolls(one))
    .map((one) => `${one.tagName}.${one.className} ${one.id}`);
}"""


@pytest.fixture
def world(transactional_db: None) -> World:
    """Give a store whose names are as long as they may be."""
    world = make_world()
    product = world.variant.product
    product.title = " ".join(["Teapot of blue stoneware with a lid"] * 8)
    product.save()
    world.variant.sku = "SKU-" + "X" * 70
    world.variant.save()
    world.variant.translations.create(
        language="de", title="T" * 200, url="https://shop.example/" + "x" * 200
    )
    StoreMember.objects.filter(store=world.store).update(role="owner")
    return world


@pytest.mark.parametrize("page", ["variant", "product", "category"])
@pytest.mark.parametrize("action", ["change", "add"])
def test_form_fits_a_narrow_screen(
    browser: Browser, live_server: LiveServer, world: World, page: str, action: str
) -> None:
    rows = {
        "variant": world.variant.pk,
        "product": world.variant.product_id,
        "category": world.store.categories.create(name="N" * 100, path="P" * 300).pk,
    }
    admin = builders.make_user(is_superuser=True, is_staff=True)
    context = browser.new_context(
        base_url=live_server.url, viewport={"width": 390, "height": 844}
    )
    session = signed_in(admin).cookies["sessionid"].value
    context.add_cookies(
        [{"name": "sessionid", "value": session, "url": live_server.url}]
    )
    opened = context.new_page()
    parts = [rows[page]] if action == "change" else []

    opened.goto(reverse(f"admin:channels_amazon_{page}_{action}", args=parts))
    opened.wait_for_load_state("networkidle")

    assert opened.evaluate(TOO_WIDE) == []
    context.close()
