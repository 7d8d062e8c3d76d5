"""The movements of a period, and the files of stock: what the page shows, all of it."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from channels_amazon.models import AuditEntry, StockMovement, Variant
from channels_amazon.services.stock import changes
from channels_amazon.services.stock.changes import Cause, Change
from channels_amazon.services.stock.ledger import set_on_hand
from channels_amazon.views.stock import movements
from tests import builders
from tests.views.scene import World, make_world, signed_in

pytestmark = pytest.mark.django_db
LIST, EXPORT = "amazon-movement-list", "amazon-movement-export"


@pytest.fixture
def world() -> World:
    """Give a store with a variant and its listing."""
    return make_world()


@pytest.fixture
def client(world: World) -> Client:
    """Give a client in which the store's owner is signed in."""
    return signed_in(world.owner)


def rows(client: Client, name: str, query: Any = None) -> list[dict[str, str]]:
    """Return the rows of a file."""
    response = client.get(reverse(name), query)
    text = b"".join(response).decode()
    return list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))


def listed(client: Client, query: dict[str, Any]) -> list[int]:
    """Return the movements of all pages of the list."""
    seen: list[int] = []
    while True:
        shown = client.get(reverse(LIST), query).context["slice"]
        seen += [one.pk for one in shown.rows]
        if not shown.next:
            return seen
        query = query | {"after": shown.next}


def make_moves(world: World) -> list[Variant]:
    """Make movements of several kinds and days."""
    other = builders.make_warehouse(world.store, name="=Hamburg")
    variants = [world.variant, *(builders.make_variant(world.store) for _ in range(3))]
    for place, one in enumerate(variants):
        set_on_hand(one, world.warehouse, 5, actor="ann", key=f"c{one.pk}")
        change = Change(actor="bea", key=f"a{one.pk}", note="=1+1")
        changes.adjust(one, other, place + 1, Cause.FOUND, change)
    for move in StockMovement.objects.all():
        at = timezone.now() - timedelta(days=move.pk % 4, minutes=1)
        StockMovement.objects.filter(pk=move.pk).update(created_at=at)
    return variants


@pytest.mark.parametrize(
    "query", [{"reason": "nonsense"}, {"warehouse": "77'--"}, {"since": "soon"}]
)
def test_unclear_filter_shows_and_gives_nothing(
    world: World, client: Client, query: dict[str, str]
) -> None:
    make_moves(world)

    assert listed(client, query) == []
    assert client.get(reverse(EXPORT), query).status_code == 400


@pytest.mark.parametrize("size", [1, 3, 500])
@pytest.mark.parametrize(
    "kind", ["all", "period", "reason", "warehouse", "sku", "none"]
)
def test_file_holds_what_all_pages_of_the_list_hold(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch, kind: str, size: int
) -> None:
    monkeypatch.setattr(movements, "ROWS", 2)
    monkeypatch.setattr(movements, "FILE_ROWS", size)
    variants = make_moves(world)
    day = timezone.now() - timedelta(days=1)
    queries: dict[str, dict[str, Any]] = {
        "all": {},
        "period": {"since": f"{day:%Y-%m-%dT%H:%M}"},
        "reason": {"reason": "adjusted"},
        "warehouse": {"warehouse": world.warehouse.pk},
        "sku": {"q": variants[1].sku},
        "none": {"q": "nothing"},
    }
    query = queries[kind]
    expected = {"all": 8, "reason": 4, "warehouse": 4, "sku": 2, "none": 0}

    shown = listed(client, query)

    assert [int(row["id"]) for row in rows(client, EXPORT, query)] == shown
    assert len(shown) == expected.get(kind, len(shown)) < 9
    if kind == "period":
        assert 0 < len(shown) < 8


def test_no_cell_of_a_file_is_a_formula(world: World, client: Client) -> None:
    make_moves(world)

    (row,) = rows(client, EXPORT, {"q": world.variant.sku, "reason": "adjusted"})

    assert (row["note"], row["warehouse"]) == ("'=1+1", "'=Hamburg")
    assert (row["on_hand"], row["by"], row["cause"]) == ("1", "bea", "Found")


def test_levels_are_those_of_the_list_by_warehouse(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(movements, "FILE_ROWS", 2)
    variants = make_moves(world)
    bare = builders.make_variant(world.store)

    found = rows(client, "amazon-stock-export")

    skus = sorted(one.sku for one in variants for _ in range(2))
    assert [row["sku"] for row in found] == sorted([*skus, bare.sku])
    first, second = [row for row in found if row["sku"] == world.variant.sku]
    assert {first["on_hand"], second["on_hand"]} == {"5", "1"}
    # Of the variant as a whole, once: a sum over the column counts nothing twice.
    assert [first["available"], second["available"]] == ["6", ""]
    one = rows(client, "amazon-stock-export", {"q": bare.sku})
    assert [(row["on_hand"], row["available"]) for row in one] == [("", "")]


@pytest.mark.parametrize("name", [EXPORT, "amazon-stock-export"])
def test_download_is_kept_in_the_audit_log_and_costs_the_same(
    world: World, client: Client, name: str
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            rows(client, name)
        return len(queries)

    make_moves(world)
    few = cost()
    for _ in range(5):
        set_on_hand(
            builders.make_variant(world.store),
            world.warehouse,
            1,
            actor="",
            key=str(builders.number()),
        )

    assert cost() == few
    entry = AuditEntry.objects.filter(code="access.exported").latest("pk")
    assert (entry.store_id, entry.reference) == (world.store.pk, "stock")
