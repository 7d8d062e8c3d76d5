"""Says what looks wrong with tracking numbers that were entered; services layer.

It stops nothing: two orders may leave in one parcel, and carriers get new numbers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from django.utils.translation import gettext as _

from channels_amazon.models import Order, Shipment
from channels_amazon.rules.shipping.tracking import number_key
from channels_amazon.services.shipping.shipments import ShipmentDraft
from channels_amazon.services.shipping.tracking_doubts import tracking_warning

# Among so many packages, the newest of the installation, a number is looked for: one
# that was taken twice by mistake was taken lately, and carriers use theirs again.
NEWEST = 10_000
# A warning names so many orders.
_MOST_NAMED = 3

Entered = Sequence[tuple[Order, ShipmentDraft]]


def number_warnings(entered: Entered) -> dict[int, list[str]]:
    """Return by the order's id what looks wrong with its tracking number.

    Another package of the same order is no other order. One query, however many orders.
    """
    together = defaultdict(list)
    for order, draft in entered:
        together[number_key(draft.tracking)].append(order.amazon_order_id)
    taken = _taken(entered)
    warnings: dict[int, list[str]] = {}
    for order, draft in entered:
        key = number_key(draft.tracking)
        here = [one for one in together[key] if one != order.amazon_order_id]
        there = taken.get((order.account.store_id, key), set())
        warnings[order.pk] = [
            text
            for text in (
                tracking_warning(draft.carrier_code, draft.tracking),
                _of_the_selection(here),
                _of_a_package(there - {order.amazon_order_id}),
            )
            if text
        ]
    return warnings


def _of_the_selection(order_ids: Sequence[str]) -> str:
    text = _("The same tracking number is entered for %(orders)s, too.")
    return text % {"orders": _named(order_ids)} if order_ids else ""


def _of_a_package(order_ids: Collection[str]) -> str:
    text = _("A package of %(orders)s has this tracking number already.")
    return text % {"orders": _named(sorted(order_ids))} if order_ids else ""


def _named(order_ids: Sequence[str]) -> str:
    more = ", …" if len(order_ids) > _MOST_NAMED else ""
    return ", ".join(order_ids[:_MOST_NAMED]) + more


def _taken(entered: Entered) -> dict[tuple[int, str], set[str]]:
    """Return the orders of the same stores whose packages have these numbers."""
    numbers = {draft.tracking for _order, draft in entered}
    spelled = {
        way
        for number in numbers
        for way in (number, number.upper(), number.lower(), number_key(number).upper())
    }
    if not spelled:
        return {}
    newest = Shipment.objects.order_by("-pk").values("pk")[:NEWEST]
    rows = Shipment.objects.packed().filter(
        pk__in=newest,
        tracking_number__in=spelled,
        order__account__store__in={order.account.store_id for order, _draft in entered},
    )
    taken = defaultdict(set)
    for store_id, number, order_id in rows.order_by().values_list(
        "order__account__store_id", "tracking_number", "order__amazon_order_id"
    ):
        taken[store_id, number_key(number)].add(order_id)
    return taken
