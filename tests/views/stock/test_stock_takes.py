"""Stock-takes in the browser: a file is shown, saved once, and kept whole."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from channels_amazon.models import StockLevel, StockMovement, StockTake, Variant
from channels_amazon.services.stock.ledger import Movement, apply_movements, set_on_hand
from tests import builders
from tests.views.scene import World, make_member_client, make_world, signed_in

pytestmark = pytest.mark.django_db
LIST = "amazon-stock-take-list"


@pytest.fixture
def world() -> World:
    """Give a store whose variant has ten units."""
    world = make_world()
    set_on_hand(world.variant, world.warehouse, 10, actor="", key="first")
    return world


@pytest.fixture
def client(world: World) -> Client:
    """Give a client in which the store's owner is signed in."""
    return signed_in(world.owner)


def send(client: Client, world: World, content: str | bytes, **over: Any) -> Any:
    """Send a file, and return the answer."""
    raw = content.encode() if isinstance(content, str) else content
    file = SimpleUploadedFile("count.csv", raw)
    data = {"warehouse": world.warehouse.pk, "file": file}
    return client.post(reverse(LIST), data | over)


def previewed(client: Client, world: World, *rows: str) -> StockTake:
    """Send a file with these rows, and return its stock-take."""
    answer = send(client, world, "\n".join(("sku,counted", *rows)))
    assert answer.status_code == 302
    return StockTake.objects.latest("pk")


def address(take: StockTake, what: str = "") -> str:
    """Return an address of the stock-take."""
    return reverse(f"amazon-stock-take{what}", args=[take.pk])


def on_hand(variant: Variant) -> int:
    """Return the units on hand."""
    return int(StockLevel.objects.get(variant=variant).on_hand)


def file_rows(client: Client, path: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    text = b"".join(client.get(path)).decode()
    return list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))


def test_file_is_shown_then_saved_once(world: World, client: Client) -> None:
    take = previewed(client, world, f"{world.variant.sku},8", "UNKNOWN,1", "X,many")
    shown = client.get(address(take)).text

    assert "Nothing was changed yet" in shown
    assert "2 rows are left out." in shown
    assert "The store has no variant “UNKNOWN”." in shown
    assert "“many” is no number." in shown
    assert on_hand(world.variant) == 10
    for _ in range(2):
        answer = client.post(address(take, "-save"))
        assert answer.status_code == 302
    saved = client.get(address(take)).text
    assert on_hand(world.variant) == 8
    assert "Stock-take 1 is saved: 1 variant was counted." in saved
    assert "Save the stock-take" not in saved
    assert StockMovement.objects.filter(reason="stock_take").count() == 1


def test_list_may_be_pasted(world: World, client: Client) -> None:
    text = f"sku\tcounted\r\n{world.variant.sku}\t3\r\n"
    data = {"warehouse": world.warehouse.pk, "text": text}

    assert client.post(reverse(LIST), data).status_code == 302

    assert StockTake.objects.get().rows[0][3] == 3


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "file is empty"),
        ("name,colour\nA,1", "Missing: sku / barcode, counted"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not text"),
        ("sku,counted\n" + "A,1\n" * 20_001, "more than 20000 lines"),
        (b"sku,counted\n" + b"A" * 2_000_000, "larger than 2 MB"),
    ],
)
def test_file_that_is_none_is_refused_with_the_reason(
    world: World, client: Client, content: str | bytes, said: str
) -> None:
    answer = send(client, world, content)

    assert answer.status_code == 422
    assert said in answer.text
    assert not StockTake.objects.exists()


def test_one_of_file_and_list_is_sent(world: World, client: Client) -> None:
    both = send(client, world, "sku,counted\nA,1", text="sku,counted\nA,1")
    none = client.post(reverse(LIST), {"warehouse": world.warehouse.pk})

    for answer in (both, none):
        assert answer.status_code == 422
        assert "one of the two" in answer.text


def test_rows_left_out_are_a_file(world: World, client: Client) -> None:
    take = previewed(client, world, f"{world.variant.sku},8", "=cmd|x,1")

    (left_out,) = file_rows(client, address(take, "-left-out"))
    (row,) = file_rows(client, address(take, "-rows"))

    assert (left_out["line"], left_out["value"]) == ("3", "'=cmd|x")
    assert "no variant" in left_out["reason"]
    assert (row["sku"], row["difference"]) == (world.variant.sku, "-2")


def test_fewer_than_are_reserved_needs_the_tick(world: World, client: Client) -> None:
    pair = (world.variant.pk, world.warehouse.pk)
    held = Movement(*pair, StockMovement.Reason.RESERVED, "held", reserved=6)
    apply_movements([held])
    take = previewed(client, world, f"{world.variant.sku},4")
    page = client.get(address(take))
    asked = page.context["form"].asked

    refused = client.post(address(take, "-save"))

    assert f"will lack 2 of {world.variant.sku}" in page.text
    assert refused.status_code == 422
    assert "Nothing was changed" in refused.text
    assert on_hand(world.variant) == 10
    assert client.post(address(take, "-save"), {"below_zero": asked}).status_code == 302
    assert on_hand(world.variant) == 4


def test_count_meanwhile_is_said_and_units_sold_are_shown(
    world: World, client: Client
) -> None:
    take = previewed(client, world, f"{world.variant.sku},8")
    pair = (world.variant.pk, world.warehouse.pk)
    sold = Movement(*pair, StockMovement.Reason.SHIPPED, "sold", on_hand=-1)
    apply_movements([sold])
    client.post(address(take, "-save"))
    assert "moved between preview and saving" in client.get(address(take)).text

    late = previewed(client, world, f"{world.variant.sku},5")
    set_on_hand(world.variant, world.warehouse, 5, actor="", key="meanwhile")
    refused = client.post(address(late, "-save"))

    assert refused.status_code == 422
    assert f"somebody counted {world.variant.sku}" in refused.text
    assert on_hand(world.variant) == 5


def test_viewer_sees_stock_takes_and_sends_none(world: World, client: Client) -> None:
    take = previewed(client, world, f"{world.variant.sku},8")
    viewer = make_member_client(world.store, "viewer")

    assert str(take) in viewer.get(reverse(LIST)).text
    assert "See what it would change" not in viewer.get(reverse(LIST)).text
    assert "Save the stock-take" not in viewer.get(address(take)).text
    assert send(viewer, world, "sku,counted\nA,1").status_code == 403


def test_warehouse_of_another_store_is_refused(world: World, client: Client) -> None:
    elsewhere = builders.make_warehouse()

    answer = send(client, world, "sku,counted\nA,1", warehouse=elsewhere.pk)

    assert answer.status_code == 422
    assert not StockTake.objects.exists()


def test_example_can_be_sent(world: World, client: Client) -> None:
    example = client.get(reverse("amazon-stock-take-example")).content

    assert send(client, world, example).status_code == 302
    assert len(StockTake.objects.get().left_out) == 2
