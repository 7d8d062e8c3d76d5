"""Is each stock level the sum of its movements? health layer."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, well
from channels_amazon.health.registry import Cost, check
from channels_amazon.models import LedgerDifference, StockLevel, Variant, Warehouse
from channels_amazon.services.stock.proof import (
    LevelDifference,
    differences,
    last_proven_at,
)
from channels_amazon.wording import counted, sentence

# Levels to prove, those that moved last first: where something goes wrong, it does so
# in what moves. All the others are proven daily, by `services/stock/proof.py`.
PROVEN = 200
SHOWN = 10


@check(
    "ledger",
    group="stock",
    order=3,
    title=gettext_lazy("Stock ledger"),
    cost=Cost.MANY_ROWS,
)
def run(context: CheckContext) -> list[Finding]:
    """Add up the movements of the levels that changed last, and their reservations.

    Those that the daily proof found wrong are added up anew.
    """
    levels = StockLevel.objects.filter(variant__store=context.account.store_id)
    newest = levels.order_by("-updated_at", "-pk")
    moved = list(newest.values_list("variant_id", flat=True)[:PROVEN])
    found = LedgerDifference.objects.filter(variant__store=context.account.store_id)
    known = found.order_by("pk").values_list("variant_id", flat=True)[:PROVEN]
    # In one statement each, or a sale in between would look like a fault: what differs
    # is read once more.
    wrong = differences({*moved, *known})
    if wrong:
        wrong = differences({one.variant_id for one in wrong})
    proven_at = last_proven_at()
    evidence = {
        "levels_proven": len(moved),
        "all_levels_proven_at": proven_at,
    }
    if not wrong:
        return [
            well(
                sentence(
                    "The stock levels that moved last are the sum of their moves."
                ),
                **evidence,
            )
        ]
    return [
        Finding(
            code="stock.ledger",
            cause=counted(
                "%(count)d stock level is not the sum of its movements.",
                "%(count)d stock levels are not the sum of their movements.",
                len(wrong),
            ),
            fix=sentence(
                "Count these variants again: a count sets the level. Then report it "
                "with this evidence, since only a fault of Shoplink or a change made "
                "past it in the database does this."
            ),
            fix_action="amazon-stock-list",
            evidence={"levels": _named(wrong[:SHOWN]), **evidence},
        )
    ]


def _named(wrong: list[LevelDifference]) -> list[str]:
    """Return each level with its numbers and what they should be."""
    variants = {one.variant_id for one in wrong}
    skus = dict(Variant.objects.filter(pk__in=variants).values_list("pk", "sku"))
    places = {one.warehouse_id for one in wrong}
    names = dict(Warehouse.objects.filter(pk__in=places).values_list("pk", "name"))
    return [
        f"{skus.get(one.variant_id, '?')} @ {names.get(one.warehouse_id, '?')}: "
        f"{one.on_hand}/{one.reserved}, "
        f"moves {one.ledger_on_hand}/{one.ledger_reserved}, held {one.held}"
        for one in wrong
    ]
