"""The set-up in a real browser: wide and narrow, in both languages."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pytest_django.live_server_helper import LiveServer

from channels_amazon.models import Store
from tests.builders import make_user

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "a-long-password"


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("width", [1440, 390])
def test_first_sign_in_leads_to_the_connect_page(
    browser: Browser, live_server: LiveServer, width: int, language: str
) -> None:
    user = make_user(is_superuser=True, password=PASSWORD)
    context = browser.new_context(
        viewport={"width": width, "height": 900}, locale=language
    )
    page = context.new_page()
    # What a policy or a missing file would say.
    troubles: list[str] = []
    page.on("console", lambda said: troubles.append(said.text))
    page.goto(f"{live_server.url}/admin/")
    page.fill("input[name=username]", user.get_username())
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/setup/")
    _shoot(page, f"{width}-{language}-1")
    page.fill("input[name=name]", "Teekontor")
    page.select_option("select[name=time_zone]", "Asia/Shanghai")
    page.select_option("select[name=language]", language)
    page.click("form:has(input[value=store]) button")
    page.wait_for_url("**/setup/*/")
    _shoot(page, f"{width}-{language}-2")
    page.click("form:has(input[value=warehouse]) button")
    page.wait_for_selector("form:has(input[value=catalogue])")
    _shoot(page, f"{width}-{language}-3")
    assert _overflow(page) <= 0
    page.click("a[href*='/connect/?store=']")
    page.wait_for_url("**/connect/**")
    assert Store.objects.get().time_zone == "Asia/Shanghai"
    assert [text for text in troubles if "Content Security" in text] == []
    context.close()


def _overflow(page: object) -> int:
    script = "document.documentElement.scrollWidth - window.innerWidth"
    return int(page.evaluate(script))  # type: ignore[attr-defined]


def _shoot(page: object, name: str) -> None:
    """Keep a picture where somebody wants to look."""
    if folder := os.environ.get("SHOPLINK_PICTURES"):
        path = str(Path(folder) / f"setup-{name}.png")
        page.screenshot(path=path, full_page=True)  # type: ignore[attr-defined]
