"""The page of a store's address: the secret is shown once, mistakes are explained."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from channels_amazon import tasks
from channels_amazon.models import StoreEndpoint
from channels_amazon.services.jobs.key_holders import SecretUnreadable
from channels_amazon.services.webhooks import endpoints
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
    settings.WEBHOOK_ALLOW_LOOPBACK = True
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


def send(world: World) -> None:
    """Do what a worker does with the test message that waits."""
    tasks.send_test_message(world.store.endpoint.pk)


def test_test_message_is_sent_by_a_worker_not_by_the_page(
    world: World,
    client: Client,
    server: Scripted,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    post(client, "set", world, url=server.url, is_active="on")

    with django_capture_on_commit_callbacks(execute=True):
        page = post(client, "test", world).content.decode()

    assert server.received == []
    assert "is being sent" in page
    assert 'hx-trigger="every 1s"' in page
    assert "No worker runs" in page
    assert [row.func() for row in OrmQ.objects.all()] == [endpoints.TEST_TASK]


def test_fragment_shows_how_far_the_test_message_is(
    world: World, client: Client, server: Scripted
) -> None:
    server.then(answer(204))
    post(client, "set", world, url=server.url, is_active="on")
    post(client, "test", world)

    def fragment() -> str:
        address = f"{reverse('amazon-store-endpoint')}?store={world.store.pk}"
        shown = client.get(address, headers={"HX-Request": "true"}).content.decode()
        return str(shown)

    assert "is being sent" in fragment()
    send(world)
    assert "took the test message" in fragment()
    assert "hx-trigger" not in fragment()
    assert "<html" not in fragment()


def test_test_message_that_arrives_is_said(
    world: World, client: Client, server: Scripted
) -> None:
    server.then(answer(204))
    post(client, "set", world, url=server.url, is_active="on")
    post(client, "test", world)

    send(world)

    page = client.get(reverse("amazon-store-endpoint")).content.decode()
    assert "took the test message" in page
    assert "Your shop takes its messages." in page


def test_test_message_that_fails_says_why(
    world: World, client: Client, server: Scripted
) -> None:
    server.then(answer(500))
    post(client, "set", world, url=server.url, is_active="on")
    post(client, "test", world)

    send(world)

    page = client.get(reverse("amazon-store-endpoint")).content.decode()
    assert "answered 500" in page
    assert "did not arrive" in page
    assert "does not take its messages" in page


def test_test_message_asked_for_twice_is_sent_once(
    world: World, client: Client, server: Scripted
) -> None:
    server.then(answer(204), answer(204))
    post(client, "set", world, url=server.url, is_active="on")
    post(client, "test", world)
    asked_at = StoreEndpoint.objects.get().test_requested_at
    post(client, "test", world)

    send(world)
    send(world)

    assert len(server.received) == 1
    assert StoreEndpoint.objects.get().test_requested_at == asked_at


def test_test_message_that_no_worker_took_is_said_and_may_be_asked_for_anew(
    world: World, client: Client, server: Scripted
) -> None:
    server.then(answer(204))
    post(client, "set", world, url=server.url, is_active="on")
    post(client, "test", world)
    row = StoreEndpoint.objects.get()
    before = timezone.now() - 2 * StoreEndpoint.TEST_PATIENCE
    StoreEndpoint.objects.update(test_requested_at=before)

    page = client.get(reverse("amazon-store-endpoint")).content.decode()
    assert "No worker has sent the test message" in page
    assert endpoints.request_test(row, actor="ann")
    send(world)

    assert StoreEndpoint.objects.get().has_test_arrived


def test_new_address_forgets_the_test_of_the_old_one(
    world: World, client: Client
) -> None:
    post(client, "set", world, url="https://shop.example/hook", is_active="on")
    StoreEndpoint.objects.update(
        test_state=StoreEndpoint.Test.ARRIVED, test_requested_at=timezone.now()
    )

    page = post(client, "set", world, url="https://other.example/", is_active="on")

    assert "took the test message" not in page.content.decode()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "localhost", "shop.localhost", "169.254.169.254"]
)
def test_address_that_is_never_called_is_not_kept(
    world: World, client: Client, host: str
) -> None:
    page = post(client, "set", world, url=f"https://{host}/hook", is_active="on")

    assert "inside a private network" in page.content.decode()
    assert not StoreEndpoint.objects.exists()


def test_private_address_is_refused_when_it_is_called(
    world: World, client: Client
) -> None:
    post(client, "set", world, url="https://shop.example/hook", is_active="on")
    # As a name may lead there later.
    StoreEndpoint.objects.update(url="https://127.0.0.1/hook")
    post(client, "test", world)

    send(world)

    page = client.get(reverse("amazon-store-endpoint")).content.decode()
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


def test_secret_that_no_key_opens_can_be_made_anew(
    client: Client, world: World, server: Scripted
) -> None:
    post(client, "set", world, url=server.url, is_active="on")
    foreign = Fernet(Fernet.generate_key()).encrypt(b"whsec_x")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE channels_amazon_storeendpoint SET secret = %s", [foreign]
        )

    page = client.get(reverse("amazon-store-endpoint"))
    assert page.status_code == 200
    assert post(client, "set", world, url=server.url).status_code == 200
    endpoints.send_requested_test(StoreEndpoint.objects.defer("secret").get().pk)
    row = StoreEndpoint.objects.defer("secret").get()
    with pytest.raises(SecretUnreadable):
        endpoints.deliver(row, "1", {})
    assert post(client, "secret", world).status_code == 200
    assert StoreEndpoint.objects.get().secret.startswith("whsec_")
