"""Does Amazon list orders, or do reports stand in for the sweep? health layer."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, Level, unproven, well
from channels_amazon.health.registry import check
from channels_amazon.health.signs import Signs, Subject
from channels_amazon.models import ApiCall, DiagnosticEntry
from channels_amazon.services.orders import refused_search
from channels_amazon.spapi.operations import SEARCH_ORDERS
from channels_amazon.wording import sentence


def _signs(of: Subject) -> Sequence[QuerySet[Any, Any]]:
    return [refused_search.refused_jobs().filter(account=of.account)]


@check(
    "order_search",
    group="orders",
    order=7,
    title=gettext_lazy("Order search"),
    signs=Signs(rows=_signs),
)
def run(context: CheckContext) -> list[Finding]:
    """See whether the sweep was refused its pages; no search is spent on it."""
    since = refused_search.refused_since([context.account]).get(context.account.pk)
    if since is None:
        return [_not_refused(context)]
    told = DiagnosticEntry.objects.filter(
        account=context.account, code=refused_search.CODE
    ).first()
    return [
        Finding(
            code=refused_search.CODE,
            level=Level.WARNING,
            cause=refused_search.REFUSED,
            fix=sentence(
                "Nothing is lost by it. If it stays, ask Amazon's developer support "
                "with the request id."
            ),
            evidence={
                "operation": SEARCH_ORDERS.name,
                "since": since,
                "request_id": told.request_id if told else "",
            },
        )
    ]


def _not_refused(context: CheckContext) -> Finding:
    """Say what the last search proves; a single refusal leads to no report yet."""
    last = (
        ApiCall.objects.filter(account=context.account, operation=SEARCH_ORDERS.name)
        .order_by("-started_at", "-pk")
        .values_list("status", "started_at")
        .first()
    )
    if last is None or last[0] != HTTPStatus.OK:
        return unproven(
            sentence("The last search of orders, if there was one, brought nothing."),
            last_status=last[0] if last else None,
            last_at=last[1] if last else None,
        )
    return well(sentence("Amazon does not refuse the search of orders."))
