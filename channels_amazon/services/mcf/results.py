"""Keeps what became of an MCF order, as Amazon tells it; services layer.

Amazon's status never takes an order back: an answer older than what is known changes
nothing. What asks for a person is said once, in the order's state and in the log.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from channels_amazon.models import FulfillmentOrder, FulfillmentPackage, StoreOrder
from channels_amazon.services.diagnostics.entries import Entry, Level, clean, record
from channels_amazon.services.mcf.commitments import lock_fulfillment, release
from channels_amazon.spapi.outbound import (
    OutboundOrder,
    OutboundPackage,
    OutboundStatus,
    PackageStatus,
)
from channels_amazon.wording import Sentence, sentence

State = FulfillmentOrder.State

CANCEL_REFUSED = "fba_orders.cancel_refused"

# An order is read back first after FIRST_POLL, then at intervals that grow with its
# age up to LONGEST_POLL; Amazon's events come sooner.
FIRST_POLL = timedelta(seconds=5)
LONGEST_POLL = timedelta(hours=1)
# A parcel that was never shown as delivered is followed no longer than this.
FOLLOWED = timedelta(days=30)

_STATES = {
    OutboundStatus.RECEIVED: State.RECEIVED,
    OutboundStatus.PLANNING: State.PLANNING,
    OutboundStatus.PROCESSING: State.PROCESSING,
    OutboundStatus.COMPLETE: State.COMPLETE,
    OutboundStatus.COMPLETE_PARTIAL: State.COMPLETE_PARTIAL,
    OutboundStatus.CANCELLED: State.CANCELLED,
    OutboundStatus.UNFULFILLABLE: State.UNFULFILLABLE,
    OutboundStatus.INVALID: State.INVALID,
}
_SHIPPED = (State.COMPLETE, State.COMPLETE_PARTIAL)
# Amazon takes nothing out of the pool for these.
_WITHOUT_UNITS = (State.CANCELLED, State.UNFULFILLABLE, State.INVALID)
# How far along a state is. A lower rank with the same time at Amazon is an old answer.
_RANKS = {
    State.WAITING: 0,
    State.RECEIVED: 1,
    State.PLANNING: 2,
    State.PROCESSING: 3,
    State.CANCELLING: 3,
}


def mark_placed(fulfillment: FulfillmentOrder) -> bool:
    """Keep that Amazon has the order; False when that was known."""
    now = timezone.now()
    waiting = FulfillmentOrder.objects.filter(
        pk=fulfillment.pk, state=State.WAITING, ended_at__isnull=True
    )
    done = waiting.update(
        state=State.RECEIVED,
        placed_at=now,
        next_attempt_at=None,
        next_poll_at=now + FIRST_POLL,
        error_code="",
        error_message="",
    )
    return bool(done)


def mark_refused(
    fulfillment: FulfillmentOrder, *, code: str, reason: str, request_id: str = ""
) -> None:
    """Keep why Amazon did not take the order; its units are free, a person decides."""
    with transaction.atomic():
        row = lock_fulfillment(fulfillment.pk)
        if row.state != State.WAITING:
            return
        row.error_code = clean(code, 80)
        row.error_message = clean(reason, 500)
        _end(row, State.REFUSED)
        text = sentence(
            "Amazon refused to ship order %(order)s from FBA stock: %(reason)s",
            order=row.order.number,
            reason=reason,
        )
        _needs_person(row, text, code="fba_orders.refused", request_id=request_id)


def withdraw(fulfillment: FulfillmentOrder) -> bool:
    """End an order that Amazon surely does not have; False when it is not waiting."""
    with transaction.atomic():
        row = lock_fulfillment(fulfillment.pk)
        if row.state != State.WAITING:
            return False
        _end(row, State.CANCELLED)
        _set_order(row, StoreOrder.State.CANCELLED)
    return True


def take_shown(fulfillment: FulfillmentOrder, shown: OutboundOrder) -> bool:
    """Take over what Amazon shows of the order; tell whether its state changed."""
    with transaction.atomic():
        row = lock_fulfillment(fulfillment.pk)
        before = row.state
        if row.ended_at is not None or _is_older(row, shown):
            return False
        if row.placed_at is None:
            row.placed_at = timezone.now()
        row.amazon_status = clean(shown.amazon_status, 40)
        row.amazon_updated_at = shown.updated_at
        row.next_attempt_at = None
        if row.error_code != CANCEL_REFUSED:
            row.error_code = row.error_message = ""
        _store_packages(row, shown.packages)
        _move(row, shown)
        row.save()
    return bool(row.state != before)


def mark_cancel_sent(fulfillment: FulfillmentOrder) -> None:
    """Keep that Amazon was asked to cancel; reading it back shows what it did."""
    FulfillmentOrder.objects.filter(pk=fulfillment.pk, ended_at__isnull=True).update(
        state=State.CANCELLING, next_poll_at=timezone.now() + FIRST_POLL
    )


def mark_cancel_refused(fulfillment: FulfillmentOrder, reason: str) -> None:
    """Keep that Amazon ships the order although it was to be cancelled, and log it."""
    with transaction.atomic():
        row = lock_fulfillment(fulfillment.pk)
        if row.ended_at is not None or row.cancel_asked_at is None:
            return
        _cancel_refused(row, reason)
        if row.state == State.CANCELLING:
            row.state = State.PROCESSING
        row.next_poll_at = timezone.now() + FIRST_POLL
        row.save()


def _is_older(row: FulfillmentOrder, shown: OutboundOrder) -> bool:
    known = row.amazon_updated_at
    if known is not None and shown.updated_at < known:
        return True
    new = _STATES.get(shown.status)
    before, after = _RANKS.get(State(row.state)), _RANKS.get(new) if new else None
    is_back = before is not None and after is not None and after < before
    return is_back and row.state != State.CANCELLING and known == shown.updated_at


def _move(row: FulfillmentOrder, shown: OutboundOrder) -> None:
    """Bring the row to what Amazon shows, and the order with it."""
    now = timezone.now()
    new = _STATES.get(shown.status)
    if new in _WITHOUT_UNITS:
        _ended_without_units(row, new)
        return
    if new in _SHIPPED:
        _shipped(row, new, now)
        return
    if row.state == State.CANCELLING:
        if not shown.can_cancel:
            _cancel_refused(row, sentence("Amazon is already packing it."))
            row.state = new or State.PROCESSING
    elif new is not None:
        row.state = new
    age = now - (row.placed_at or now)
    row.next_poll_at = now + min(max(age, FIRST_POLL), LONGEST_POLL)


def _shipped(row: FulfillmentOrder, new: str, now: datetime) -> None:
    """Follow the parcels of a complete order to their delivery."""
    is_news = row.state != new
    if is_news and row.cancel_asked_at and row.error_code == "":
        _cancel_refused(row, sentence("Amazon had shipped it already."))
    row.state = new
    packages = list(row.packages.all())
    delivered = [item.delivered_at for item in packages if item.delivered_at]
    if new == State.COMPLETE_PARTIAL:
        if is_news:
            text = sentence(
                "Amazon shipped only a part of order %(order)s: the rest was cancelled "
                "or could not be found.",
                order=row.order.number,
            )
            _needs_person(row, text, code="fba_orders.partial")
    elif row.order.state != StoreOrder.State.DONE:
        _set_order(row, StoreOrder.State.DONE)
    if packages and len(delivered) == len(packages):
        row.ended_at = now
        row.next_poll_at = None
        StoreOrder.objects.filter(pk=row.order_id, delivered_at__isnull=True).update(
            delivered_at=max(delivered)
        )
    elif row.placed_at and now - row.placed_at > FOLLOWED:
        row.ended_at = now
        row.next_poll_at = None
    else:
        row.next_poll_at = now + LONGEST_POLL


def _ended_without_units(row: FulfillmentOrder, new: str) -> None:
    was_asked = row.cancel_asked_at is not None
    _end(row, new)
    if new == State.CANCELLED and was_asked:
        _set_order(row, StoreOrder.State.CANCELLED)
        return
    texts = {
        State.CANCELLED: sentence(
            "Order %(order)s was cancelled at Amazon, though not from here.",
            order=row.order.number,
        ),
        State.UNFULFILLABLE: sentence(
            "Amazon found no sellable unit for order %(order)s.",
            order=row.order.number,
        ),
        State.INVALID: sentence(
            "Amazon calls order %(order)s invalid, as when it cannot deliver to the "
            "address.",
            order=row.order.number,
        ),
    }
    _needs_person(row, texts[State(new)], code=f"fba_orders.{new}")


def _end(row: FulfillmentOrder, state: str) -> None:
    row.state = state
    row.ended_at = timezone.now()
    row.next_attempt_at = row.next_poll_at = None
    row.save()
    release(row)


def _set_order(row: FulfillmentOrder, state: str) -> None:
    StoreOrder.objects.filter(pk=row.order_id).update(state=state)
    row.order.state = state


def _cancel_refused(row: FulfillmentOrder, reason: str) -> None:
    if row.error_code == CANCEL_REFUSED:
        return
    row.error_code = CANCEL_REFUSED
    row.error_message = sentence(
        "Amazon did not cancel the order: %(reason)s", reason=clean(reason, 300)
    )
    record(
        Entry(
            code=row.error_code,
            level=Level.WARNING,
            account=row.account,
            reference=row.order.number,
            message=row.error_message,
            fix=sentence(
                "The order goes on its way. Tell the buyer, and take the parcel back "
                "as a return."
            ),
        )
    )


def _needs_person(
    row: FulfillmentOrder, text: Sentence, *, code: str, request_id: str = ""
) -> None:
    order = row.order
    StoreOrder.objects.filter(pk=order.pk).update(
        state=StoreOrder.State.NEEDS_PERSON,
        decided_why=replace(order.why, trouble=text).to_json(),
    )
    record(
        Entry(
            code=code,
            account=row.account,
            reference=order.number,
            request_id=request_id,
            message=text,
            fix=sentence(
                "Open the store order: mend it and decide again, or ship it yourself."
            ),
        )
    )


def _store_packages(row: FulfillmentOrder, packages: Sequence[OutboundPackage]) -> None:
    known = {item.package_id: item for item in row.packages.all()}
    for package in packages:
        is_delivered = package.status is PackageStatus.DELIVERED
        item = known.get(package.package_id[:80]) or FulfillmentPackage(
            fulfillment=row, package_id=package.package_id[:80]
        )
        item.carrier = (package.carrier or item.carrier)[:80]
        item.tracking_number = (package.tracking_number or item.tracking_number)[:80]
        item.status = package.status.value
        item.arrives_at = package.arrives_at or item.arrives_at
        if is_delivered and item.delivered_at is None:
            item.delivered_at = timezone.now()
        item.save()
