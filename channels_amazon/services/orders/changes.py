"""An order while one transaction changes it, whatever told of it; services layer.

Events, full orders and reports write different columns, and go the same way from then
on: units follow the lines, the row is saved, and store and people learn what is news.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from channels_amazon.models import Order
from channels_amazon.rules.orders.transitions import Effect
from channels_amazon.services.jobs.coalescing import AT_ONCE, FollowUps
from channels_amazon.services.orders.provisional_lines import drop_empty
from channels_amazon.services.stock.reservations import (
    needs_reconcile,
    reconcile_orders,
    units_effect,
)
from channels_amazon.services.webhooks.messages import seen_by_store


@dataclass(slots=True)
class OrderChange:
    """An order whose row this transaction holds, with how it was before.

    `status_before` is "" for a new order. The last three tell of its lines: whether any
    changed, whether that may move units, and whether lines that a report had named
    were emptied.
    """

    order: Order
    is_new: bool
    status_before: str
    was_unmatched: bool
    effect_before: Effect
    seen_before: tuple[Any, ...]
    has_changed_lines: bool = False
    moves_units: bool = False
    has_emptied_lines: bool = False

    @property
    def needs_reconcile(self) -> bool:
        """Tell whether units may have to be held, released or shipped."""
        return self.moves_units or needs_reconcile(
            self.order, self.effect_before, is_new=self.is_new
        )

    @property
    def is_news_for_store(self) -> bool:
        """Tell whether the store would be told something else than before."""
        return self.has_changed_lines or seen_by_store(self.order) != self.seen_before


@dataclass(frozen=True, slots=True)
class OrderResult:
    """What became of what Amazon said of an order.

    `is_known` says that we had it or a newer state, and nothing changed; `is_behind`
    that an event told of a later status, which stands until Amazon's order shows it.
    """

    order: Order
    is_new: bool
    is_known: bool = False
    is_behind: bool = False


def begin_change(order: Order, *, is_new: bool) -> OrderChange:
    """Return the order as it is now; the caller holds its row."""
    return OrderChange(
        order=order,
        is_new=is_new,
        status_before="" if is_new else order.status,
        was_unmatched=order.has_unmatched,
        effect_before=units_effect(order),
        seen_before=seen_by_store(order),
    )


def reconcile_changes(
    changes: Sequence[OrderChange], follow_ups: FollowUps = AT_ONCE
) -> dict[int, list[str]]:
    """Move the units of changed orders; return unmatched SKUs by the order's key.

    The lines are saved before, the orders by the caller afterwards.
    """
    unmatched = reconcile_orders(
        [change.order for change in changes if change.needs_reconcile],
        follow_ups=follow_ups,
    )
    for change in changes:
        if change.has_emptied_lines:
            drop_empty(change.order)
    return unmatched
