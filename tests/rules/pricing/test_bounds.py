"""Between which amounts a price lies."""

from __future__ import annotations

from decimal import Decimal

from channels_amazon.rules.pricing.bounds import Bound, bounds_of
from channels_amazon.rules.pricing.charges import Charges
from channels_amazon.rules.pricing.rounding import Rounding
from channels_amazon.rules.pricing.steps import StepKind
from channels_amazon.rules.pricing.terms import Limits

LIMITS = Limits(
    floor=Decimal(5),
    ceiling=Decimal(50),
    least_margin=Decimal(20),
    allowed_minimum=Decimal(4),
    allowed_maximum=Decimal(40),
)


def test_narrowest_limit_counts_at_each_end() -> None:
    bounds = bounds_of(LIMITS, Charges(), Decimal(3), "EUR")

    assert bounds.lowest == Bound(StepKind.FLOOR, Decimal(5))
    assert bounds.highest == Bound(StepKind.ALLOWED_MAXIMUM, Decimal(40))


def test_margin_on_a_higher_cost_raises_the_lower_end() -> None:
    bounds = bounds_of(LIMITS, Charges(), Decimal("8.337"), "EUR")

    # Up to the cent: 10.0044 would be no price, and 10.00 not the margin.
    assert bounds.lowest == Bound(StepKind.LEAST_MARGIN, Decimal("10.01"))
    assert bounds.leave_room


def test_cost_above_the_highest_price_leaves_no_room() -> None:
    assert not bounds_of(LIMITS, Charges(), Decimal(39), "EUR").leave_room


def test_no_limits_bound_nothing() -> None:
    bounds = bounds_of(Limits(), Charges(), Decimal(39), "EUR")

    assert (bounds.lowest, bounds.highest) == (None, None)
    assert bounds.inside(Decimal(1), Rounding.EXACT, "EUR") == 1


def test_bound_that_a_price_left_is_told() -> None:
    bounds = bounds_of(LIMITS, Charges(), None, "EUR")

    assert bounds.deciding(Decimal("4.99")) == bounds.lowest
    assert bounds.deciding(Decimal("40.99")) == bounds.highest
    assert bounds.deciding(Decimal(40)) is None
