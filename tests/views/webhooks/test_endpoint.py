"""The page of a store's address: the secret is shown once, mistakes are explained."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from channels_amazon.models import StoreEndpoint
from tests.spapi.server import Scripted, answer
from tests.views.scene import World, make_world, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """Give a store with an account."""
    return make_world()


@pytest.fixture
def client(world: World) -> Client:
    """Give a client in which the store's owner is signed in."""
    return signed_in(world.owner)


@pytest.fixture
def server(settings: Settings) -> Iterator[Scripted]:
    """Give the shop's server, which may be called here."""
    settings.WEBHOOK_ALLOW_PRIVATE = True
    with Scripted() as server:
        yield server


def post(client: Client, name: str, world: World, **given: Any) -> Any:
    """Send a form of the page."""
    url = reverse(f"amazon-endpoint-{name}", args=[world.store.pk])
    return client.post(url, given, follow=True)


def test_page_without_an_address_says_what_to_do(client: Client) -> None:
    page = client.get(reverse("amazon-store-endpoint")).content.decode()

    assert "set the address it listens at" in page


def test_first_address_shows_its_secret_once(world: World, client: Client) -> None:
    url = "https://shop.example/hook"
    first = post(client, "set", world, url=url, is_active="on").content.decode()
    again = client.get(reverse("amazon-store-endpoint")).content.decode()

    secret = StoreEndpoint.objects.get().secret
    assert secret in first
    assert secret not in again
    assert url in again


@pytest.mark.parametrize(
    "url", ["", "http://shop.example/", "shop.example", "https://u:p@shop.example/"]
)
def test_odd_address_is_explained_and_not_kept(
    world: World, client: Client, url: str
) -> None:
    response = post(client, "set", world, url=url, is_active="on")

    assert response.status_code == 422
    assert "errorlist" in response.content.decode()
    assert not StoreEndpoint.objects.exists()


def test_test_message_that_arrives_is_said(
    world: World, client: Client, server: Scripted
) -> None:
    server.then(answer(204))
    post(client, "set", world, url=server.url, is_active="on")

    page = post(client, "test", world).content.decode()

    assert "took the test message" in page
    assert "Your shop takes its messages." in page


def test_test_message_that_fails_says_why(
    world: World, client: Client, server: Scripted
) -> None:
    server.then(answer(500))
    post(client, "set", world, url=server.url, is_active="on")

    page = post(client, "test", world).content.decode()

    assert "answered 500" in page
    assert "does not take its messages" in page


def test_private_address_is_refused_when_it_is_called(
    world: World, client: Client
) -> None:
    post(client, "set", world, url="https://127.0.0.1/hook", is_active="on")

    page = post(client, "test", world).content.decode()

    assert "inside a private network" in page


def test_replaced_secret_is_shown_once(world: World, client: Client) -> None:
    post(client, "set", world, url="https://shop.example/", is_active="on")
    old = StoreEndpoint.objects.get().secret

    page = post(client, "secret", world).content.decode()

    new = StoreEndpoint.objects.get().secret
    assert new != old
    assert new in page
    assert old not in page


def test_nothing_can_be_tested_without_an_address(world: World, client: Client) -> None:
    for name in ("test", "secret"):
        assert "Set an address first." in post(client, name, world).content.decode()
