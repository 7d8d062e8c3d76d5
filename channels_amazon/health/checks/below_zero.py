"""Left more units a warehouse than were counted in it? health layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, Level, well
from channels_amazon.health.registry import check
from channels_amazon.health.signs import Signs, Subject
from channels_amazon.models import StockLevel
from channels_amazon.models.scope import COUNT_CAP
from channels_amazon.wording import counted, sentence

SHOWN = 10


def _signs(of: Subject) -> Sequence[QuerySet[Any, Any]]:
    return [below_zero(of.store)]


@check(
    "below_zero",
    group="stock",
    order=2,
    title=gettext_lazy("Stock below zero"),
    signs=Signs(rows=_signs),
)
def run(context: CheckContext) -> list[Finding]:
    """Look for levels of the account's store with fewer than no units on hand."""
    rows = list(
        below_zero(context.account.store_id)
        .order_by("on_hand", "pk")
        .values_list("variant__sku", "warehouse__code", "on_hand", "updated_at")[
            :COUNT_CAP
        ]
    )
    if not rows:
        return [well(sentence("No warehouse has fewer units than were shipped."))]
    return [
        Finding(
            code="stock.below_zero",
            level=Level.WARNING,
            cause=counted(
                "%(count)d stock level is below zero: more units left a "
                "warehouse than were counted there.",
                "%(count)d stock levels are below zero: more units left a "
                "warehouse than were counted there.",
                len(rows),
            ),
            fix=sentence(
                "Count these variants in these warehouses again, or book the units to "
                "the warehouse they left from."
            ),
            fix_action="amazon-stock-list",
            evidence={
                "levels": [f"{sku} @ {code}: {n}" for sku, code, n, _at in rows[:SHOWN]]
            },
        )
    ]


def below_zero(store: Any) -> QuerySet[StockLevel]:
    """Return the levels below zero of the store, which pages count too."""
    levels: QuerySet[StockLevel] = StockLevel.objects.below_zero()
    return levels.filter(variant__store=store)
