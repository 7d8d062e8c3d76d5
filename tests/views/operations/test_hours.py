"""The drawing of a day's orders says what it shows, and what was not read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags
from pytest_django import Settings

from channels_amazon.models import Heartbeat
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.health.attention import read_attention
from channels_amazon.services.jobs import heartbeats, lifecycle
from channels_amazon.services.jobs.status import FAILING_AFTER
from channels_amazon.views.operations.hours import HEIGHT, hours_part
from tests.builders import make_account, make_order
from tests.services.installation.unread import lack_orders, lose, read_to
from tests.views.scene import World, make_world, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    """Hold the clocks in the middle of an hour, so that no test runs over its end."""
    with time_machine.travel(datetime(2026, 11, 30, 12, 30, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def world(_clock: None, settings: Settings) -> World:
    """Give an account that was read just now, of which events tell; processes live."""
    settings.SQS_QUEUE_URL = "https://sqs.us-east-1.amazonaws.com/123456789012/events"
    world = make_world()
    for process in Process:
        heartbeats.beat(process)
    world.account.orders.all().delete()
    world.account.subscription_id = "subscription-1"
    world.account.save(update_fields=["subscription_id"])
    lifecycle.ensure_jobs(world.account)
    world.account.jobs.update(first_done_at=timezone.now())
    read_to(world.account, timezone.now())
    return world


@pytest.fixture
def client(world: World) -> Client:
    return signed_in(world.owner)


def panel(client: Client) -> str:
    """Return the panel's text, as the overview shows it, with single spaces."""
    page = client.get(reverse("amazon-overview")).content.decode()
    found = re.search(r'<section[^>]*aria-labelledby="hours">.*?</section>', page, re.S)
    assert found
    return " ".join(strip_tags(found[0].replace("<", " <")).split())


def test_day_without_orders_says_that_none_was_placed(client: Client) -> None:
    assert "No order was placed since 2026-11-29 13:00 UTC." in panel(client)
    assert "Not read yet" not in panel(client)


@pytest.mark.parametrize("lacks", ["queue", "reader", "subscription"])
def test_time_since_the_sweep_is_unread_where_no_events_tell_of_it(
    world: World, client: Client, settings: Settings, lacks: str
) -> None:
    read_to(world.account, timezone.now() - timedelta(minutes=40))
    assert "No order was placed since" in panel(client)
    if lacks == "queue":
        settings.SQS_QUEUE_URL = ""
    elif lacks == "reader":
        Heartbeat.objects.filter(kind=Process.CONSUMER).delete()
    else:
        world.account.subscription_id = ""
        world.account.save(update_fields=["subscription_id"])

    text = panel(client)
    (row,) = client.get(reverse("amazon-overview")).context["hour_sites"]

    assert "No order was placed" not in text
    assert "no events tell of its orders; its next order sweep reads on" in text
    # Nothing is wrong.
    assert "Not read yet" not in text
    assert row.cells[-3:] == ["0 orders", "not read yet", "not read yet"]


def test_account_with_something_wrong_is_named_before_one_that_waits(
    world: World, client: Client, settings: Settings
) -> None:
    settings.SQS_QUEUE_URL = ""
    stopped = make_account(world.store)
    lifecycle.ensure_jobs(stopped)
    read_to(stopped, timezone.now())
    lack_orders(stopped)

    page = client.get(reverse("amazon-overview"))

    named = [one["account"] for one in page.context["hour_unread"]]
    assert named == [stopped, world.account]


def test_orders_are_drawn_with_their_numbers(world: World, client: Client) -> None:
    for _place in range(3):
        make_order(world.account)
    make_order(world.account, ordered_at=timezone.now() - timedelta(hours=4))

    page = client.get(reverse("amazon-overview"))
    (row,) = page.context["hour_sites"]

    assert (row.total, row.says) == (4, "4 orders since 2026-11-29 13:00 UTC")
    assert row.bars[-1].height == HEIGHT
    assert [cell for cell in row.cells if cell != "0 orders"] == ["1 order", "3 orders"]
    assert 'role="img"' in page.content.decode()
    assert "style=" not in page.content.decode().partition('id="hours"')[2][:4000]
    assert "3 orders" in panel(client)


@pytest.mark.parametrize(
    ("trouble", "why"),
    [
        ("worker", "no worker runs"),
        ("job", "its order sweep is stopped"),
        ("failing", "its order sweep fails again and again"),
        ("authorisation", "its authorisation is missing"),
        ("behind", "its order sweep is behind"),
    ],
)
def test_hours_that_were_not_read_are_not_drawn_as_none(
    world: World, client: Client, trouble: str, why: str
) -> None:
    read_to(world.account, timezone.now() - timedelta(hours=3))
    if trouble == "worker":
        Heartbeat.objects.filter(kind=Process.QUEUE).delete()
    elif trouble == "job":
        lack_orders(world.account)
    elif trouble == "failing":
        world.account.jobs.filter(kind="order_sweep").update(attempts=FAILING_AFTER)
    elif trouble == "authorisation":
        lose(world.account)

    text = panel(client)
    page = client.get(reverse("amazon-overview"))

    assert "No order was placed" not in text
    assert f"what was ordered since then may be missing ({why})" in text
    (row,) = page.context["hour_sites"]
    assert row.cells[-1] == "not read yet"
    assert row.cells[0] == "0 orders"
    assert page.content.decode().count("sl-chart-unread") == 4
    assert row.says == "0 orders since 2026-11-29 13:00 UTC; 4 hours not read yet"


def test_order_of_an_hour_that_was_not_read_is_drawn_within_it(
    world: World, client: Client
) -> None:
    make_order(world.account)
    lack_orders(world.account)

    (row,) = client.get(reverse("amazon-overview")).context["hour_sites"]
    assert row.cells[-1] == "1 order, not read to its end yet"
    assert row.bars[-1].is_unread
    assert row.bars[-1].height == HEIGHT


def test_first_pull_is_why_orders_are_missing(world: World, client: Client) -> None:
    job = read_to(world.account, timezone.now())
    job.cursor, job.first_done_at = {}, None
    job.save()

    text = panel(client)
    assert "orders of all these hours may be missing" in text
    assert "(its first pull is still running)" in text


def test_hours_are_those_of_the_reader(world: World) -> None:
    now = datetime(2026, 11, 30, 18, 10, tzinfo=UTC)
    rows = read_attention([world.account], now)

    with timezone.override(ZoneInfo("Asia/Kolkata")):
        part = hours_part(rows, now)

    assert part["hour_labels"][-1] == "23:30"
    assert part["hour_zone"] == "Asia/Kolkata"


def test_part_that_is_polled_leaves_the_drawing_as_it_is(client: Client) -> None:
    headers = {"HX-Request": "true"}
    part = client.get(reverse("amazon-overview"), headers=headers)

    assert "hour_sites" not in part.context
    text = part.content.decode()
    assert 'id="sl-hours"' in text
    assert "hx-preserve" in text
    assert "<svg" not in text
    drawn = client.get(reverse("amazon-overview-hours"), headers=headers)
    assert drawn.content.decode().lstrip().startswith('<div class="sl-page">')


def test_address_of_the_drawing_leads_to_its_page(client: Client) -> None:
    response = client.get(reverse("amazon-overview-hours"))

    assert response.headers["Location"] == reverse("amazon-overview")
