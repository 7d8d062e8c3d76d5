"""Does Amazon show every package that it accepted? health layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, Level, well
from channels_amazon.health.registry import check
from channels_amazon.health.signs import Signs, Subject
from channels_amazon.models import Shipment
from channels_amazon.models.scope import COUNT_CAP
from channels_amazon.wording import counted, sentence

SHOWN = 5


def _signs(of: Subject) -> Sequence[QuerySet[Any, Any]]:
    shipments = Shipment.objects.filter(order__account=of.account)
    return [shipments.not_shown(of.now)]


@check(
    "not_shown",
    group="orders",
    order=3,
    title=gettext_lazy("Shown packages"),
    signs=Signs(rows=_signs),
)
def run(context: CheckContext) -> list[Finding]:
    """Look for packages that Amazon took over an hour ago and does not show."""
    shipments = Shipment.objects.filter(order__account=context.account)
    rows = list(
        shipments.not_shown(context.now)
        .order_by("confirmed_at")
        .values_list("order__amazon_order_id", "package_reference", "confirmed_at")[
            :COUNT_CAP
        ]
    )
    if not rows:
        return [well(sentence("Amazon shows every package that it accepted."))]
    return [
        Finding(
            code="shipment.not_shown",
            level=Level.WARNING,
            cause=counted(
                "%(count)d package was accepted by Amazon over an hour ago, "
                "and it does not show it with its order.",
                "%(count)d packages were accepted by Amazon over an hour "
                "ago, and it does not show them with their orders.",
                len(rows),
            ),
            fix=sentence(
                "Open each order in Seller Central: it must not stay unshipped past "
                "its ship-by time. Confirm it there if it is not."
            ),
            fix_action="amazon-shipment-board",
            evidence={
                "packages": len(rows),
                "orders": [f"{order} #{number}" for order, number, _at in rows[:SHOWN]],
                "since": rows[0][2],
            },
        )
    ]
