"""Correcting a package, and confirming one before its time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels_amazon.models import Order, Shipment
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.jobs import heartbeats
from channels_amazon.views import local_time
from tests.views.scene import World, make_world, signed_in, time_typed

pytestmark = pytest.mark.django_db
EDIT, CONFIRM = "amazon-package-edit", "amazon-package-confirm"


@pytest.fixture
def world() -> World:
    """Give a store whose order was placed a day ago, and a worker that lives."""
    heartbeats.beat(Process.QUEUE)
    world = make_world()
    Order.objects.update(ordered_at=timezone.now() - timedelta(days=1))
    return world


@pytest.fixture
def client(world: World) -> Client:
    """Give a client in which the store's owner is signed in."""
    return signed_in(world.owner)


def make_package(world: World, **over: Any) -> Shipment:
    """Make a package of the order that Amazon has."""
    fields: dict[str, Any] = {
        "state": Shipment.State.VERIFIED,
        "confirmed_at": timezone.now(),
    }
    package: Shipment = Shipment.objects.create(
        order=world.order,
        package_reference=1,
        carrier_code="UPS",
        tracking_number="1Z0",
        shipped_at=timezone.now() - timedelta(hours=1),
        **fields | over,
    )
    package.lines.create(line=world.order.lines.get(), quantity=1)
    return package


def form_data(package: Shipment, **over: Any) -> dict[str, Any]:
    """Return what the form sends when nothing is changed in it."""
    line = package.lines.get()
    return {
        "carrier": package.carrier_code,
        "tracking_number": package.tracking_number,
        "shipped_at": f"{package.shipped_at:%Y-%m-%dT%H:%M}",
        f"line_{line.line_id}": "1",
        **over,
    }


def test_correction_is_sent_once(world: World, client: Client) -> None:
    package = make_package(world)
    address = reverse(EDIT, args=[world.order.pk, package.pk])

    page = client.get(address)
    for _ in range(2):
        response = client.post(address, form_data(package, tracking_number="1Z 9"))

    assert 'value="1Z0"' in page.content.decode()
    assert response.status_code == 302
    package.refresh_from_db()
    assert (package.state, package.tracking_number, package.revision) == (
        Shipment.State.WAITING,
        "1Z9",
        1,
    )


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("connected", "The change is being sent to Amazon."),
        ("needs_authorization", "The change is kept. Amazon does not accept"),
    ],
)
def test_correction_says_whether_it_is_sent(
    world: World, client: Client, state: str, said: str
) -> None:
    package = make_package(world)
    world.account.state = state
    world.account.save()
    address = reverse(EDIT, args=[world.order.pk, package.pk])

    page = client.post(
        address, form_data(package, tracking_number="1Z9"), follow=True
    ).content.decode()

    assert said in page
    assert ("being sent" in page) == (state == "connected")


def test_package_of_a_disconnected_account_is_not_said_to_be_refused(
    world: World, client: Client
) -> None:
    package = make_package(
        world,
        state=Shipment.State.WAITING,
        confirmed_at=None,
        next_attempt_at=timezone.now() + timedelta(hours=1),
    )
    world.account.state = "disconnected"
    world.account.save()
    address = reverse(CONFIRM, args=[world.order.pk, package.pk])

    page = client.post(address, follow=True).content.decode()

    assert "The package is kept. The account is disconnected" in page
    assert "Amazon does not accept" not in page


def test_unchanged_form_changes_nothing(world: World, client: Client) -> None:
    package = make_package(world)

    client.post(reverse(EDIT, args=[world.order.pk, package.pk]), form_data(package))

    package.refresh_from_db()
    assert (package.state, package.revision) == (Shipment.State.VERIFIED, 0)


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/Los_Angeles"])
@pytest.mark.parametrize("number", ["1Z0", "1Z9"])
def test_ship_date_that_nobody_changed_stays_the_moment_it_was(
    world: World, client: Client, zone: str, number: str
) -> None:
    client.cookies[local_time.COOKIE] = zone
    package = make_package(world)
    # In Los Angeles clocks show this minute for the second time.
    at = datetime(2025, 11, 2, 9, 30, 20, tzinfo=UTC)
    Shipment.objects.update(shipped_at=at)
    Order.objects.update(ordered_at=at - timedelta(days=1))
    address = reverse(EDIT, args=[world.order.pk, package.pk])
    page = client.get(address)
    typed = time_typed(page, "shipped_at")
    is_twice = zone == "America/Los_Angeles"
    assert ('<option value="second" selected>' in page.content.decode()) is is_twice
    # As the page sends it, which says beside the time that the second is meant.
    which = {"shipped_at_which": "second"} if is_twice else {}
    sent = {"shipped_at": typed, "tracking_number": number} | which

    client.post(address, form_data(package, **sent))

    package.refresh_from_db()
    assert typed == f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}"
    assert package.shipped_at == at
    assert (package.tracking_number, package.revision) == (number, number == "1Z9")


@pytest.mark.parametrize(
    "over",
    [
        {"carrier": "Pigeon"},
        {"carrier": "Other"},
        {"tracking_number": ""},
        {"shipped_at": "2999-01-01T00:00"},
        {"shipped_at": "2001-01-01T00:00"},
    ],
)
def test_bad_correction_comes_back(
    world: World, client: Client, over: dict[str, Any]
) -> None:
    package = make_package(world)
    address = reverse(EDIT, args=[world.order.pk, package.pk])

    response = client.post(address, form_data(package, **over))

    assert response.status_code == 422
    package.refresh_from_db()
    assert package.revision == 0


@pytest.mark.parametrize("units", ["2", "0", "-1"])
def test_units_that_are_not_there_come_back(
    world: World, client: Client, units: str
) -> None:
    package = make_package(world)
    line = world.order.lines.get()
    data = form_data(package, **{f"line_{line.pk}": units})

    response = client.post(reverse(EDIT, args=[world.order.pk, package.pk]), data)

    assert response.status_code == 422


def test_package_that_waits_is_confirmed_now(world: World, client: Client) -> None:
    later = timezone.now() + timedelta(hours=5)
    package = make_package(
        world, state=Shipment.State.WAITING, confirmed_at=None, next_attempt_at=later
    )
    address = reverse(CONFIRM, args=[world.order.pk, package.pk])

    detail = client.get(reverse("amazon-order-detail", args=[world.order.pk]))
    answers = [client.post(address, follow=True) for _ in range(2)]

    assert address in detail.content.decode()
    assert "being confirmed" in answers[0].content.decode()
    assert "does not wait" in answers[1].content.decode()
    package.refresh_from_db()
    assert package.next_attempt_at is None


def test_package_of_another_order_is_not_there(world: World, client: Client) -> None:
    package = make_package(world)

    response = client.get(reverse(EDIT, args=[world.order.pk + 1, package.pk]))

    assert response.status_code == 404
