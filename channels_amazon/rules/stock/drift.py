"""What follows where Amazon shows another quantity than it accepted; pure, rules layer.

Accepted is not done: the listing is read back once Amazon had time to show the number.
A lower number is what a sale leaves behind, and its order may still be on its way: it
is a difference only once every order until then was read. A higher one sells what is
not there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# Amazon shows most accepted numbers within minutes.
SETTLING = timedelta(minutes=15)
# What another account's part waits for is read sooner, and as often.
LOOK_FOR_RISES = timedelta(seconds=30)
# When a listing whose difference is not decided yet, or was told, is read again.
LOOK_AGAIN = timedelta(minutes=30)
LOOK_AT_TOLD = timedelta(hours=6)


class DriftStep(StrEnum):
    """What to do about a listing that was read back."""

    # It shows what it accepted.
    EQUAL = "equal"
    # Amazon may still change it, or a sale may explain it.
    WAIT = "wait"
    # The number is sent once more by itself.
    PUSH = "push"
    # It was sent once more, and Amazon still shows another one: a person decides.
    TELL = "tell"


@dataclass(frozen=True, slots=True)
class ReadBack:
    """A listing that has no number to send, as it was read; times are UTC.

    `orders_until` is up to when every order of the account was read, None where that is
    not known. `was_pushed` says that this difference was sent once more already.
    """

    acknowledged: int
    acknowledged_at: datetime
    observed: int | None
    observed_at: datetime | None
    orders_until: datetime | None
    was_pushed: bool = False


def next_step(read: ReadBack) -> DriftStep:
    """Return what to do about what was read back."""
    if read.observed_at is None or read.observed is None:
        return DriftStep.WAIT
    if read.observed == read.acknowledged and read.observed_at > read.acknowledged_at:
        return DriftStep.EQUAL
    if read.observed_at < read.acknowledged_at + SETTLING:
        return DriftStep.WAIT
    is_sale_possible = read.observed < read.acknowledged and (
        read.orders_until is None or read.orders_until < read.observed_at
    )
    if is_sale_possible:
        return DriftStep.WAIT
    return DriftStep.TELL if read.was_pushed else DriftStep.PUSH
