"""Does the store's address take what is sent to it? health layer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, Level, well
from channels_amazon.health.registry import check
from channels_amazon.health.signs import Signs, Subject
from channels_amazon.models import Order, StoreEndpoint
from channels_amazon.wording import sentence

# A shop that restarts is back by then.
ERROR_AFTER = timedelta(hours=1)


def _signs(of: Subject) -> Sequence[QuerySet[Any, Any]]:
    own = StoreEndpoint.objects.filter(store=of.store, is_active=True)
    return [own.filter(failing_since__isnull=False)]


@check(
    "webhook",
    group="orders",
    order=6,
    title=gettext_lazy("Messages to the store"),
    signs=Signs(rows=_signs),
)
def run(context: CheckContext) -> list[Finding]:
    """Look how long the store's address has been refusing, or silent."""
    endpoint = (
        StoreEndpoint.objects.filter(store=context.account.store_id, is_active=True)
        # A lost key must not keep the check from looking.
        .defer("secret")
        .first()
    )
    if endpoint is None:
        return [
            well(sentence("No address for messages is set, or it is switched off."))
        ]
    host = urlsplit(endpoint.url).hostname or ""
    if endpoint.failing_since is None:
        text = sentence("The store's address takes what is sent to it.")
        return [well(text, host=host, last_ok_at=endpoint.last_ok_at)]
    waiting = Order.objects.filter(
        account=context.account, webhook_pending_since__isnull=False
    )
    age = context.now - endpoint.failing_since
    return [
        Finding(
            code="webhook.failing",
            level=Level.ERROR if age > ERROR_AFTER else Level.WARNING,
            cause=sentence(
                "The store's address at %(host)s has taken no message for %(minutes)d "
                "min: %(why)s",
                host=host,
                minutes=round(age.total_seconds() / 60),
                why=endpoint.error_message or endpoint.error_code,
            ),
            fix=sentence(
                "Look at the shop's log at these times, then send a test. Nothing is "
                "lost: what waits is sent as soon as the address answers."
            ),
            fix_action="amazon-store-endpoint",
            evidence={
                "host": host,
                "error": endpoint.error_code,
                "since": endpoint.failing_since,
                "last_ok_at": endpoint.last_ok_at,
                "orders_waiting": waiting.capped_count(),
            },
        )
    ]
