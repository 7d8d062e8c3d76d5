"""Side bar and search in a real browser: folded, remembered, in view, by keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from tests import builders
from tests.views.scene import World, make_world, signed_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

STOCK = "[data-group=stock]"
BUTTON = f"{STOCK} button"
ENTRIES = f"{STOCK} ol"
DIALOG = "#sl-search"
# Whether an element can be seen within its bar.
IN_VIEW = """link => {
  const bar = document.getElementById("nav-sidebar-apps").getBoundingClientRect();
  const box = link.getBoundingClientRect();
  return box.height > 0 && box.top >= bar.top - 1 && box.bottom <= bar.bottom + 1;
}"""
OPEN_PAGE = "#nav-sidebar-apps [aria-current]"


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


@pytest.fixture
def open_page(browser: Browser, live_server: LiveServer, world: World) -> Iterator[Any]:
    """Give a way to open a page as the store's owner, in one and the same browser."""
    context = browser.new_context(base_url=live_server.url, reduced_motion="reduce")
    session = signed_in(world.owner).cookies["sessionid"].value
    context.add_cookies(
        [{"name": "sessionid", "value": session, "url": live_server.url}]
    )

    def open_it(address: str, width: int = 1440, height: int = 900) -> Page:
        page = context.new_page()
        page.set_viewport_size({"width": width, "height": height})
        page.goto(address)
        return page

    yield open_it
    context.close()


def test_folded_group_stays_folded_on_the_next_page(open_page: Any) -> None:
    page = open_page(reverse("amazon-order-list"))
    assert page.locator(ENTRIES).is_visible()

    page.locator(BUTTON).focus()
    page.keyboard.press("Enter")

    assert page.get_attribute(BUTTON, "aria-expanded") == "false"
    assert page.locator(ENTRIES).is_hidden()
    page.goto(reverse("amazon-parcel-list"))
    assert page.get_attribute(BUTTON, "aria-expanded") == "false"
    assert page.locator(ENTRIES).is_hidden()
    # Where the reader is, is open all the same.
    page.goto(reverse("amazon-stock-list"))
    assert page.locator(ENTRIES).is_visible()
    page.goto(reverse("amazon-parcel-list"))
    page.keyboard.press("Tab")
    page.locator(BUTTON).press("Space")
    assert page.locator(ENTRIES).is_visible()
    page.reload()
    assert page.get_attribute(BUTTON, "aria-expanded") == "true"


def test_folded_group_shows_what_waits_in_it(open_page: Any, world: World) -> None:
    builders.make_order(world.account, has_unmatched=True)
    page = open_page(reverse("amazon-stock-list"))
    button = page.locator("[data-group=orders] button")
    assert page.locator("#sl-orders").is_hidden()

    button.click()

    # Two are to ship, and one of them to match.
    assert page.locator("#sl-orders").is_visible()
    assert page.locator("#sl-orders").inner_text() == "3"
    button.click()
    assert page.locator("#sl-orders").is_hidden()


def test_folding_outlives_a_browser_that_kept_nonsense(open_page: Any) -> None:
    page = open_page(reverse("amazon-order-list"))
    page.evaluate("localStorage.setItem('shoplink-folded', '{\"a\": 1}')")
    page.reload()

    assert page.locator(ENTRIES).is_visible()
    page.click(BUTTON)
    page.reload()
    assert page.locator(ENTRIES).is_hidden()


def test_without_a_script_all_groups_are_open_and_the_search_is_a_page(
    browser: Browser, live_server: LiveServer, world: World
) -> None:
    context = browser.new_context(
        base_url=live_server.url,
        java_script_enabled=False,
        viewport={"width": 1440, "height": 1600},
    )
    session = signed_in(world.owner).cookies["sessionid"].value
    context.add_cookies(
        [{"name": "sessionid", "value": session, "url": live_server.url}]
    )
    page = context.new_page()
    page.goto(reverse("amazon-order-list"))

    groups = page.locator("#nav-sidebar-apps ol")
    assert groups.count() > 4
    assert all(group.is_visible() for group in groups.all())
    page.click("[data-open-search]")
    page.fill("#id_q", world.order.amazon_order_id)
    page.press("#id_q", "Enter")
    page.wait_for_url(f"**{reverse('amazon-order-detail', args=[world.order.pk])}")
    context.close()


@pytest.mark.parametrize("name", ["amazon-log-list", "amazon-quarantine-list"])
def test_open_page_is_in_view_of_a_low_window(open_page: Any, name: str) -> None:
    page = open_page(reverse(name), height=480)

    page.wait_for_function(f"({IN_VIEW})(document.querySelector('{OPEN_PAGE}'))")


def test_open_page_is_in_view_once_a_narrow_bar_is_opened(open_page: Any) -> None:
    page = open_page(reverse("amazon-quarantine-list"), width=390, height=480)
    assert page.locator(OPEN_PAGE).is_hidden()

    page.locator("header span[x-on\\:click*=sidebarMobileOpen]").click()

    page.wait_for_function(f"({IN_VIEW})(document.querySelector('{OPEN_PAGE}'))")


def test_slash_opens_the_search_where_a_page_has_none_of_its_own(
    open_page: Any, world: World
) -> None:
    page = open_page(reverse("amazon-overview"))

    page.keyboard.press("/")

    assert page.locator(DIALOG).is_visible()
    page.keyboard.type(world.order.amazon_order_id)
    page.locator("#sl-search-results a").first.wait_for()
    page.keyboard.press("ArrowDown")
    link = reverse("amazon-order-detail", args=[world.order.pk])
    assert page.evaluate("document.activeElement.getAttribute('href')") == link
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{link}")


def test_slash_goes_to_the_lists_own_search_first(open_page: Any) -> None:
    page = open_page(reverse("amazon-order-list"))

    page.keyboard.press("/")

    assert page.evaluate("document.activeElement.matches('[data-search]')")
    assert page.locator(DIALOG).is_hidden()
    # While it is empty, another one asks for everything; typed text keeps its own.
    page.keyboard.type("a/b")
    assert page.input_value("[data-search]") == "a/b"
    page.fill("[data-search]", "")
    page.keyboard.press("/")
    assert page.locator(DIALOG).is_visible()
    page.keyboard.press("Escape")
    assert page.locator(DIALOG).is_hidden()


@pytest.mark.parametrize("name", ["amazon-order-list", "amazon-connect"])
def test_control_k_opens_the_search_and_closes_it(open_page: Any, name: str) -> None:
    page = open_page(reverse(name))

    page.keyboard.press("Control+k")
    assert page.evaluate("document.activeElement.id") == "sl-search-q"
    page.keyboard.press("Control+k")
    assert page.locator(DIALOG).is_hidden()


@pytest.mark.parametrize("keys", ["Control+k", "Meta+k"])
def test_keys_of_the_search_work_from_within_a_field(open_page: Any, keys: str) -> None:
    page = open_page(reverse("amazon-order-list"))
    page.focus("[data-search]")
    page.keyboard.type("902")

    page.keyboard.press(keys)

    assert page.evaluate("document.activeElement.id") == "sl-search-q"
    page.keyboard.type("abc")
    # One press, though there is a text in the field.
    page.keyboard.press("Escape")
    assert page.locator(DIALOG).is_hidden()
    assert page.input_value("[data-search]") == "902"
    page.focus("select[name=status]")
    page.keyboard.press(keys)
    assert page.locator(DIALOG).is_visible()


def test_keys_of_the_search_work_on_forms_of_the_admin(
    open_page: Any, world: World
) -> None:
    page = open_page(
        reverse("admin:channels_amazon_variant_change", args=[world.variant.pk])
    )
    page.focus("input[name=sku]")

    page.keyboard.press("Control+k")

    assert page.evaluate("document.activeElement.id") == "sl-search-q"
    page.keyboard.press("Escape")
    assert page.locator(DIALOG).is_hidden()


def test_search_opens_over_the_list_of_keys(open_page: Any) -> None:
    page = open_page(reverse("amazon-order-list"))
    page.keyboard.press("?")
    assert page.locator("#sl-keys").is_visible()

    page.keyboard.press("Control+k")

    assert page.locator("#sl-keys").is_hidden()
    assert page.locator(DIALOG).is_visible()


def test_entry_of_the_search_opens_it_above_the_page(open_page: Any) -> None:
    page = open_page(reverse("amazon-overview"))

    page.click("[data-open-search]")

    assert page.locator(DIALOG).is_visible()
    assert page.url.endswith(reverse("amazon-overview"))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_open_search_shuts_nobody_out(
    open_page: Any, world: World, width: int, theme: str
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = open_page(reverse("amazon-overview"), width=width)
    page.evaluate("theme => { document.documentElement.className = theme }", theme)
    page.keyboard.press("Control+k")
    page.keyboard.type(world.variant.sku)
    page.locator("#sl-search-results a").first.wait_for()

    answer = Axe().run(page, options={"resultTypes": ["violations"]}).response
    assert [one["id"] for one in answer["violations"]] == []
    overflow = "document.documentElement.scrollWidth - window.innerWidth"
    assert page.evaluate(overflow) <= 0
