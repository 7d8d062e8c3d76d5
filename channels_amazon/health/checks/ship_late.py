"""Do orders wait past their latest ship time? health layer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, Level, well
from channels_amazon.health.registry import check
from channels_amazon.health.signs import Signs, Subject
from channels_amazon.models import Order, Shipment
from channels_amazon.models.order import OrderQuerySet
from channels_amazon.models.scope import COUNT_CAP
from channels_amazon.rules.shipping.lateness import DUE_SOON
from channels_amazon.wording import counted, sentence

SHOWN = 5


def _signs(of: Subject) -> Sequence[QuerySet[Any, Any]]:
    own = Order.objects.filter(account=of.account)
    return [own.to_ship().filter(ship_by__lt=of.now + DUE_SOON)]


@check(
    "ship_late",
    group="orders",
    order=1,
    title=gettext_lazy("Latest ship times"),
    signs=Signs(rows=_signs),
)
def run(context: CheckContext) -> list[Finding]:
    """Count the merchant's unshipped orders that are past their time, or due soon."""
    orders: OrderQuerySet = Order.objects.filter(account=context.account)
    near = orders.to_ship().filter(ship_by__lt=context.now + DUE_SOON)
    facts = near.order_by("ship_by", "pk").values_list(
        "pk", "amazon_order_id", "ship_by"
    )
    rows = list(facts[:COUNT_CAP])
    if not rows:
        return [well(sentence("No order is past its latest ship time, or near it."))]
    pks = [pk for pk, _order_id, _at in rows]
    late = Order.objects.late(context.now).filter(pk__in=pks).count()
    packed = Shipment.objects.filter(order__in=pks, state=Shipment.State.WAITING)
    evidence = {
        "late": late,
        "near": len(rows) - late,
        "orders": [order_id for _pk, order_id, _at in rows[:SHOWN]],
        "oldest_ship_by": rows[0][2],
        "packages_not_confirmed": packed.values("order_id").distinct().count(),
    }
    if late:
        cause = counted(
            "%(count)d order is past its latest ship time and not "
            "confirmed as shipped.",
            "%(count)d orders are past their latest ship time and not "
            "confirmed as shipped.",
            late,
        )
    else:
        cause = counted(
            "%(count)d order must be confirmed as shipped within %(hours)d hours.",
            "%(count)d orders must be confirmed as shipped within %(hours)d hours.",
            len(rows),
            hours=DUE_SOON // timedelta(hours=1),
        )
    return [
        Finding(
            code="orders.ship_late",
            level=Level.ERROR if late else Level.WARNING,
            cause=cause,
            fix=sentence(
                "Open the late-shipment board: it says order by order what hinders. "
                "Ship the overdue ones first; what left already, confirm at once."
            ),
            fix_action="amazon-shipment-board",
            evidence=evidence,
        )
    ]
