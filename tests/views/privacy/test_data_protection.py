"""The page of data protection: duties as measured, proofs, who may see and who did."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels_amazon.models import Order, PurgeProof, StoreMember
from channels_amazon.services.jobs import maintenance
from channels_amazon.services.privacy import name_search
from channels_amazon.services.privacy import purge as purge_service
from channels_amazon.services.privacy.personal_data import reveal, store_personal_data
from channels_amazon.services.privacy.purge import purge
from tests import builders
from tests.views.scene import SIDE_BAR, World, make_member_client, make_world, signed_in

pytestmark = pytest.mark.django_db
PAGE = "amazon-data-protection"
NAME = "Wilhelmina Canary"


@pytest.fixture
def world() -> World:
    """Give a store with an order whose buyer is kept."""
    world = make_world()
    store_personal_data(world.order, {"buyerName": NAME}, None)
    return world


def shown(client: Client, **query: Any) -> Any:
    """Return the page."""
    response = client.get(reverse(PAGE), query)
    assert response.status_code == 200
    return response


def kinds(response: Any) -> list[str]:
    """Return how each duty on the page stands."""
    return [duty.kind for duty in response.context["duties"]]


def test_page_measures_each_duty(world: World) -> None:
    client = signed_in(world.owner)
    builders.make_member(world.store)
    assert kinds(shown(client)) == ["ok", "warning", "ok", "ok"]

    long_ago = timezone.now() - timedelta(days=31)
    Order.objects.update(status=Order.Status.SHIPPED, shipped_at=long_ago)
    overdue = shown(client)
    purge(timezone.now())
    purged = shown(client)

    assert kinds(overdue)[0] == "error"
    assert "1 order is kept past its limit" in overdue.content.decode()
    assert kinds(purged)[:2] == ["ok", "ok"]
    assert purged.context["protection"].last_proof.orders == 1


def test_page_says_when_a_purge_has_not_come_to_the_store(world: World) -> None:
    maintenance.run_slice(purge_service.PASS, seconds=0)

    page = shown(signed_in(world.owner))

    assert kinds(page)[1] == "warning"
    assert "has not come to this store yet" in page.content.decode()


def test_page_tells_who_may_see_and_who_looked(world: World) -> None:
    builders.make_member(world.store, user=builders.make_user(username="blind-bob"))
    reveal(world.order, world.owner)
    name_search.search(NAME, stores=[world.store], user=world.owner)

    response = shown(signed_in(world.owner))

    page = response.content.decode()
    assert response.context["protection"].looks == 2
    seers = [str(member.user) for member in response.context["protection"].seers]
    assert seers == [world.owner.get_username()]
    assert str(world.order) in page
    assert "Canary" not in page
    assert not any(key in page for key in settings.FERNET_KEYS)


def test_old_keys_ask_for_a_rotation(world: World, settings: Any) -> None:
    settings.FERNET_KEYS = [*settings.FERNET_KEYS, "another-key"]

    page = shown(signed_in(world.owner)).content.decode()

    assert "rotate_keys" in page
    assert "another-key" not in page


def test_each_store_has_its_own_page(world: World) -> None:
    other = builders.make_store(name="The other store")
    client = signed_in(world.owner)
    assert client.get(reverse(PAGE), {"store": other.pk}).status_code == 404
    assert client.get(reverse(PAGE), {"store": "x"}).status_code == 404

    builders.make_member(other, user=world.owner, role=StoreMember.Role.VIEWER)

    both = shown(client, store=other.pk)
    assert both.context["store"] == other
    assert f"?store={world.store.pk}" in both.content.decode()
    assert both.context["protection"].standing.kept == 0


def test_member_of_no_store_is_told_so() -> None:
    page = shown(signed_in(builders.make_user())).content.decode()

    assert "member of no store" in page


def test_proofs_are_downloaded_as_csv(world: World) -> None:
    purge(timezone.now())
    client = make_member_client(world.store, StoreMember.Role.VIEWER)

    response = client.get(reverse("amazon-purge-proofs", args=[world.store.pk]))

    text = response.getvalue().decode("utf-8-sig")
    (row,) = csv.DictReader(text.splitlines())
    proof = PurgeProof.objects.get(store=world.store)
    assert (row["store"], row["orders_kept"]) == (world.store.name, "1")
    assert row["at"].startswith(f"{proof.at:%Y-%m-%dT%H:%M}")
    assert row["days_after_delivery"] == "30"


def test_page_asks_a_fixed_number_of_queries(
    world: World, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    client = signed_in(world.owner)
    for day in range(6):
        purge(timezone.now() + timedelta(days=day))
        reveal(world.order, world.owner)

    with django_assert_max_num_queries(16 + SIDE_BAR):
        shown(client)
