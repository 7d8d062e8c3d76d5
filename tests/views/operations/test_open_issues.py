"""What is open leads somewhere, and what is over or done is not said any more."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
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


def test_status_leads_with_what_is_open(world: World, client: Client) -> None:
    world.entry.delete()
    order = builders.make_order(world.account)
    for code, about in (("orders.gap", ""), ("orders.x", order.amazon_order_id)):
        builders.make_entry(world.account, code=code, reference=about)

    text = text_of(client, "amazon-status", world.account)

    assert "orders.gap" in text
    assert "orders.x" not in text
    assert "1 that is solved is left out; the log has it." in text


@pytest.mark.parametrize(
    ("queue", "reads", "subscription", "says"),
    [
        ("https://sqs.example/1", True, "sub-1", "Its events are still taken in."),
        ("https://sqs.example/1", False, "sub-1", "nothing is fetched or sent."),
        ("https://sqs.example/1", True, "", "nothing is fetched or sent."),
        ("", True, "sub-1", "nothing is fetched or sent."),
    ],
)
def test_worker_that_is_down_stops_no_reader_of_events(
    client: Client,
    settings: Any,
    queue: str,
    reads: bool,
    subscription: str,
    says: str,
) -> None:
    settings.SQS_QUEUE_URL = queue
    AmazonAccount.objects.update(subscription_id=subscription)
    Heartbeat.objects.all().delete()
    if reads:
        heartbeats.beat(Process.CONSUMER)

    page = client.get(reverse("amazon-overview"))

    (said,) = [one.text for one in page.context["problems"] if "worker" in one.text]
    assert said.startswith("No worker runs: nothing is ")
    assert said.endswith(says)


def test_status_leads_to_its_own_parts_and_not_to_itself(
    world: World, client: Client
) -> None:
    Heartbeat.objects.all().delete()
    builders.make_job(world.account, blocked_code="x", blocked_message="Gone.")
    address = reverse("amazon-status", args=[world.account.pk])

    page = client.get(address)

    links = [problem.link for problem in page.context["problems"]]
    assert {"#processes", "#jobs"} <= set(links)
    text = page.content.decode()
    assert all(f'id="{link[1:]}"' in text for link in links if link.startswith("#"))
    main = text.partition("<main")[2]
    assert f'href="{address}"' not in main
    overview = client.get(reverse("amazon-overview"))
    assert f"{address}#jobs" in {one.link for one in overview.context["problems"]}


@pytest.mark.parametrize("queue", ["https://sqs.example/1/q", ""])
def test_every_page_says_that_events_are_not_subscribed_until_they_are(
    world: World, client: Client, settings: Any, queue: str
) -> None:
    settings.SQS_QUEUE_URL = settings.SQS_QUEUE_ARN = queue
    lacks = "are seen by the sweep only, some minutes late"

    def said() -> list[bool]:
        status = text_of(client, "amazon-status", world.account)
        cards = client.get(reverse("amazon-account-list")).content.decode()
        overview = client.get(reverse("amazon-overview")).content.decode()
        on_overview = "Amazon sends no events" if queue else lacks
        return [lacks in status, lacks in cards, on_overview in overview]

    assert said() == [True, True, True]
    status = text_of(client, "amazon-status", world.account)
    assert "Amazon sends no events before they are subscribed to" in status

    world.account.subscription_id = "sub-1"
    world.account.save()
    assert said() == [False, False, False]


def test_end_of_the_authorisation_is_told_as_the_health_check_tells_it(
    world: World, client: Client
) -> None:
    at = datetime(2026, 11, 30, 20, 5, tzinfo=UTC)
    AmazonAccount.objects.filter(pk=world.account.pk).update(
        authorized_at=at - AmazonAccount.AUTHORIZATION_LASTS
    )
    client.cookies["shoplink_time_zone"] = "Asia/Shanghai"

    text = text_of(client, "amazon-status", world.account)

    assert "ends on 2026-12-01 04:05 UTC+8." in text
