"""How the steps of a price are kept."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from channels_amazon.rules.pricing.steps import (
    NoPrice,
    PriceProblem,
    PriceStep,
    StepKind,
    plain,
)
from channels_amazon.wording import sentence


def test_step_is_kept_in_few_words() -> None:
    step = PriceStep(StepKind.BASE, Decimal("20.00"), "EUR")

    assert step.to_json() == {"kind": "base", "amount": "20", "currency": "EUR"}


def test_step_comes_back_with_its_figures() -> None:
    step = PriceStep(
        StepKind.RATE,
        Decimal("12.733446"),
        "EUR",
        {"rate": Decimal("0.128620671914")},
        {"source": "ecb", "day": "2026-11-27"},
    )
    kept = json.loads(json.dumps(step.to_json()))

    assert PriceStep.from_json(kept) == step


def test_amount_between_is_kept_to_six_decimals() -> None:
    step = PriceStep(StepKind.FEES, Decimal(10) / 3, "EUR")

    assert step.to_json()["amount"] == "3.333333"


def test_missing_price_comes_back_with_its_reason() -> None:
    reason = sentence("The rule leaves nothing of the price.")
    base = PriceStep(StepKind.BASE, Decimal(1), "EUR")
    none = NoPrice(PriceProblem.NOTHING_LEFT, reason, (base,))

    assert NoPrice.from_json(json.loads(json.dumps(none.to_json()))) == none


@pytest.mark.parametrize(
    ("number", "text"),
    [("1E+3", "1000"), ("1.50", "1.5"), ("100", "100"), ("0.000", "0"), ("-2.0", "-2")],
)
def test_number_is_told_without_exponent_or_idle_zeros(number: str, text: str) -> None:
    assert plain(Decimal(number)) == text
