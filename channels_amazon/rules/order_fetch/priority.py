"""Which of the stale orders are read first; pure, rules layer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from channels_amazon.rules.order_fetch.state import StaleOrder

# An order that has waited longer is starving: it gets its share of the calls, however
# many urgent orders there are.
STARVING = timedelta(minutes=10)
# Every so many calls one is for a starving order.
STARVING_SHARE = 4
# A pending order mostly becomes "unshipped" soon, and that change is fetched anyway:
# reading it sooner than this would spend a second token on the same order.
PENDING_WAIT = timedelta(seconds=60)

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


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
    are starving, the longest first. Then what changed after `too_new_from`, since no
    page shows it in time; then what is to be shipped, and of it the newest, which a
    page would show last. Every STARVING_SHARE-th place among the urgent is for a
    starving one, and the first place at every STARVING_SHARE-th of the tokens, of which
    `rate` come a second: a plan mostly has a single token to spend.
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
    # Turns are counted in tokens: counted in seconds they could fall in step with the
    # moments at which tokens come, so that none or all of them were a turn.
    is_turn = int(now.timestamp() * rate) % STARVING_SHARE == 0
    return [*_shared(urgent, starving, is_turn=is_turn), *others]


def _is_too_new_for_pages(order: StaleOrder, too_new_from: datetime | None) -> bool:
    """Tell whether it changed so late that no page shows it before the backlog ends."""
    if too_new_from is None or order.changed_at is None:
        return False
    return order.changed_at > too_new_from


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
