"""Does something wait that could not be taken in? health layer."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, Level, well
from channels_amazon.health.registry import check
from channels_amazon.models import Order
from channels_amazon.services.health.set_aside import SetAside, set_aside
from channels_amazon.wording import Sentence, listed, sentence

SHOWN = 5


@check("set_aside", group="orders", order=4, title=gettext_lazy("Set aside"))
def run(context: CheckContext) -> list[Finding]:
    """Count orders, messages and report rows in quarantine, and ownerless parcels."""
    found = set_aside([context.account], context.now)
    if not found.total:
        return [well(sentence("Everything that came was taken in."))]
    orders = Order.objects.filter(account=context.account).in_quarantine()
    return [
        Finding(
            code="orders.set_aside",
            # An order that cannot be read is a paid one that nobody may ship.
            level=Level.ERROR if found.orders else Level.WARNING,
            cause=sentence("Set aside: %(what)s.", what=listed(_parts(found))),
            fix=sentence(
                "Open the quarantine: replay what can be read now, discard what cannot "
                "matter. Correct the order id of a parcel, or discard it."
            ),
            fix_action=(
                "amazon-quarantine-list"
                if found.orders or found.messages
                else "amazon-parcel-list"
            ),
            evidence={
                "orders_in_quarantine": found.orders,
                "messages_in_quarantine": found.messages,
                "report_rows_in_quarantine": found.report_rows,
                "parcels_of_unknown_orders": found.parcels,
                "orders": list(
                    orders.order_by("stale_since").values_list(
                        "amazon_order_id", flat=True
                    )[:SHOWN]
                ),
                "oldest_at": found.oldest_at,
            },
        )
    ]


def _parts(found: SetAside) -> list[Sentence]:
    parts = [
        (found.orders, sentence("orders that cannot be read: %(n)d", n=found.orders)),
        (found.messages, sentence("messages of Amazon's: %(n)d", n=found.messages)),
        (found.report_rows, sentence("rows of reports: %(n)d", n=found.report_rows)),
        (
            found.parcels,
            sentence("parcels of an order nobody knows: %(n)d", n=found.parcels),
        ),
    ]
    return [text for number, text in parts if number]
