"""Is each stock level the sum of its movements? health layer."""

from __future__ import annotations

from django.db.models import Sum
from django.utils.translation import gettext_lazy

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, well
from channels_amazon.health.registry import Cost, check
from channels_amazon.models import Reservation, StockLevel, StockMovement
from channels_amazon.wording import counted, sentence

# Levels to prove, those that moved last first: where something goes wrong, it does so
# in what moves.
PROVEN = 200
SHOWN = 10

Pair = tuple[int, int]


@check(
    "ledger",
    group="stock",
    order=3,
    title=gettext_lazy("Stock ledger"),
    cost=Cost.MANY_ROWS,
)
def run(context: CheckContext) -> list[Finding]:
    """Add up the movements of the levels that changed last, and their reservations."""
    levels = StockLevel.objects.filter(variant__store=context.account.store_id)
    rows = list(
        levels.select_related("variant", "warehouse").order_by("-updated_at", "-pk")[
            :PROVEN
        ]
    )
    # In one statement each, or a sale in between would look like a fault: what differs
    # is read once more.
    wrong = _differing(rows)
    if wrong:
        again = StockLevel.objects.select_related("variant", "warehouse")
        wrong = _differing(list(again.filter(pk__in=[level.pk for level, _s in wrong])))
    if not wrong:
        return [
            well(
                sentence(
                    "The stock levels that moved last are the sum of their moves."
                ),
                levels_proven=len(rows),
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
            evidence={
                "levels": [
                    f"{level}: {level.on_hand}/{level.reserved}, {said}"
                    for level, said in wrong[:SHOWN]
                ],
                "levels_proven": len(rows),
            },
        )
    ]


def _differing(levels: list[StockLevel]) -> list[tuple[StockLevel, str]]:
    """Return the levels that movements or reservations contradict, with their sums."""
    variants = [level.variant_id for level in levels]
    pair = ("variant_id", "warehouse_id")
    moves = StockMovement.objects.filter(variant__in=variants).order_by()
    sums: dict[Pair, Pair] = {
        (row["variant_id"], row["warehouse_id"]): (row["hand"], row["kept"])
        for row in moves.values(*pair).annotate(
            hand=Sum("on_hand_delta"), kept=Sum("reserved_delta")
        )
    }
    holds = Reservation.objects.filter(variant__in=variants).order_by()
    held = {
        (row["variant_id"], row["warehouse_id"]): row["units"]
        for row in holds.values(*pair).annotate(units=Sum("quantity"))
    }
    found = []
    for level in levels:
        key = (level.variant_id, level.warehouse_id)
        hand, kept = sums.get(key, (0, 0))
        if (level.on_hand, level.reserved) != (hand, kept) or kept != held.get(key, 0):
            found.append((level, f"moves {hand}/{kept}, held {held.get(key, 0)}"))
    return found
