"""Makes the pictures of the README anew, from a fresh copy of the project."""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from dev import services
from tests.whole.installation import ROOT, Installation, wait_for

IMAGES = ROOT / "docs" / "images"
# The end of a file's name, by the language of its page.
LANGUAGES = {"en": "en", "zh-hans": "zh"}
_SIZE = {"width": 1280, "height": 800}
# The first pull of the demonstration's seller, and a health check, take seconds.
_PATIENCE = 90
_ORDERS = 40


def main() -> int:
    """Start a copy, let it work for a while, and keep its pages."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        product = Installation(Path(folder))
        browser = driver.chromium.launch(
            executable_path=services.browser(), args=["--no-sandbox"]
        )
        try:
            product.start()
            account = product.connect("na")
            _let_it_work(product)
            for language, name in LANGUAGES.items():
                _keep(browser, product, account, (language, name))
        finally:
            browser.close()
            product.stop()
    return 0


def _let_it_work(product: Installation) -> None:
    """Wait for the first pull, then for orders that came by their events."""
    unfinished = "SELECT COUNT(*) FROM channels_amazon_syncjob WHERE first_done_at"
    wait_for(
        lambda: product.rows(f"{unfinished} IS NULL")[0][0] == 0,
        _PATIENCE,
        product.written,
    )
    placed = product.control("orders", n=_ORDERS, region="na")["order_ids"]
    came = (
        "SELECT COUNT(*) FROM channels_amazon_order WHERE completed_at IS NOT NULL "
        "AND first_source = 'event'"
    )
    # The quota lets the first thirty through at once; the others follow.
    wait_for(
        lambda: product.rows(came)[0][0] >= len(placed), _PATIENCE, product.written
    )


def _keep(
    browser: Browser, product: Installation, account: int, language: tuple[str, str]
) -> None:
    context = browser.new_context(viewport=_SIZE, color_scheme="light")  # type: ignore[arg-type]
    context.add_cookies(
        [{"name": "django_language", "value": language[0], "url": product.web}]
    )
    page = context.new_page()
    _sign_in(page, product)
    _check_health(page, product, account)
    order = product.rows(
        "SELECT id FROM channels_amazon_order WHERE status = 'unshipped' "
        "AND fulfilled_by = 'merchant' ORDER BY id DESC"
    )[0][0]
    report = product.rows("SELECT MAX(id) FROM channels_amazon_healthreport")[0][0]
    pages = {
        "overview": "",
        "order": f"orders/{order}/",
        "status": f"accounts/{account}/status/",
        "health": f"health/{report}/",
    }
    for name, path in pages.items():
        page.goto(f"{product.web}/admin/amazon/{path}")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=IMAGES / f"{name}.{language[1]}.png")
    context.close()


def _sign_in(page: Page, product: Installation) -> None:
    user, password = product.sign_in()
    page.goto(f"{product.web}/admin/")
    page.locator("input[name=username]").fill(user)
    page.locator("input[name=password]").fill(password)
    page.locator("input[name=password]").press("Enter")
    expect(page.locator("input[name=username]")).to_have_count(0)


def _check_health(page: Page, product: Installation, account: int) -> None:
    page.goto(f"{product.web}/admin/amazon/accounts/{account}/status/")
    page.locator(f"form[action$='/accounts/{account}/health/'] button").first.click()
    done = page.get_by_role("link", name=re.compile("JSON"))
    expect(done).to_be_visible(timeout=_PATIENCE * 1000)


if __name__ == "__main__":
    sys.exit(main())
