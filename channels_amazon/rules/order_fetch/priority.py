"""The orders to be read again, and which of them first; pure, rules layer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

# An order that waited so long is given its share of the calls, whatever is urgent.
STARVING = timedelta(minutes=10)
STARVING_SHARE = 4
# A pending order is mostly followed by its change to "unshipped", which is fetched.
PENDING_WAIT = timedelta(seconds=60)

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class StaleOrder:
    """An order to read again, and when Amazon changed it last, as far as is known.

    `changed_at` is None where it may not have changed at all: no page or report is
    sure to show it. `waits_since` is since when we know that it is to be read.
    `needs_address` is true of what we have to ship, `is_pending` of what nobody may
    ship yet. `attempts` counts what did not bring it: pages are tried but once.
    """

    order_id: str
    changed_at: datetime | None
    waits_since: datetime
    ship_by: datetime | None = None
    needs_address: bool = True
    is_pending: bool = False
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class FreshOrder:
    """An order that is not stale, but takes its place on a page.

    A report's times are in whole seconds: one `by_report` says nothing of a search's.
    """

    changed_at: datetime
    needs_address: bool = True
    by_report: bool = False


def eligible_at(order: StaleOrder) -> datetime:
    """Return from when on the order is worth a call."""
    return order.waits_since + (PENDING_WAIT if order.is_pending else timedelta(0))


def by_urgency(
    orders: Iterable[StaleOrder],
    now: datetime,
    horizon: timedelta,
    *,
    rate: float,
    newest_first: bool,
    too_new_from: datetime | None = None,
) -> list[StaleOrder]:
    """Return the orders as getOrder should read them.

    First what we ship and is due within `horizon`, the soonest first. Then those that
    have starved, the longest first. Then what changed after `too_new_from`, so that no
    page shows it in time; then what is to be shipped, and of it the newest, which a
    page would show last. Every fourth place is for the starved, and every fourth of the
    tokens, of which `rate` come a second: a look mostly has one.
    """
    urgent, starving, others = [], [], []
    for order in orders:
        due = order.ship_by if order.needs_address else None
        if due is not None and due - now < horizon:
            urgent.append(order)
        elif now - order.waits_since > STARVING:
            starving.append(order)
        else:
            others.append(order)
    for part in (urgent, others):
        part.sort(key=lambda order: order.changed_at or _LONG_AGO, reverse=newest_first)
    urgent.sort(key=lambda order: order.ship_by or now)
    starving.sort(key=lambda order: order.waits_since)
    others.sort(
        key=lambda order: (
            not _is_too_new_for_pages(order, too_new_from),
            not order.needs_address,
            order.changed_at is None,
            order.attempts,
        )
    )
    # Counted in tokens: by seconds it could fall in step with when they come.
    is_turn = int(now.timestamp() * rate) % STARVING_SHARE == 0
    return [*_shared(urgent, starving, is_turn=is_turn), *others]


def _is_too_new_for_pages(order: StaleOrder, too_new_from: datetime | None) -> bool:
    changed_at = order.changed_at
    return (
        too_new_from is not None
        and changed_at is not None
        and changed_at > too_new_from
    )


def _shared(
    urgent: Sequence[StaleOrder], starving: Sequence[StaleOrder], *, is_turn: bool
) -> list[StaleOrder]:
    """Return the urgent ones with a starving one at each turn, then the rest."""
    merged: list[StaleOrder] = []
    left = list(reversed(starving))
    turn = 0 if is_turn else 1
    for order in urgent:
        if left and (len(merged) + turn) % STARVING_SHARE == 0:
            merged.append(left.pop())
        merged.append(order)
    return [*merged, *reversed(left)]
