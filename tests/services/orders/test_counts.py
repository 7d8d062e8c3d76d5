"""How fast orders come is said of new ones alone, and of none without a worker."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from channels_amazon.models import AmazonAccount, Heartbeat
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.jobs import heartbeats
from tests import builders
from tests.views.scene import World, make_world, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """Give a store with a connected account whose worker lives."""
    heartbeats.beat(Process.QUEUE)
    return make_world()


@pytest.fixture
def client(world: World) -> Client:
    """Give a client in which the store's owner is signed in."""
    return signed_in(world.owner)


def text_of(client: Client, name: str, account: AmazonAccount) -> str:
    """Return the text of a page of the account, with single spaces."""
    response = client.get(reverse(name, args=[account.pk]))
    return " ".join(strip_tags(response.content.decode()).split())


def subscribed(world: World) -> AmazonAccount:
    """Return the world's account, to whose events we are subscribed and which read."""
    heartbeats.beat(Process.CONSUMER)
    world.account.subscription_id = "sub"
    world.account.save()
    return world.account


def test_old_order_that_is_shipped_says_nothing_of_how_fast_orders_come(
    world: World, client: Client
) -> None:
    """Its first change was long ago, and the sweep brought it long before its event."""
    account = subscribed(world)
    now = timezone.now()
    builders.make_order(
        account,
        status="shipped",
        changed_at=now - timedelta(hours=40),
        completed_at=now - timedelta(hours=30),
        event_seen_at=now,
    )

    status = text_of(client, "amazon-status", account)

    assert "No new order came by event in the last day." in status
    assert "slowest of a hundred none in the last day" in status


def test_new_order_says_how_fast_orders_come(world: World, client: Client) -> None:
    account = subscribed(world)
    now = timezone.now()
    builders.make_order(
        account,
        changed_at=now - timedelta(seconds=5),
        event_seen_at=now - timedelta(seconds=4),
        completed_at=now - timedelta(seconds=2),
    )
    assert "Half of the new orders arrive within 3 s" in text_of(
        client, "amazon-status", account
    )

    Heartbeat.objects.filter(kind=Process.QUEUE).delete()

    status = text_of(client, "amazon-status", account)
    assert "New orders" not in status
    assert "No worker runs" in status


def test_account_without_events_says_that_orders_come_later(
    world: World, client: Client
) -> None:
    status = text_of(client, "amazon-status", world.account)
    assert "New orders are found by the sweep only" in status
