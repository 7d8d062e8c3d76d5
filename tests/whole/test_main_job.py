"""The main job in a browser, from a fresh copy: connect, import, keep true."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.whole.installation import ROOT, Installation, wait_for

pytestmark = pytest.mark.browser

FIRST_PULL_SECONDS = 60
SOON = 5
NEW_ORDERS = 10
SCREENSHOTS = ROOT / "tests" / "screenshots"
WIDE: ViewportSize = {"width": 1440, "height": 900}
NARROW: ViewportSize = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Run a copy of the project, as `make run` starts it."""
    installation = Installation(tmp_path_factory.mktemp("main-job"))
    try:
        installation.start()
        yield installation
    finally:
        installation.stop()


@pytest.fixture
def page(browser: Browser, product: Installation) -> Iterator[Page]:
    """Give a page whose violations and errors fail the test."""
    context = browser.new_context(viewport=WIDE, locale="en-GB")
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda said: complaints.append(said.text) if said.type == "error" else None,
    )
    page.on(
        "response",
        lambda came: (
            complaints.append(f"{came.status} {came.url}")
            if came.status >= 400
            else None
        ),
    )
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    yield page
    context.close()
    assert complaints == []
    own = (product.web, product.amazon, "data:")
    assert [url for url in requested if not url.startswith(own)] == []


def test_operator_does_the_whole_main_job(page: Page, product: Installation) -> None:
    _sign_in(page, product)
    page.goto(f"{product.web}/admin/amazon/accounts/")
    expect(page.locator("body")).to_contain_text("No Amazon account is connected yet")
    began = time.monotonic()
    _connect(page)
    done = page.get_by_text(re.compile("The first pull of .* is done"))
    expect(done).to_be_visible(timeout=FIRST_PULL_SECONDS * 1000)
    assert time.monotonic() - began < FIRST_PULL_SECONDS
    account = _account_of(page)
    _go_live(page, product, account)
    _subscribe(page, product, account)
    _new_orders_arrive(page, product)
    _stock_follows(page, product)
    _shipment_is_confirmed(page, product)
    _health_check_runs(page, product, account)
    _log_is_read_and_exported(page, product)
    for language in ("en", "zh-hans"):
        _keep_screenshots(page, product, account, language)


def _sign_in(page: Page, product: Installation) -> None:
    user, password = product.sign_in()
    page.goto(f"{product.web}/admin/")
    page.get_by_label("Username").fill(user)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(re.compile("/admin/"))
    expect(page.get_by_label("Username")).to_have_count(0)


def _connect(page: Page) -> None:
    page.get_by_role("link", name="Connect now").click()
    expect(page.get_by_text("All is right: you can go on to Amazon.")).to_be_visible()
    page.get_by_role("button", name="Continue to Amazon").click()
    page.get_by_role("button", name="Approve").click()
    expect(page).to_have_url(re.compile("/progress/"))


def _account_of(page: Page) -> int:
    found = re.search(r"/accounts/(\d+)/", page.url)
    assert found is not None
    return int(found.group(1))


def _go_live(page: Page, product: Installation, account: int) -> None:
    """Look at what would be sent, and press the button; nothing was sent before."""
    page.get_by_role("link", name="Go live").first.click()
    expect(page).to_have_url(re.compile("/go-live/"))
    assert _quantities_sent(product) == 0
    page.get_by_text("Go live…").click()
    page.get_by_role("button", name="Go live", exact=True).click()
    expect(
        page.get_by_text("is live: its quantities follow your stock")
    ).to_be_visible()
    rows = product.rows("SELECT live_by FROM channels_amazon_amazonaccount")
    assert rows == [(product.sign_in()[0],)]


def _quantities_sent(product: Installation) -> int:
    (row,) = product.rows(
        "SELECT COUNT(*) FROM channels_amazon_apicall "
        "WHERE operation = 'patchListingsItem'"
    )
    return int(row[0])


def _subscribe(page: Page, product: Installation, account: int) -> None:
    page.goto(f"{product.web}/admin/amazon/accounts/{account}/status/")
    page.get_by_role("button", name="Subscribe", exact=True).click()
    expect(page.get_by_role("button", name="Check the subscription")).to_be_visible()


def _new_orders_arrive(page: Page, product: Installation) -> None:
    page.goto(f"{product.web}/admin/amazon/orders/")
    for _ in range(NEW_ORDERS):
        # On the control page's own form, as a person at the demonstration does.
        order_id = product.control("orders", n=1, region="na")["order_ids"][0]
        shown = page.get_by_role("link", name=order_id)
        expect(shown).to_be_visible(timeout=SOON * 1000)


def _stock_follows(page: Page, product: Installation) -> None:
    sku, _quantity = _merchant_listing(product)
    page.goto(f"{product.web}/admin/amazon/stock/?q={sku}")
    page.get_by_role("link", name=sku, exact=True).click()
    page.get_by_label("On hand").fill("37")
    page.get_by_role("button", name="Set stock").click()
    expect(page.get_by_text("37")).not_to_have_count(0)
    free, safety = product.rows(
        "SELECT SUM(s.on_hand - s.reserved), MAX(v.safety_stock) "  # noqa: S608
        "FROM channels_amazon_stocklevel s "
        "JOIN channels_amazon_variant v ON v.id = s.variant_id "
        f"WHERE v.sku = '{sku}'"
    )[0]
    wanted = max(0, free - safety)
    wait_for(lambda: _quantity_at_amazon(product, sku) == wanted, SOON, product.written)


def _shipment_is_confirmed(page: Page, product: Installation) -> None:
    order_id = product.control(
        "orders", n=1, region="na", fulfilled_by="MERCHANT", quantity=2
    )["order_ids"][0]
    page.goto(f"{product.web}/admin/amazon/orders/")
    page.get_by_role("link", name=order_id).click()
    button = page.get_by_role("button", name="Confirm shipment to Amazon")
    wait_for(lambda: page.reload() and button.is_visible(), SOON * 2)
    page.get_by_label("Carrier", exact=True).fill("UPS")
    page.get_by_label("Tracking number").fill("1Z999AA10123456784")
    button.click()
    began = time.monotonic()
    packages = _until(lambda: _packages(product, order_id))
    assert time.monotonic() - began < SOON
    assert packages[0]["tracking_number"] == "1Z999AA10123456784"


def _health_check_runs(page: Page, product: Installation, account: int) -> None:
    page.goto(f"{product.web}/admin/amazon/accounts/{account}/status/")
    page.get_by_role("button", name="Run health check").click()
    expect(page.get_by_role("link", name="JSON")).to_be_visible(timeout=40_000)


def _log_is_read_and_exported(page: Page, product: Installation) -> None:
    page.goto(f"{product.web}/admin/amazon/logs/?tab=calls")
    expect(page.get_by_text("getOrder").first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Export (CSV)").first.click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    assert "confirmShipment" in text
    assert text.count("\n") > NEW_ORDERS


def _keep_screenshots(
    page: Page, product: Installation, account: int, language: str
) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    page.context.add_cookies(
        [{"name": "django_language", "value": language, "url": product.web}]
    )
    pages = {
        "overview": "",
        "private": "connect/private/",
        "variants": "../channels_amazon/variant/",
        "members": "../channels_amazon/storemember/",
        "accounts": "accounts/",
        "connect": "connect/",
        "progress": f"accounts/{account}/progress/",
        "status": f"accounts/{account}/status/",
        "go-live": f"accounts/{account}/go-live/",
        "orders": "orders/",
        "order": f"orders/{_any_order(product)}/",
        "stock": "stock/",
        "variant": f"stock/{_any_variant(product)}/",
        "log-events": "logs/",
        "log-calls": "logs/?tab=calls",
        "log-runs": "logs/?tab=runs",
        "health": f"health/{_last_report(product)}/",
    }
    for width, size in (("wide", WIDE), ("narrow", NARROW)):
        page.set_viewport_size(size)
        for name, path in pages.items():
            page.goto(f"{product.web}/admin/amazon/{path}")
            sideways = page.evaluate(
                "document.documentElement.scrollWidth > window.innerWidth + 1"
            )
            assert not sideways, f"{name} {width} {language} scrolls sideways"
            target = SCREENSHOTS / f"{name}-{width}-{language}.png"
            page.screenshot(path=target, full_page=True)
    page.set_viewport_size(WIDE)


def _merchant_listing(product: Installation) -> tuple[str, int]:
    matched = product.rows(
        "SELECT seller_sku, desired_quantity FROM channels_amazon_listing "
        "WHERE is_mfn AND NOT is_fba AND variant_id IS NOT NULL ORDER BY seller_sku"
    )
    return str(matched[0][0]), int(matched[0][1])


def _quantity_at_amazon(product: Installation, sku: str) -> Any:
    for listing in product.control("state?region=na")["listings"]:
        if listing["sku"] == sku:
            return listing["quantity"]
    return None


def _packages(product: Installation, order_id: str) -> list[dict[str, Any]]:
    state = product.control("state?region=na")
    return [row for row in state["packages"] if row["order_id"] == order_id]


def _until(found: Callable[[], list[Any]]) -> list[Any]:
    wait_for(found, SOON * 2)
    return found()


def _any_order(product: Installation) -> int:
    shipped = "SELECT order_id FROM channels_amazon_shipment ORDER BY id DESC LIMIT 1"
    return int(product.rows(shipped)[0][0])


def _any_variant(product: Installation) -> int:
    pushed = (
        "SELECT variant_id FROM channels_amazon_listing "
        "WHERE acknowledged_quantity IS NOT NULL LIMIT 1"
    )
    return int(product.rows(pushed)[0][0])


def _last_report(product: Installation) -> int:
    newest = "SELECT MAX(id) FROM channels_amazon_healthreport"
    return int(product.rows(newest)[0][0])
