"""Tests of the fixtures that the other tests stand on."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest
from django.conf import settings
from django.test import Client

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from pytest_django.live_server_helper import LiveServer

    from channels_amazon.emulator.server import Emulator


def test_emulator_is_where_the_settings_lead(emulator: Emulator) -> None:
    assert settings.SPAPI_ENDPOINT_EU == f"{emulator.url}/eu"
    with urlopen(f"{emulator.url}/_emulator/") as answer:
        assert answer.status == 200


@pytest.mark.django_db
def test_sign_in_page_has_the_policy_of_the_project(client: Client) -> None:
    answer = client.get("/admin/login/")
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_sign_in_page_breaks_no_policy(
    browser: Browser, live_server: LiveServer
) -> None:
    page = browser.new_page()
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.goto(f"{live_server.url}/admin/login/")
    page.wait_for_selector("#id_username")
    page.close()
    assert [text for text in told if "Content Security Policy" in text] == []
