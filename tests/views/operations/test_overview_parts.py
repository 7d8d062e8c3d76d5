"""What the overview says beyond its sentence: speed, stock at risk, last pushes."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from channels_amazon.models import Heartbeat, StockLevel
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.jobs import heartbeats
from tests import builders
from tests.views.scene import SIDE_BAR, World, make_world, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """Give a store whose processes live, and whose one order came by an event."""
    world = make_world()
    for process in Process:
        heartbeats.beat(process)
    world.account.orders.all().delete()
    return world


@pytest.fixture
def client(world: World) -> Client:
    """Give a client in which the store's owner is signed in."""
    return signed_in(world.owner)


def panel(client: Client, name: str) -> str:
    """Return a panel's text, as the overview shows it, with single spaces."""
    page = client.get(reverse("amazon-overview")).content.decode()
    found = re.search(
        rf'<section[^>]*aria-labelledby="{name}">.*?</section>', page, re.S
    )
    assert found
    return " ".join(strip_tags(found[0].replace("<", " <")).split())


def arrive(world: World, seconds: float) -> None:
    """Have an order come by an event, complete so long after its change."""
    now = timezone.now()
    builders.make_order(
        world.account,
        changed_at=now - timedelta(seconds=seconds),
        event_seen_at=now - timedelta(seconds=seconds / 2),
        completed_at=now,
    )


def test_speed_of_new_orders_is_drawn(world: World, client: Client) -> None:
    assert "No new order has come by an event since" in panel(client, "speed")
    arrive(world, 3)

    page = client.get(reverse("amazon-overview"))

    (bar,) = page.context["speed_bars"]
    assert "1 order, half within" in bar.title
    assert "not measured" in panel(client, "speed")
    drawing = page.content.decode().partition('id="speed"')[2].partition("</section>")
    assert 'role="img"' in drawing[0]
    assert "style=" not in drawing[0]
    assert "<script" not in drawing[0]


def test_nothing_is_said_of_speed_while_no_worker_runs(
    world: World, client: Client
) -> None:
    arrive(world, 3)
    Heartbeat.objects.all().delete()

    text = panel(client, "speed")

    assert "Nothing is measured while no worker runs." in text
    assert "half within" not in text


def test_stock_at_risk_is_named_and_leads_on(world: World, client: Client) -> None:
    assert "Nothing is below zero" in panel(client, "at-risk")
    listing = builders.make_listing(
        world.account,
        variant=builders.make_variant(world.store),
        desired_quantity=1,
        acknowledged_quantity=4,
        push_due=True,
    )
    StockLevel.objects.create(
        variant=builders.make_variant(world.store),
        warehouse=builders.make_warehouse(world.store),
        on_hand=-2,
    )
    # Another store's.
    theirs = make_world()
    other = builders.make_listing(
        theirs.account,
        seller_sku="THEIRS",
        desired_quantity=0,
        desired_at=timezone.now(),
    )

    text = panel(client, "at-risk")

    assert "2 units more left" in text
    assert "Amazon still offers 4, and 1 can be sold." in text
    assert other.seller_sku not in text
    page = client.get(reverse("amazon-overview")).content.decode()
    assert reverse("amazon-stock-detail", args=[listing.variant_id]) in page


def test_last_pushes_are_told(world: World, client: Client) -> None:
    assert "No quantity was sent to Amazon" in panel(client, "pushes")
    job = builders.make_job(world.account, kind="stock_push")
    run = builders.make_run(
        world.account, job=job, kind="stock_push", state="done", rows_changed=17
    )

    assert f"{world.account}" in panel(client, "pushes")
    assert "Done 17 0" in panel(client, "pushes")
    page = client.get(reverse("amazon-overview")).content.decode()
    assert reverse("amazon-log-detail", args=["runs", run.pk]) in page


def test_overview_asks_the_same_however_much_there_is(
    world: World, client: Client
) -> None:
    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    address = reverse("amazon-overview")
    arrive(world, 1)
    queries(address)
    few = queries(address)
    for _ in range(12):
        arrive(world, 2)
        builders.make_listing(
            world.account, desired_quantity=0, desired_at=timezone.now()
        )

    assert queries(address) == few <= 32 + SIDE_BAR


def test_drawings_come_anew_as_a_part_of_the_page(client: Client) -> None:
    address = reverse("amazon-overview-hours")

    whole = client.get(address)
    part = client.get(address, headers={"HX-Request": "true"}).content.decode()

    assert whole.headers["Location"] == reverse("amazon-overview")
    assert [name for name in ("hours", "speed", "at-risk", "pushes") if name in part]
    assert part.count("<section") == 4
