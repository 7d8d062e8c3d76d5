"""Tells what happened to an order, one thing after another; views layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from channels_amazon.models import (
    ApiCall,
    DiagnosticEntry,
    Notification,
    Order,
    Shipment,
    translated,
)
from channels_amazon.services.diagnostics.export import LogKind
from channels_amazon.views.orders.status_line import stamps

# The newest of each kind; an order that needs more is told by the logs.
ROWS = 40


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened, with `after` seconds since the one before it.

    `kind` is what the table calls it, `state` its shape, `code` what it can be
    searched by.
    """

    at: datetime
    kind: str
    state: str
    text: str
    code: str = ""
    link: str = ""
    after: float | None = None


def timeline(order: Order) -> list[Moment]:
    """Return what is known to have happened, oldest first, at most ROWS of a kind."""
    found = [
        *_stamps(order),
        *_messages(order),
        *_calls(order),
        *_entries(order),
        *_packages(order),
    ]
    found.sort(key=lambda moment: moment.at)
    return list(_with_gaps(found))


def _with_gaps(moments: list[Moment]) -> Iterator[Moment]:
    before: datetime | None = None
    for one in moments:
        after = (one.at - before).total_seconds() if before else None
        yield Moment(one.at, one.kind, one.state, one.text, one.code, one.link, after)
        before = one.at


def _stamps(order: Order) -> Iterator[Moment]:
    for stamp in stamps(order):
        if stamp.at is not None:
            yield Moment(stamp.at, _("Stamp"), "ok", stamp.name)


def _messages(order: Order) -> Iterator[Moment]:
    rows = Notification.objects.filter(
        account=order.account_id, amazon_order_id=order.amazon_order_id
    ).defer("body")
    for row in rows.order_by("-pk")[:ROWS]:
        is_quarantined = row.state == Notification.State.QUARANTINED
        link = (
            reverse("amazon-quarantine-detail", args=[row.pk]) if is_quarantined else ""
        )
        text = _("%(state)s, delivered %(count)d ×") % {
            "state": row.get_state_display(),
            "count": row.deliveries,
        }
        yield Moment(
            row.received_at,
            _("Event"),
            "warning" if is_quarantined else "info",
            text,
            row.code,
            link,
        )


def _calls(order: Order) -> Iterator[Moment]:
    rows = ApiCall.objects.filter(
        account=order.account_id, reference=order.amazon_order_id
    ).defer("exchange")
    for row in rows.order_by("-pk")[:ROWS]:
        is_well = row.status is not None and row.status < 300
        text = _("%(operation)s, answered %(status)s in %(took)d ms") % {
            "operation": row.operation,
            "status": row.status or _("nothing"),
            "took": row.latency_ms,
        }
        yield Moment(
            row.started_at,
            _("Call to Amazon"),
            "info" if is_well else "warning",
            text,
            row.request_id,
            reverse("amazon-log-detail", args=[LogKind.CALLS, row.pk]),
        )


def _entries(order: Order) -> Iterator[Moment]:
    rows = DiagnosticEntry.objects.filter(
        account=order.account_id, reference=order.amazon_order_id
    )
    for row in rows.order_by("-pk")[:ROWS]:
        yield Moment(
            row.at,
            _("Log"),
            row.level,
            translated(row.message),
            row.code,
            reverse("amazon-log-detail", args=[LogKind.EVENTS, row.pk]),
        )


def _packages(order: Order) -> Iterator[Moment]:
    # Prefetched for the page; only the newest, as of everything else.
    for row in list(order.shipments.all())[-ROWS:]:
        yield from _package(row)


def _package(row: Shipment) -> Iterator[Moment]:
    values = {"number": row.package_reference}
    told = (
        (row.created_at, _("Package %(number)d was entered.")),
        (row.confirmed_at, _("Amazon accepted package %(number)d.")),
        (row.verified_at, _("Amazon shows package %(number)d.")),
    )
    for at, text in told:
        if at is not None:
            yield Moment(at, _("Package"), "ok", text % values, row.tracking_number)
