"""What follows from a listing that was read back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from channels_amazon.rules.stock.drift import (
    SETTLING,
    DriftStep,
    ReadBack,
    next_step,
)

ACCEPTED = datetime(2026, 11, 30, 12, tzinfo=UTC)
READ = ACCEPTED + SETTLING
SOON = timedelta(seconds=1)
EQUAL = ReadBack(3, ACCEPTED, 3, READ, READ)
HIGHER = replace(EQUAL, observed=50)
LOWER = replace(EQUAL, observed=2)


@pytest.mark.parametrize(
    ("read", "step"),
    [
        (EQUAL, DriftStep.EQUAL),
        # Amazon may still change it.
        (replace(HIGHER, observed_at=READ - SOON), DriftStep.WAIT),
        (replace(EQUAL, observed_at=READ - SOON), DriftStep.EQUAL),
        (replace(EQUAL, observed_at=ACCEPTED), DriftStep.WAIT),
        (replace(EQUAL, observed=None), DriftStep.WAIT),
        (replace(EQUAL, observed_at=None), DriftStep.WAIT),
        # More than there is: at once, whatever was read of the orders.
        (HIGHER, DriftStep.PUSH),
        (replace(HIGHER, orders_until=None), DriftStep.PUSH),
        (replace(HIGHER, was_pushed=True), DriftStep.TELL),
        # A sale explains less until every order was read.
        (replace(LOWER, orders_until=None), DriftStep.WAIT),
        (replace(LOWER, orders_until=READ - SOON), DriftStep.WAIT),
        (LOWER, DriftStep.PUSH),
        (replace(LOWER, was_pushed=True), DriftStep.TELL),
        (replace(LOWER, was_pushed=True, orders_until=None), DriftStep.WAIT),
        (replace(EQUAL, was_pushed=True), DriftStep.EQUAL),
    ],
)
def test_step_follows_from_what_was_read(read: ReadBack, step: DriftStep) -> None:
    assert next_step(read) is step
