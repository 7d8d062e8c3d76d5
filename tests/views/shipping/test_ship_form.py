"""The ship form finds a carrier by any of its names, and doubts odd numbers aloud."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels_amazon.models import Heartbeat, Order, Shipment, Warehouse
from channels_amazon.rules.health.liveness import Process
from channels_amazon.rules.installation.identity import Standing
from channels_amazon.services.installation import guard
from channels_amazon.services.jobs import heartbeats
from channels_amazon.views import local_time
from tests import builders
from tests.views.scene import World, make_world, signed_in, time_typed

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """Give a store with an order to ship that was placed a day ago; a worker lives."""
    heartbeats.beat(Process.QUEUE)
    world = make_world()
    Order.objects.update(ordered_at=timezone.now() - timedelta(days=1))
    return world


@pytest.fixture
def client(world: World) -> Client:
    """Give a client in which the store's owner is signed in."""
    return signed_in(world.owner)


def ship(client: Client, world: World, **over: str) -> Any:
    """Send the ship form and return the page that follows."""
    line = world.order.lines.get()
    data = {
        "carrier": "UPS",
        "tracking_number": "1Z5R89390357567127",
        "shipped_at": f"{timezone.now():%Y-%m-%dT%H:%M}",
        "warehouse": str(Warehouse.objects.filter(store=world.store).earliest("pk").pk),
        f"line_{line.pk}": "1",
    }
    address = reverse("amazon-order-ship", args=[world.order.pk])
    return client.post(address, data | over, follow=True)


def test_form_offers_amazons_carriers_with_their_chinese_names(
    world: World, client: Client
) -> None:
    page = client.get(reverse("amazon-order-detail", args=[world.order.pk]))

    text = page.content.decode()
    assert 'list="carrier-list"' in text
    assert text.count('id="carrier-list"') == 1
    assert '<option value="Yun Express" label="云途' in text


@pytest.mark.parametrize(
    ("typed", "code"),
    [("云途", "Yun Express"), ("fedex", "FedEx"), ("顺丰速运", "SF Express")],
)
def test_carrier_typed_in_any_way_is_told_in_amazons_way(
    world: World, client: Client, typed: str, code: str
) -> None:
    ship(client, world, carrier=typed, tracking_number="SF1234567890123")

    assert Shipment.objects.get().carrier_code == code


def test_carrier_that_nobody_knows_is_asked_for_as_other(
    world: World, client: Client
) -> None:
    page = ship(client, world, carrier="Pigeon Post")

    assert "no carrier of this name" in page.content.decode()
    assert not Shipment.objects.exists()


@pytest.mark.parametrize(
    ("typed", "name"), [("极兔", "J&T Express"), ("Cainiao", "Cainiao")]
)
def test_carrier_that_amazon_lacks_is_told_as_other_with_its_name(
    world: World, client: Client, typed: str, name: str
) -> None:
    ship(client, world, carrier=typed)

    shipment = Shipment.objects.get()
    assert (shipment.carrier_code, shipment.carrier_name) == ("Other", name)


def test_other_is_used_only_where_amazon_has_no_name(
    world: World, client: Client
) -> None:
    ship(client, world, carrier="Other", carrier_name="YunExpress")

    shipment = Shipment.objects.get()
    assert (shipment.carrier_code, shipment.carrier_name) == ("Yun Express", "")


@pytest.mark.parametrize("number", ["N/A", "abc", "123", "none", "待补"])
def test_number_that_is_none_is_doubted_and_sent(
    world: World, client: Client, number: str
) -> None:
    page = ship(client, world, tracking_number=number)

    assert "looks like no tracking number" in page.content.decode()
    assert Shipment.objects.get().tracking_number == number


def test_number_of_another_orders_package_is_doubted_and_sent(
    world: World, client: Client
) -> None:
    other = builders.make_order(world.account, lines=({"variant": world.variant},))
    number = "1Z5R89390357567127"
    Shipment.objects.create(
        order=other,
        package_reference=1,
        carrier_code="UPS",
        tracking_number=number,
        shipped_at=timezone.now(),
        state=Shipment.State.CONFIRMED,
    )

    page = ship(client, world, tracking_number=number.lower())

    text = f"A package of {other.amazon_order_id} has this tracking number already."
    assert text in page.content.decode()
    assert Shipment.objects.filter(order=world.order).count() == 1


def test_number_of_the_orders_own_package_is_not_doubted(
    world: World, client: Client
) -> None:
    page = ship(client, world).content.decode()

    assert "has this tracking number already" not in page


def test_mistyped_number_is_doubted_and_a_right_one_is_not(
    world: World, client: Client
) -> None:
    page = ship(client, world, tracking_number="1Z5R89390357567128")

    assert "its check digit is wrong" in page.content.decode()
    Shipment.objects.all().delete()
    assert "check digit" not in ship(client, world).content.decode()


def test_file_and_parcels_show_what_is_doubted(world: World, client: Client) -> None:
    rows = f"{world.order.amazon_order_id},UPS,N/A\n"
    file = SimpleUploadedFile("p.csv", f"订单号,承运商,运单号\n{rows}".encode())

    plan = client.post(
        reverse("amazon-bulk-ship"), {"store": world.store.pk, "file": file}
    )
    builders.make_parcel(world.order, carrier="USPS", tracking_number="YT123456789")
    parcels = client.get(reverse("amazon-parcel-list"))

    assert "looks like no tracking number" in plan.content.decode()
    assert "not look like a tracking number of USPS" in parcels.content.decode()


def test_paused_installation_says_that_a_package_is_kept(
    world: World, client: Client
) -> None:
    guard.keep(guard.GuardState(Standing.COPY))
    page = ship(client, world)

    text = page.content.decode()
    assert "The package is kept. Nothing is sent to Amazon while this" in text
    assert "A package waits here. Nothing is sent to Amazon while this" in text
    assert "is being confirmed" not in text
    assert "on its way to Amazon" not in text
    assert Shipment.objects.get().state == Shipment.State.WAITING


def test_package_waits_for_a_worker_and_says_so(world: World, client: Client) -> None:
    Heartbeat.objects.all().delete()

    text = ship(client, world).content.decode()

    assert "The package is kept. No worker runs" in text
    assert "A package waits here. No worker runs" in text
    assert "is being confirmed" not in text
    assert "on its way to Amazon" not in text


def test_package_of_a_revoked_account_waits_and_says_so(
    world: World, client: Client
) -> None:
    world.account.state = "needs_authorization"
    world.account.save()
    address = reverse("amazon-order-detail", args=[world.order.pk])
    before = client.get(address).content.decode()

    text = ship(client, world).content.decode()

    assert "The account has to be authorised again. Ship the order all" in before
    assert "The package is kept. Amazon does not accept" in text
    assert "A package waits here. Amazon does not accept" in text
    assert "is being confirmed" not in text
    assert "on its way to Amazon" not in text


def test_package_that_amazon_accepted_is_not_said_to_wait(
    world: World, client: Client
) -> None:
    ship(client, world)
    Shipment.objects.update(state=Shipment.State.CONFIRMED)
    world.account.state = "needs_authorization"
    world.account.save()
    address = reverse("amazon-order-detail", args=[world.order.pk])

    text = client.get(address).content.decode()

    assert "Amazon has accepted a package: whether it shows it is looked at" in text
    assert "A package waits here" not in text
    assert "Ship the order all the same" not in text


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/Los_Angeles"])
def test_what_the_readers_clock_shows_now_is_a_ship_date(
    world: World, client: Client, zone: str
) -> None:
    client.cookies[local_time.COOKIE] = zone
    now = timezone.now()

    # Their clock may be ahead of ours by a little.
    typed = (now + timedelta(minutes=2)).astimezone(ZoneInfo(zone))
    page = ship(client, world, shipped_at=f"{typed:%Y-%m-%dT%H:%M}")

    assert "ship date" not in page.content.decode()
    kept = Shipment.objects.get().shipped_at
    assert now - timedelta(minutes=1) < kept <= timezone.now()


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/Los_Angeles"])
def test_ship_form_shows_now_by_the_readers_clocks_and_reads_it_so(
    world: World, client: Client, zone: str
) -> None:
    client.cookies[local_time.COOKIE] = zone
    address = reverse("amazon-order-detail", args=[world.order.pk])
    text = time_typed(client.get(address), "shipped_at")
    # Somebody has travelled before they press the button.
    client.cookies[local_time.COOKIE] = "Europe/Berlin"

    ship(client, world, shipped_at=text, shipped_at_zone=zone)

    kept = Shipment.objects.get().shipped_at
    assert f"{kept.astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}" == text
    assert kept.astimezone(UTC) <= timezone.now()


def test_ship_date_in_the_future_is_refused_with_its_zone(
    world: World, client: Client
) -> None:
    client.cookies[local_time.COOKIE] = "America/Los_Angeles"
    typed = timezone.now().astimezone(ZoneInfo("Asia/Shanghai"))

    page = ship(client, world, shipped_at=f"{typed:%Y-%m-%dT%H:%M}")

    text = page.content.decode()
    assert "The ship date is in the future, as read in America/Los Angeles." in text
    assert not Shipment.objects.exists()
