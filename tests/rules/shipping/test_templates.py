"""Scopes, times and shipments of ship templates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.rules.shipping.templates import (
    Misfit,
    MisfitProblem,
    PackingPlan,
    ParcelUnits,
    ShipmentPlan,
    TemplateScope,
    Timing,
    confirm_at,
    plan_shipments,
    wait_for_rest_until,
    winner,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

scopes = st.lists(
    st.builds(
        TemplateScope,
        key=st.integers(1, 99),
        account_id=st.sampled_from([None, 1, 2]),
        marketplace_id=st.sampled_from(["", "DE", "FR"]),
    ),
    max_size=8,
    unique_by=lambda scope: scope.key,
)


@given(scopes, st.sampled_from([1, 2]), st.sampled_from(["DE", "FR"]))
def test_narrowest_scope_wins(
    given_scopes: list[TemplateScope], account_id: int, marketplace_id: str
) -> None:
    for account, site in (
        (account_id, marketplace_id),
        (account_id, ""),
        (None, marketplace_id),
        (None, ""),
    ):
        alike = [
            scope
            for scope in given_scopes
            if (scope.account_id, scope.marketplace_id) == (account, site)
        ]
        if alike:
            break
    else:
        alike = []

    assert winner(given_scopes, account_id, marketplace_id) == min(
        alike, key=lambda scope: scope.key, default=None
    )


@given(
    st.none() | st.integers(0, 240),
    st.none() | st.integers(-500, 500).map(lambda hours: timedelta(hours=hours)),
)
def test_confirmation_is_never_after_the_deadline(
    hours: int | None, until: timedelta | None
) -> None:
    deadline = None if until is None else NOW + until

    moment = confirm_at(Timing(hours), deadline, NOW)

    if moment is not None:
        assert deadline is not None
        assert NOW < moment <= deadline
        assert moment == deadline - timedelta(hours=hours or 0)


def test_package_waits_for_its_parcels_until_the_time_before_the_deadline() -> None:
    deadline = NOW + timedelta(hours=10)

    assert wait_for_rest_until(4, deadline, NOW) == NOW + timedelta(hours=6)
    assert wait_for_rest_until(12, deadline, NOW) is None
    assert wait_for_rest_until(4, None, NOW) == NOW + timedelta(days=1)


def test_parcels_are_packages_with_partial_quantities() -> None:
    parcels = [ParcelUnits(1, {"A": 1}), ParcelUnits(2, {"A": 1, "B": 2})]

    plan = plan_shipments(parcels, {"A": 3, "B": 2}, splits=True, is_final=False)

    assert plan.shipments == (
        ShipmentPlan((1,), {"A": 1}),
        ShipmentPlan((2,), {"A": 1, "B": 2}),
    )


def test_parcel_without_contents_takes_what_the_others_leave() -> None:
    parcels = [ParcelUnits(1, {}), ParcelUnits(2, {"A": 1}), ParcelUnits(3, {})]

    plan = plan_shipments(parcels, {"A": 3}, splits=True, is_final=False)

    assert plan.shipments == (
        ShipmentPlan((1,), {"A": 2}),
        ShipmentPlan((2,), {"A": 1}),
    )
    assert plan.misfits == (Misfit(3, MisfitProblem.NOTHING_LEFT),)


def test_one_package_waits_for_the_rest_until_time_is_up() -> None:
    parcels = [ParcelUnits(1, {"A": 1}), ParcelUnits(2, {"A": 1})]
    left = {"A": 3}

    early = plan_shipments(parcels, left, splits=False, is_final=False)
    late = plan_shipments(parcels, left, splits=False, is_final=True)
    whole = plan_shipments(parcels, {"A": 2}, splits=False, is_final=False)

    assert early == PackingPlan(waiting=(1, 2))
    assert late.shipments == whole.shipments == (ShipmentPlan((1, 2), {"A": 2}),)


@pytest.mark.parametrize(
    ("contents", "misfit"),
    [
        ({"X": 1}, Misfit(1, MisfitProblem.UNKNOWN_SKU, "X")),
        ({"A": 3}, Misfit(1, MisfitProblem.TOO_MANY, "A", 2)),
        ({"B": 1}, Misfit(1, MisfitProblem.TOO_MANY, "B", 0)),
    ],
)
def test_parcel_that_does_not_fit_says_why(
    contents: dict[str, int], misfit: Misfit
) -> None:
    plan = plan_shipments(
        [ParcelUnits(1, contents)], {"A": 2, "B": 0}, splits=True, is_final=True
    )

    assert plan == PackingPlan(misfits=(misfit,))


skus = st.sampled_from("ABC")


@given(
    st.lists(st.dictionaries(skus, st.integers(1, 4), max_size=3), max_size=6),
    st.dictionaries(skus, st.integers(0, 6)),
    st.booleans(),
    st.booleans(),
)
def test_plan_ships_no_unit_twice_and_loses_no_parcel(
    contents: list[dict[str, int]], left: dict[str, int], splits: bool, is_final: bool
) -> None:
    parcels = [ParcelUnits(key, units) for key, units in enumerate(contents)]

    plan = plan_shipments(parcels, left, splits=splits, is_final=is_final)

    for sku in "ABC":
        packed = sum(package.units.get(sku, 0) for package in plan.shipments)
        assert packed <= max(left.get(sku, 0), 0)
    assert all(n > 0 for package in plan.shipments for n in package.units.values())
    assert all(package.units for package in plan.shipments)
    placed = [key for package in plan.shipments for key in package.parcels]
    placed += [misfit.key for misfit in plan.misfits] + list(plan.waiting)
    assert sorted(placed) == [parcel.key for parcel in parcels]
    assert splits or len(plan.shipments) <= 1
    assert not (plan.waiting and (splits or is_final))
