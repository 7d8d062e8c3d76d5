"""The stock page's sentence is calm only where nothing of the stock is wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels_amazon.models import Listing, StockLevel
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.jobs import heartbeats
from tests import builders
from tests.views.scene import World, make_world, signed_in

pytestmark = pytest.mark.django_db
LIST = "amazon-stock-list"
PART = {"HX-Request": "true"}
CALM = "Every published quantity is what Amazon accepted."


@pytest.fixture
def world() -> World:
    """Give a store with a variant and its listing."""
    return make_world()


@pytest.fixture
def client(world: World) -> Client:
    """Give a client in which the store's owner is signed in."""
    return signed_in(world.owner)


def below_zero(world: World) -> None:
    StockLevel.objects.create(
        variant=world.variant, warehouse=world.warehouse, on_hand=-1
    )


def backorder(world: World) -> None:
    builders.make_order(world.account, has_shortage=True)


def revoked(world: World) -> None:
    world.account.state = "needs_authorization"
    world.account.save()


def failing_push(world: World) -> None:
    builders.make_job(world.account, kind="stock_push", blocked_code="x")


def drift(world: World) -> None:
    Listing.objects.update(observed_quantity=9, observed_at=timezone.now())


@pytest.mark.parametrize(
    ("happens", "said"),
    [
        (below_zero, "1 stock level is below zero."),
        (backorder, "1 order has less stock than was ordered."),
        (revoked, "sent once the account is authorised again."),
        (failing_push, "is not synchronised: a job fails."),
        (drift, "Of 1 quantity Amazon shows another number than it accepted"),
    ],
)
def test_sentence_is_calm_only_where_nothing_of_the_stock_is_wrong(
    world: World, client: Client, happens: Callable[[World], None], said: str
) -> None:
    heartbeats.beat(Process.QUEUE)
    accepted = timezone.now() - timedelta(hours=1)
    Listing.objects.update(
        is_mfn=True, acknowledged_quantity=3, acknowledged_at=accepted
    )
    for page in (client.get(reverse(LIST)), client.get(reverse(LIST), headers=PART)):
        assert CALM in page.text

    happens(world)

    for page in (client.get(reverse(LIST)), client.get(reverse(LIST), headers=PART)):
        assert said in page.text
        assert CALM not in page.text
