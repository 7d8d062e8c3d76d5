"""The daily proof finds what was changed past the ledger, until it is mended."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from channels_amazon import tasks
from channels_amazon.health.checks import ledger as ledger_check
from channels_amazon.health.context import CheckContext
from channels_amazon.models import (
    LedgerDifference,
    StockLevel,
    StockMovement,
    Variant,
    Warehouse,
)
from channels_amazon.services.jobs import maintenance
from channels_amazon.services.stock import changes, proof
from channels_amazon.services.stock.ledger import set_on_hand
from tests.builders import make_account, make_variant, make_warehouse

pytestmark = pytest.mark.django_db


@pytest.fixture
def place() -> Warehouse:
    """Give a warehouse."""
    return make_warehouse()


def make_counted(place: Warehouse, count: int) -> list[Variant]:
    """Make variants of which seven are on hand."""
    variants = [make_variant(place.store) for _ in range(count)]
    for one in variants:
        set_on_hand(one, place, 7, actor="", key=f"k{one.pk}")
    return variants


def found() -> list[int]:
    """Run a pass; return the variants that it finds wrong."""
    maintenance.run_pass(proof.PASS)
    rows = LedgerDifference.objects.order_by("variant")
    return list(rows.values_list("variant_id", flat=True))


def test_pass_is_among_the_maintenance() -> None:
    assert proof.PASS in tasks.MAINTENANCE


@pytest.mark.parametrize(
    "spoil",
    [
        lambda one: StockLevel.objects.filter(variant=one).update(on_hand=8),
        lambda one: StockLevel.objects.filter(variant=one).update(reserved=1),
        lambda one: StockLevel.objects.filter(variant=one).delete(),
        lambda one: StockMovement.objects.filter(variant=one).delete(),
    ],
)
def test_difference_is_found_wherever_it_is(
    place: Warehouse, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Any], Any]
) -> None:
    monkeypatch.setattr(proof, "VARIANTS_A_BATCH", 2)
    variants = make_counted(place, 5)
    assert found() == []
    spoil(variants[3])

    assert found() == [variants[3].pk]
    assert found() == [variants[3].pk]
    assert proof.last_proven_at() is not None


def test_difference_that_is_mended_is_forgotten(place: Warehouse) -> None:
    (variant,) = make_counted(place, 1)
    StockLevel.objects.update(on_hand=8)
    assert found() == [variant.pk]

    changes.count(variant, place, 8, changes.Change(actor="ann", key="again"))

    assert found() == []


def test_check_tells_what_the_proof_found_among_levels_that_lie_still(
    place: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_check, "PROVEN", 1)
    account = make_account(place.store)
    old, _new = make_counted(place, 2)
    StockLevel.objects.filter(variant=old).update(on_hand=9)
    context = CheckContext(account, timezone.now())
    assert [one.code for one in ledger_check.run(context)] == [""]

    found()

    (finding,) = ledger_check.run(CheckContext(account, timezone.now()))
    assert finding.code == "stock.ledger"
    assert finding.evidence["levels"] == [
        f"{old.sku} @ {place.name}: 9/0, moves 7/0, held 0"
    ]


def test_many_variants_cost_the_same(
    place: Warehouse, django_assert_max_num_queries: Any
) -> None:
    make_counted(place, 20)
    with django_assert_max_num_queries(20):
        found()
