"""Rates by hand: one for two currencies, who and why, double clicks, two stores."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from channels_amazon.models import AuditEntry, ManualRate
from channels_amazon.services.pricing.manual import (
    ManualRateDraft,
    manual_rows,
    plain,
    remove_manual_rate,
    set_manual_rate,
)
from tests.builders import make_store

pytestmark = pytest.mark.django_db

DRAFT = ManualRateDraft("USD", "AED", Decimal("3.6725"), date(2026, 11, 27), "Pegged")


def audited() -> list[AuditEntry]:
    """Return what the audit log says of rates, the oldest first."""
    return list(AuditEntry.objects.filter(code__startswith="price.").order_by("pk"))


def test_rate_is_kept_with_who_and_why() -> None:
    store = make_store(currency="USD")
    row, is_new = set_manual_rate(store, DRAFT, actor="ada")

    assert is_new
    assert (row.value, row.reason, row.actor) == (DRAFT.value, "Pegged", "ada")
    (entry,) = audited()
    assert (entry.code, entry.store, entry.actor) == ("price.rate_set", store, "ada")
    assert entry.message == "One USD is 3.6725 AED by hand, as of 2026-11-27: Pegged"


def test_same_rate_twice_is_one() -> None:
    store = make_store(currency="USD")
    first, _is_new = set_manual_rate(store, DRAFT, actor="ada")
    second, is_new = set_manual_rate(store, DRAFT, actor="ada")

    assert second.pk == first.pk
    assert not is_new
    assert len(audited()) == 1


@pytest.mark.parametrize(
    "other",
    [
        replace(DRAFT, value=Decimal("3.7")),
        ManualRateDraft("AED", "USD", Decimal("0.27"), DRAFT.day, "Turned round"),
    ],
)
def test_newer_rate_ends_the_one_before_in_either_direction(
    other: ManualRateDraft,
) -> None:
    store = make_store(currency="USD")
    first, _is_new = set_manual_rate(store, DRAFT, actor="ada")
    second, _is_new = set_manual_rate(store, other, actor="bob")

    assert [row.pk for row in ManualRate.objects.in_force()] == [second.pk]
    first.refresh_from_db()
    assert first.ended_by == "bob"
    assert manual_rows(store) == {"AED": second}


def test_removed_rate_holds_no_more_and_stays_on_record() -> None:
    store = make_store(currency="USD")
    row, _is_new = set_manual_rate(store, DRAFT, actor="ada")

    assert remove_manual_rate(row, reason="Wrong", actor="bob")
    assert not remove_manual_rate(row, reason="Wrong", actor="bob")
    assert manual_rows(store) == {}
    assert ManualRate.objects.get().ended_by == "bob"
    codes = [entry.code for entry in audited()]
    assert codes == ["price.rate_set", "price.rate_removed"]


def test_rates_of_two_stores_are_apart() -> None:
    one, other = make_store(currency="USD"), make_store(currency="USD")
    set_manual_rate(one, DRAFT, actor="ada")
    set_manual_rate(other, replace(DRAFT, value=Decimal("3.8")), actor="bob")

    assert manual_rows(one)["AED"].value == Decimal("3.6725")
    assert manual_rows(other)["AED"].value == Decimal("3.8")


@pytest.mark.parametrize(
    "draft",
    [
        replace(DRAFT, quote="USD"),
        replace(DRAFT, value=Decimal(0)),
        replace(DRAFT, value=Decimal("NaN")),
    ],
)
def test_what_is_no_rate_is_refused(draft: ManualRateDraft) -> None:
    with pytest.raises(ValueError, match="no rate"):
        set_manual_rate(make_store(currency="USD"), draft, actor="ada")
    assert not ManualRate.objects.exists()


@pytest.mark.parametrize("value", ["0.000000001", "1000000000", "3.6725", "171.94"])
def test_rate_comes_back_from_the_database_as_it_was(value: str) -> None:
    store = make_store(currency="USD")
    set_manual_rate(store, replace(DRAFT, value=Decimal(value)), actor="ada")
    assert plain(ManualRate.objects.get().value) == value
