"""The overview's first sentence is true of every account."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from channels_amazon.models import Heartbeat, Permission
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.accounts.connection import disconnect_account
from channels_amazon.services.jobs import heartbeats, lifecycle
from tests.builders import make_account, make_order
from tests.views.scene import World, make_member_client, make_world, signed_in

pytestmark = pytest.mark.django_db

ALL_IS_WELL = "All is well"


@pytest.fixture
def world() -> World:
    """Give a store whose account has been read, and whose processes live."""
    world = make_world()
    for process in Process:
        heartbeats.beat(process)
    world.account.orders.all().delete()
    lifecycle.ensure_jobs(world.account)
    world.account.jobs.update(first_done_at=timezone.now())
    return world


@pytest.fixture
def client(world: World) -> Client:
    """Give a client in which the store's owner is signed in."""
    return signed_in(world.owner)


def shown(client: Client, name: str = "amazon-overview") -> str:
    """Return the page's text."""
    return client.get(reverse(name)).content.decode()


def test_all_is_well_where_nothing_is_wrong(client: Client) -> None:
    assert ALL_IS_WELL in shown(client)


def test_first_pull_is_not_all_well(client: Client, world: World) -> None:
    world.account.jobs.filter(kind="listings").update(first_done_at=None)
    text = shown(client)
    assert ALL_IS_WELL not in text
    assert "is still running" in text


def test_last_account_that_was_disconnected_is_not_all_well(
    client: Client, world: World
) -> None:
    disconnect_account(world.account, actor="ann")
    text = shown(client)
    assert ALL_IS_WELL not in text
    assert "nothing is synchronised" in text


@pytest.mark.parametrize(("queue", "told"), [("https://sqs/q", True), ("", False)])
def test_account_whose_events_are_not_sent_is_named(
    client: Client, settings: Settings, queue: str, told: bool
) -> None:
    settings.SQS_QUEUE_URL = queue
    assert ("Amazon sends no events" in shown(client)) == told


def test_accounts_page_says_that_a_permission_is_missing(
    client: Client, world: World
) -> None:
    assert ALL_IS_WELL in shown(client, "amazon-account-list")
    Permission.objects.update_or_create(
        participation=world.account.participations.first(),
        name=Permission.Name.ORDERS,
        defaults={"state": Permission.State.MISSING, "checked_at": timezone.now()},
    )
    text = shown(client, "amazon-account-list")
    assert ALL_IS_WELL not in text
    assert "1 thing needs you." in text


def main_buttons(text: str) -> list[tuple[str, str]]:
    """Return address and words of the page's main buttons."""
    found = re.findall(
        r'<a class="sl-button sl-button-main"\s+href="([^"]+)">([^<]+)</a>', text
    )
    return [(unescape(address), words) for address, words in found]


def test_revoked_account_is_what_the_main_button_mends(
    client: Client, world: World
) -> None:
    revoked = make_account(world.store, region="eu", state="needs_authorization")
    make_order(world.account)
    way = (f"{reverse('amazon-connect')}?account={revoked.pk}", "Authorise again")

    assert main_buttons(shown(client)) == [way]
    assert main_buttons(shown(client, "amazon-account-list")) == [way]


def test_who_may_not_authorise_is_not_led_to_it(world: World) -> None:
    world.account.state = "needs_authorization"
    world.account.save()
    make_order(world.account)
    operator = make_member_client(world.store, "operator")

    assert [words for _to, words in main_buttons(shown(operator))] == ["Orders to ship"]


def test_orders_of_a_disconnected_account_are_no_figures(
    client: Client, world: World
) -> None:
    other = make_account(world.store, region="eu", state="disconnected")
    make_order(other, ship_by=timezone.now() - timedelta(hours=3), has_unmatched=True)

    response = client.get(reverse("amazon-overview"))

    assert response.context["tiles"] == dict.fromkeys(response.context["tiles"], 0)
    assert response.context["to_ship"] == 0


def test_speed_is_that_of_new_orders_and_none_without_a_worker(
    client: Client, world: World
) -> None:
    now = timezone.now()
    make_order(
        world.account,
        changed_at=now - timedelta(seconds=4),
        event_seen_at=now - timedelta(seconds=3),
        completed_at=now - timedelta(seconds=2),
    )
    assert "median of new orders" in shown(client)

    Heartbeat.objects.filter(kind=Process.QUEUE).delete()
    assert "median of new orders" not in shown(client)
