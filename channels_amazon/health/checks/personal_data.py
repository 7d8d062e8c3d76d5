"""Do orders arrive with their recipients? health layer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from cryptography.fernet import InvalidToken
from django.utils.translation import gettext_lazy

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, Level, well
from channels_amazon.health.registry import check
from channels_amazon.models import Order, OrderPersonalData, load_secret
from channels_amazon.wording import sentence

Status = Order.Status

LOOK_BACK = timedelta(days=14)
# Amazon shows a recipient only from the moment an order may be shipped.
SHOWN_IN = (Status.UNSHIPPED, Status.PARTIALLY_SHIPPED)
LOOK_AT = 50


@check(
    "personal_data",
    group="permissions",
    order=3,
    title=gettext_lazy("Recipients of orders"),
)
def run(context: CheckContext) -> list[Finding]:
    """Count complete orders to ship that came without a recipient."""
    orders = Order.objects.filter(
        account=context.account,
        fulfilled_by=Order.FulfilledBy.MERCHANT,
        status__in=SHOWN_IN,
        completed_at__gte=context.now - LOOK_BACK,
    ).order_by("-completed_at")
    rows = list(orders[:LOOK_AT])
    if not rows:
        return [
            well(sentence("No order to ship came lately, so there is nothing to see."))
        ]
    with_none = [row.amazon_order_id for row in rows if not _has_recipient(row)]
    if not with_none:
        text = sentence("Orders to ship come with their recipients.")
        return [well(text, orders=len(rows))]
    return [
        Finding(
            code="permission.personal_data_missing",
            level=Level.WARNING,
            cause=sentence(
                "%(count)d of the last %(all)d orders to ship came without a "
                "recipient, although it was asked for.",
                count=len(with_none),
                all=len(rows),
            ),
            fix=sentence(
                "Stock, prices and order lines work all the same. For addresses apply "
                "for the restricted role “Direct-to-Consumer Shipping” in the "
                "Solution Provider Portal, then authorise the account again."
            ),
            evidence={"orders": with_none[:5], "without": len(with_none)},
        )
    ]


def _has_recipient(order: Order) -> bool:
    """Tell whether a name or a street is known; an unreadable one was there once."""
    try:
        row = OrderPersonalData.objects.filter(order=order).first()
        return row is not None and _names_someone(load_secret(row.recipient))
    except InvalidToken:
        return True


def _names_someone(value: Any) -> bool:
    # City and country are no personal data: Amazon gives them without the role.
    if not isinstance(value, dict):
        return False
    return any(
        bool(inner) and (key in {"name", "addressLine1"} or _names_someone(inner))
        for key, inner in value.items()
    )
