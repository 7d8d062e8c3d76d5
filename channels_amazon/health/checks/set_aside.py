"""Does something wait that could not be taken in? health layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, Level, well
from channels_amazon.health.registry import check
from channels_amazon.health.signs import Signs, Subject
from channels_amazon.models import Order
from channels_amazon.services.health.set_aside import (
    SetAside,
    rows_set_aside,
    set_aside,
)
from channels_amazon.wording import Sentence, listed, sentence

SHOWN = 5


def _signs(of: Subject) -> Sequence[QuerySet[Any, Any]]:
    rows = rows_set_aside(Q(account=of.account), Q(store=of.store), of.now)
    return rows.orders, rows.messages, rows.reports, rows.parcels


@check(
    "set_aside",
    group="orders",
    order=4,
    title=gettext_lazy("Set aside"),
    signs=Signs(rows=_signs),
)
def run(context: CheckContext) -> list[Finding]:
    """Count orders, messages and report rows in quarantine, and ownerless parcels.

    Each kind is looked at on a page of its own, so it is a finding of its own.
    """
    found = set_aside([context.account], context.now)
    if not found.total:
        return [well(sentence("Everything that came was taken in."))]
    findings = []
    if found.orders or found.messages:
        findings.append(_quarantine(context, found))
    if found.report_rows:
        findings.append(_report_rows(found))
    if found.parcels:
        findings.append(_parcels(found))
    return findings


def _quarantine(context: CheckContext, found: SetAside) -> Finding:
    orders = Order.objects.filter(account=context.account).in_quarantine()
    ids = orders.order_by("stale_since").values_list("amazon_order_id", flat=True)
    what = []
    if found.orders:
        what.append(sentence("orders that cannot be read: %(n)d", n=found.orders))
    if found.messages:
        what.append(sentence("messages of Amazon's: %(n)d", n=found.messages))
    return Finding(
        code="orders.set_aside",
        # An order that cannot be read is a paid one that nobody may ship.
        level=Level.ERROR if found.orders else Level.WARNING,
        cause=_cause(what),
        fix=sentence(
            "Open the quarantine: replay what can be read now, discard what cannot "
            "matter."
        ),
        fix_action="amazon-quarantine-list",
        evidence={
            "about": "quarantine",
            "orders_in_quarantine": found.orders,
            "messages_in_quarantine": found.messages,
            "orders": list(ids[:SHOWN]),
            "oldest_at": found.quarantined_at,
        },
    )


def _report_rows(found: SetAside) -> Finding:
    return Finding(
        code="orders.set_aside",
        level=Level.WARNING,
        cause=_cause([sentence("rows of reports: %(n)d", n=found.report_rows)]),
        fix=sentence(
            "Look in the list of reconciliations which report it was, and compare its "
            "hours with Seller Central. The order sweep brings what a report does not."
        ),
        fix_action="amazon-reconciliation-list",
        evidence={
            "about": "report_rows",
            "report_rows_in_quarantine": found.report_rows,
            "oldest_at": found.report_read_at,
        },
    )


def _parcels(found: SetAside) -> Finding:
    number = found.parcels
    return Finding(
        code="orders.set_aside",
        level=Level.WARNING,
        cause=_cause([sentence("parcels of an order nobody knows: %(n)d", n=number)]),
        fix=sentence("Correct the order id of each parcel, or discard it."),
        fix_action="amazon-parcel-list",
        evidence={
            "about": "parcels",
            "parcels_of_unknown_orders": number,
            "oldest_at": found.parcel_at,
        },
    )


def _cause(what: list[Sentence]) -> Sentence:
    return sentence("Set aside: %(what)s.", what=listed(what))
