"""A user chooses the time zone of their own pages."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from channels_amazon.models import StoreMember, UserSettings
from channels_amazon.views import local_time
from tests.builders import make_store
from tests.views.scene import make_member_client

pytestmark = pytest.mark.django_db
PAGE = "amazon-user-settings"


@pytest.fixture
def client() -> Client:
    """Give a client of a viewer, in a browser that is in Shanghai."""
    client = make_member_client(make_store(), StoreMember.Role.VIEWER)
    client.cookies[local_time.COOKIE] = "Asia/Shanghai"
    return client


def text_of(client: Client) -> str:
    """Return the page."""
    return " ".join(client.get(reverse(PAGE)).content.decode().split())


def test_page_says_which_zone_the_browser_told(client: Client) -> None:
    text = text_of(client)

    assert "Your pages show and read times in Asia/Shanghai, where it is" in text
    assert "This browser says that it is in Asia/Shanghai." in text
    assert "By itself: Asia/Shanghai" in text


def test_page_says_when_the_browser_told_none(client: Client) -> None:
    del client.cookies[local_time.COOKIE]

    text = text_of(client)

    assert "This browser has not said in which time zone it is." in text
    assert "times in UTC, where it is" in text


def test_choice_holds_at_once_and_can_be_taken_back(client: Client) -> None:
    client.post(reverse(PAGE), {"time_zone": "America/Los_Angeles"}, follow=True)
    chosen = text_of(client)
    client.post(reverse(PAGE), {"time_zone": ""})

    assert "times in America/Los Angeles, where it is" in chosen
    assert "What you chose here comes first" in chosen
    assert "times in Asia/Shanghai, where it is" in text_of(client)
    assert UserSettings.objects.get().time_zone == ""


def test_nonsense_is_refused(client: Client) -> None:
    response = client.post(reverse(PAGE), {"time_zone": "Mars/Olympus"})

    assert response.status_code == 422
    assert not UserSettings.objects.exists()


def test_menu_of_the_user_leads_to_the_page(client: Client) -> None:
    text = client.get(reverse("amazon-overview")).content.decode()

    assert f'href="{reverse(PAGE)}"' in text
    assert f'href="{reverse("admin:password_change")}"' in text
