"""Tells where an order stands: its next step, its stamps, its links; views layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from django.utils.translation import gettext as _

from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.models import Order, Shipment, translated
from channels_amazon.rules.local_times import TO_THE_MINUTE
from channels_amazon.views.local_time import local
from channels_amazon.views.standstill import standstill_of, why_halted

Status = Order.Status


@dataclass(frozen=True, slots=True)
class NextStep:
    """What an order asks for: how pressing, and the sentence that says so."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Stamp:
    """One moment of the order's way here; `after` is seconds since the one before."""

    name: str
    at: datetime | None
    after: float | None


def next_step(order: Order, now: datetime, *, is_worker_alive: bool) -> NextStep:
    """Return the one sentence that says whether the order needs somebody."""
    return (
        _disconnected(order)
        or _trouble(order, now)
        or _at_standstill(order, is_worker_alive=is_worker_alive)
        or _shipping(order, now)
        or _from_status(order, is_worker_alive=is_worker_alive)
    )


def stamps(order: Order) -> list[Stamp]:
    """Return the five stamps in the order of time, those that are not set last.

    The order's data may be there before its event is: each has the time since the one
    before it.
    """
    named = [
        (_("Changed at Amazon"), order.changed_at),
        (_("Event seen"), order.event_seen_at),
        (_("Stock reserved"), order.reserved_at),
        (_("Complete"), order.completed_at),
        (_("Store told"), order.webhook_sent_at),
    ]
    told = sorted(
        ((name, at) for name, at in named if at is not None), key=lambda pair: pair[1]
    )
    shown = []
    before: datetime | None = None
    for name, at in told:
        after = (at - before).total_seconds() if before is not None else None
        shown.append(Stamp(name, at, after))
        before = at
    return shown + [Stamp(name, None, None) for name, at in named if at is None]


def seller_central(order: Order) -> str:
    """Return the order's address in Seller Central, "" for a marketplace unknown."""
    marketplace = MARKETPLACES.get(order.marketplace_id)
    if marketplace is None:
        return ""
    return (
        f"{marketplace.seller_central}/orders-v3/order/{quote(order.amazon_order_id)}"
    )


def _answer_buyer(order: Order, now: datetime) -> NextStep:
    until = order.cancel_notify_at
    if until is None:
        return NextStep(
            "warning", _("The buyer asks to cancel: do not ship before you decided.")
        )
    if until < now:
        return NextStep(
            "error",
            _(
                "The buyer asks to cancel, and Amazon's time for an answer has "
                "passed: decide now."
            ),
        )
    return NextStep(
        "warning",
        _("The buyer asks to cancel: decide before %(until)s, do not ship until then.")
        % {"until": local(until, TO_THE_MINUTE)},
    )


def _disconnected(order: Order) -> NextStep | None:
    if not order.is_to_ship or not order.account.is_disconnected:
        return None
    return NextStep(
        "off",
        _(
            "The account is disconnected: nothing of this order is read or sent. Ship "
            "it in Seller Central, or connect the account again."
        ),
    )


def _at_standstill(order: Order, *, is_worker_alive: bool) -> NextStep | None:
    """Tell of an order that ships, of which Amazon cannot be told yet."""
    account = order.account
    standstill = standstill_of(account, is_worker_alive=is_worker_alive)
    if standstill is None or not order.is_to_ship:
        return None
    kind = "waiting" if account.is_connected else "error"
    states = {item.state for item in order.shipments.all()}
    if Shipment.State.WAITING in states:
        return NextStep(kind, " ".join((_("A package waits here."), standstill.text)))
    if account.is_connected:
        # Whoever ships it says so here all the same, and is told then.
        return None
    if Shipment.State.CONFIRMED in states:
        return NextStep(
            "error",
            _(
                "Amazon has accepted a package: whether it shows it is looked at once "
                "the account is authorised again."
            ),
        )
    return NextStep(
        "error",
        _(
            "The account has to be authorised again. Ship the order all the same: "
            "Amazon is told of what you enter once the account is authorised."
        ),
    )


def _trouble(order: Order, now: datetime) -> NextStep | None:
    if order.quarantine_code:
        return NextStep(
            "error", translated(order.quarantine_message) or order.quarantine_code
        )
    if any(item.is_refused for item in order.shipments.all()):
        return NextStep(
            "error",
            _(
                "Amazon refused a package: mend what it says and send it again, or "
                "discard it if the order was shipped in another way."
            ),
        )
    if order.asks_to_cancel and not order.is_fba:
        return _answer_buyer(order, now)
    if order.has_unmatched:
        return NextStep(
            "warning",
            _("A line has a SKU that the store does not know: it holds no stock."),
        )
    if order.has_shortage:
        return NextStep(
            "warning", _("There is less stock than ordered: this is a backorder.")
        )
    return None


def _shipping(order: Order, now: datetime) -> NextStep | None:
    if not order.awaits_parcel:
        return None
    if order.is_fba:
        return NextStep("info", _("Amazon ships this order: nothing to do."))
    if any(item.state in Shipment.OPEN for item in order.shipments.all()):
        return NextStep("busy", _("A package is on its way to Amazon's records."))
    if not order.is_to_ship:
        return NextStep("waiting", _("Amazon has not said yet who ships it."))
    if order.is_late(now):
        return NextStep("error", _("Ship it now: its ship-by time has passed."))
    return NextStep("info", _("Ship it and enter the tracking number below."))


def _from_status(order: Order, *, is_worker_alive: bool) -> NextStep:
    if order.stale_since:
        why = why_halted(order.account, is_worker_alive=is_worker_alive)
        if why:
            text = _("Amazon knows more, which is not fetched now: %(why)s.")
            return NextStep("waiting", text % {"why": why})
        return NextStep("waiting", _("Amazon knows more: the order is being fetched."))
    texts = {
        Status.PENDING_AVAILABILITY: ("waiting", _("A pre-order: Amazon waits.")),
        Status.PENDING: (
            "waiting",
            _("Payment is not settled yet: stock is held, do not ship."),
        ),
        Status.SHIPPED: ("ok", _("Shipped: nothing to do.")),
        Status.CANCELLED: ("off", _("Cancelled: nothing to do, its stock is free.")),
        Status.UNFULFILLABLE: (
            "error",
            _("Amazon cannot fulfil it: look at it in Seller Central."),
        ),
        Status.UNKNOWN: (
            "warning",
            _("Amazon gave it a status we do not know: look at it in Seller Central."),
        ),
    }
    known = texts.get(Status(order.status))
    if known is None:
        return NextStep("waiting", _("The order is not complete yet."))
    return NextStep(*known)
