"""A session ends when nobody uses it, and then nothing is lost in silence."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings
from time_machine import travel

from tests.builders import make_member
from tests.shoplink.every_page import Rows, pages
from tests.views.scene import World, make_world, signed_in

pytestmark = pytest.mark.django_db

PAGE = "/admin/amazon/orders/"
IDLE = timedelta(minutes=django_settings.SESSION_IDLE_MINUTES)
POLL = {"HX-Request": "true"}


@pytest.fixture
def world() -> World:
    """Give a store with rows and its owner."""
    return make_world()


def is_in(client: Client, **headers: Any) -> bool:
    """Tell whether the page still opens."""
    response = client.get(PAGE, headers=headers.get("headers"))
    return response.status_code == 200 and "HX-Refresh" not in response


def text_of(response: Any) -> str:
    """Return what the page says."""
    return str(response.content.decode())


def test_session_ends_when_nothing_was_done(world: World) -> None:
    client = signed_in(world.owner)
    assert is_in(client)

    with travel(timezone.now() + IDLE + timedelta(minutes=1)):
        page = client.get(PAGE, follow=True)

    assert urlsplit(page.redirect_chain[-1][0]).path == "/admin/login/"
    assert "nothing was done for 60 min" in text_of(page)
    assert not Session.objects.exists()


def test_session_lasts_while_pages_are_opened(world: World) -> None:
    client = signed_in(world.owner)
    now = timezone.now()

    for number in range(1, 12):
        with travel(now + number * IDLE * 0.9):
            assert is_in(client)


def test_page_that_asks_by_itself_keeps_no_session_alive(world: World) -> None:
    client = signed_in(world.owner)
    now = timezone.now()

    alive = []
    for minute in range(0, 75, 5):
        with travel(now + timedelta(minutes=minute)):
            alive.append(is_in(client, headers=POLL))

    assert alive == [minute <= 60 for minute in range(0, 75, 5)]


def test_session_has_an_end_however_it_is_used(world: World) -> None:
    client = signed_in(world.owner)
    now = timezone.now()
    hours = 0.0
    while hours < 20:
        with travel(now + timedelta(hours=hours)):
            if not is_in(client):
                break
        hours += 0.5

    assert 12 <= hours <= 12.5


def test_use_is_not_written_with_every_page(
    world: World, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(world.owner)
    client.get(PAGE)
    before = Session.objects.get().session_data

    for _ in range(3):
        client.get(PAGE)

    assert Session.objects.get().session_data == before


def test_idle_time_is_a_setting(world: World, settings: Settings) -> None:
    settings.SESSION_IDLE_MINUTES = 5
    client = signed_in(world.owner)

    with travel(timezone.now() + timedelta(minutes=6)):
        assert not is_in(client)


def test_session_of_an_earlier_version_goes_on(world: World) -> None:
    client = signed_in(world.owner)
    session = client.session
    del session["signed_in_at"], session["used_at"]
    session.save()

    assert is_in(client)
    with travel(timezone.now() + IDLE * 2):
        assert not is_in(client)


def test_form_after_the_end_leads_to_sign_in_and_back_by_get(world: World) -> None:
    client = signed_in(world.owner)
    order = reverse("amazon-order-detail", args=[world.order.pk])
    form = reverse("amazon-order-ship", args=[world.order.pk])

    with travel(timezone.now() + IDLE * 2):
        sent = client.post(
            form, {}, headers={"referer": f"http://testserver{order}?a=b"}, follow=True
        )
        address = sent.redirect_chain[-1][0]
        assert parse_qs(urlsplit(address).query) == {"next": [f"{order}?a=b"]}
        assert "what you sent was not saved" in text_of(sent)
        signed = client.post(
            address,
            {"username": world.owner.get_username(), "password": "a-long-password"},
            follow=True,
        )

    assert signed.status_code == 200
    assert signed.request["PATH_INFO"] == order


@pytest.mark.parametrize(
    "referer", ["", "https://evil.example/admin/", "http://testserver.evil/", "//x/y"]
)
def test_form_without_a_page_of_ours_leads_back_to_the_page_above(
    world: World, referer: str
) -> None:
    form = reverse("amazon-order-ship", args=[world.order.pk])

    sent = Client().post(form, {}, headers={"referer": referer})
    back = signed_in(world.owner).get(form)

    assert parse_qs(urlsplit(sent["Location"]).query) == {"next": [form]}
    assert back["Location"] == reverse("amazon-order-detail", args=[world.order.pk])


def test_every_form_after_the_end_comes_back_to_a_page() -> None:
    rows = Rows()
    stranger, client = Client(), signed_in(rows.user)
    seen = 0
    wrong = []
    for page in pages(rows):
        if not page.name.startswith("amazon-"):
            continue
        sent = stranger.post(page.address)
        back = parse_qs(urlsplit(sent["Location"]).query)["next"][0]
        response = client.get(back, follow=True)
        seen += 1
        if response.status_code == 405:
            wrong.append(page.name)

    assert seen > 50
    assert wrong == []


def test_member_without_the_admin_is_not_told_of_an_ended_session() -> None:
    user = make_member().user
    user.is_staff = False
    user.save()

    sent = signed_in(user).post("/admin/amazon/orders/search/", follow=True)

    assert "session has ended" not in text_of(sent)
