"""Do orders arrive with their recipients? health layer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from cryptography.fernet import InvalidToken
from django.utils.translation import gettext_lazy

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, Level, unproven, well
from channels_amazon.health.registry import Cost, check
from channels_amazon.models import Order, OrderPersonalData, load_secret
from channels_amazon.services.orders.data_sets import asks_for_people
from channels_amazon.wording import Sentence, counted, sentence

LOOK_BACK = timedelta(days=14)
# Newest orders to look at: enough to tell a missing role from an odd order.
LOOK_AT = 50
_NOTHING_TO_SEE = sentence("No order to ship came lately, so there is nothing to see.")


@check(
    "personal_data",
    group="permissions",
    order=3,
    title=gettext_lazy("Recipients of orders"),
    cost=Cost.MANY_ROWS,
)
def run(context: CheckContext) -> list[Finding]:
    """Count complete orders to ship that came without a recipient.

    An order that Amazon changed since it was read tells nothing yet: its recipient may
    come with the next reading.
    """
    # Amazon shows a recipient only from the moment an order may be shipped.
    orders = (
        Order.objects.to_ship()
        .filter(
            account=context.account,
            completed_at__gte=context.now - LOOK_BACK,
            stale_since__isnull=True,
        )
        .order_by("-completed_at")
    )
    rows = dict(orders.values_list("pk", "amazon_order_id")[:LOOK_AT])
    if not rows:
        return [unproven(_NOTHING_TO_SEE)]
    with_none = _without_recipient(rows)
    if not with_none:
        text = sentence("Orders to ship come with their recipients.")
        return [well(text, orders=len(rows))]
    is_asked = asks_for_people(context.account)
    return [
        Finding(
            code="permission.personal_data_missing",
            level=Level.WARNING,
            cause=_cause(len(with_none), len(rows), is_asked=is_asked),
            fix=sentence(
                "Stock, prices and order lines work all the same. For addresses apply "
                "for the restricted role “Direct-to-Consumer Shipping” in the "
                "Solution Provider Portal, then authorise the account again."
            ),
            evidence={
                "orders": with_none[:5],
                "without": len(with_none),
                "asked_for": is_asked,
            },
        )
    ]


def _cause(without: int, looked_at: int, *, is_asked: bool) -> Sentence:
    if is_asked:
        return counted(
            "The last order to ship came without a recipient, although it was asked "
            "for.",
            "%(without)d of the last %(count)d orders to ship came without a "
            "recipient, although it was asked for.",
            looked_at,
            without=without,
        )
    return counted(
        "The last order to ship came without a recipient: it is not asked for, since "
        "Amazon says that the role for it is missing.",
        "%(without)d of the last %(count)d orders to ship came without a recipient: it "
        "is not asked for, since Amazon says that the role for it is missing.",
        looked_at,
        without=without,
    )


def _without_recipient(orders: dict[int, str]) -> list[str]:
    """Return the ids of the orders of which neither a name nor a street is known."""
    known = set()
    for order_id in OrderPersonalData.objects.filter(order__in=orders).values_list(
        "order_id", flat=True
    ):
        if _has_recipient(order_id):
            known.add(order_id)
    return [amazon_id for pk, amazon_id in orders.items() if pk not in known]


def _has_recipient(order_id: int) -> bool:
    """Tell whether a name or a street is known; an unreadable one was there once."""
    try:
        row = OrderPersonalData.objects.get(order=order_id)
    except InvalidToken:
        return True
    return _names_someone(load_secret(row.recipient))


def _names_someone(value: Any) -> bool:
    # City and country are no personal data: Amazon gives them without the role.
    if not isinstance(value, dict):
        return False
    return any(
        bool(inner) and (key in {"name", "addressLine1"} or _names_someone(inner))
        for key, inner in value.items()
    )
