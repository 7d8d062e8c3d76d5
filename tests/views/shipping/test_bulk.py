"""Shipping from a file: first what it would do, then once in effect."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels_amazon.models import Order, Parcel, UserSettings
from channels_amazon.views import local_time
from tests import builders
from tests.views.scene import World, make_world, signed_in

pytestmark = pytest.mark.django_db
PAGE, TAKE = "amazon-bulk-ship", "amazon-bulk-ship-take"
HEADER = "订单号,承运商,运单号\n"


@pytest.fixture
def world() -> World:
    """Give a store with an order that was placed a day ago."""
    world = make_world()
    Order.objects.update(ordered_at=timezone.now() - timedelta(days=1))
    return world


@pytest.fixture
def client(world: World) -> Client:
    """Give a client in which the store's owner is signed in."""
    return signed_in(world.owner)


def send(client: Client, world: World, content: bytes) -> Any:
    """Send the file and return the page that says what it would do."""
    file = SimpleUploadedFile("parcels.csv", content)
    return client.post(reverse(PAGE), {"store": world.store.pk, "file": file})


def test_file_is_shown_then_taken_over_once(world: World, client: Client) -> None:
    good = f"{world.order.amazon_order_id},UPS,1Z1"
    content = f"{HEADER}{good}\n902-0000000-0000000,顺丰,SF1\n,UPS,1Z3\n".encode(
        "gb18030"
    )

    page = send(client, world, content)

    assert page.status_code == 200
    assert not Parcel.objects.exists()
    text = page.content.decode()
    assert "1 parcel of this file would ship now." in text
    assert "1 parcel would wait and go by itself." in text
    assert "0 parcels" not in text
    assert "order id is empty" in text
    take = reverse(TAKE, args=[world.store.pk])
    for _ in range(2):
        # A browser sends the text with line ends of its own.
        sent = page.context["text"].replace("\n", "\r\n")
        response = client.post(take, {"text": sent}, follow=True)
    assert Parcel.objects.count() == 2
    assert "1 row was left out" in response.content.decode()


@pytest.mark.parametrize(
    "content", [b"", b"a,b\n1,2\n", b"\x00\x01\xff", b"x" * 1_600_000]
)
def test_file_that_cannot_be_read_says_why(
    world: World, client: Client, content: bytes
) -> None:
    response = send(client, world, content)

    assert response.status_code == 422
    assert response.context["form"].errors["file"]


def test_file_of_another_store_is_refused(world: World, client: Client) -> None:
    file = SimpleUploadedFile("parcels.csv", HEADER.encode())

    response = client.post(
        reverse(PAGE), {"store": builders.make_store().pk, "file": file}
    )

    assert response.status_code == 422


def test_text_that_is_no_file_changes_nothing(world: World, client: Client) -> None:
    response = client.post(
        reverse(TAKE, args=[world.store.pk]), {"text": "nonsense"}, follow=True
    )

    assert "must name the columns" in response.content.decode()
    assert not Parcel.objects.exists()


def test_large_file_fits_into_the_form(world: World, client: Client) -> None:
    rows = "".join(
        f"902-0000000-{n:07d},顺丰速运有限公司,SF{n:020d}\n" for n in range(10_000)
    )

    page = send(client, world, (HEADER + rows).encode())
    response = client.post(
        reverse(TAKE, args=[world.store.pk]), {"text": page.context["text"]}
    )

    assert response.status_code == 302
    assert Parcel.objects.count() == 10_000


def test_example_is_downloaded(client: Client) -> None:
    response = client.get(reverse("amazon-bulk-ship-example"))

    assert response.content.startswith(b"\xef\xbb\xbforder id,carrier")
    assert "attachment" in response["Content-Disposition"]


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/Los_Angeles"])
def test_local_time_in_a_file_is_never_in_the_future(
    world: World, client: Client, zone: str
) -> None:
    client.cookies[local_time.COOKIE] = zone
    now = timezone.now().replace(second=0, microsecond=0)
    local = f"{now.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
    head = "order id,carrier,tracking number,ship date"
    content = f"{head}\n{world.order.amazon_order_id},UPS,1Z1,{local}\n"

    page = send(client, world, content.encode())
    shown = zone.replace("_", " ")
    assert f"are read as times in {shown}." in " ".join(page.content.decode().split())
    assert "1 parcel of this file would ship now." in page.content.decode()
    # The preview's zone counts, wherever the browser is by now.
    client.cookies[local_time.COOKIE] = "Europe/Berlin"
    take = reverse(TAKE, args=[world.store.pk])
    sent = {"text": page.context["text"], "zone": page.context["zone"].key}
    client.post(take, sent)

    assert Parcel.objects.get().shipped_at == now


def test_zone_of_files_is_asked_once(world: World, client: Client) -> None:
    client.cookies[local_time.COOKIE] = "America/Los_Angeles"
    first = client.get(reverse(PAGE)).context["form"]["zone"].value()
    file = SimpleUploadedFile("parcels.csv", HEADER.encode())
    data = {"store": world.store.pk, "file": file, "zone": "Asia/Shanghai"}
    client.post(reverse(PAGE), data)

    asked_again = client.get(reverse(PAGE)).context["form"]["zone"].value()

    assert (first, asked_again) == ("America/Los_Angeles", "Asia/Shanghai")
    # It is that of files, not of the pages.
    assert UserSettings.objects.get().time_zone == ""
    orders = client.get(reverse("amazon-store-order-import"))
    assert orders.context["form"]["zone"].value() == "Asia/Shanghai"
