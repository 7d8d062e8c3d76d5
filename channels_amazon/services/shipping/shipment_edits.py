"""Edits a shipment that Amazon may have already; services layer.

The same package number is sent again, which edits the package at Amazon. Each edit
is a revision of its own: an answer to an earlier one says nothing about a later one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from channels_amazon.models import Order, OrderLine, Shipment, ShipmentLine, SyncJob
from channels_amazon.rules.shipping.carriers import OTHER, Carrier, match_carrier
from channels_amazon.services.diagnostics.entries import Entry, clean, record
from channels_amazon.services.jobs import lifecycle
from channels_amazon.services.shipping import shipments
from channels_amazon.services.shipping.rejections import Rejection
from channels_amazon.services.shipping.shipments import ShipmentDraft, ShipmentError
from channels_amazon.services.stock.reservations import reconcile_order
from channels_amazon.spapi.orders import Package
from channels_amazon.wording import Sentence, listed, sentence, together

State = Shipment.State

# The shipments of a completely shipped order can still be corrected.
EDITABLE = (*Order.TO_SHIP, Order.Status.SHIPPED)
# The form shows minutes: a ship date that differs by less was not edited.
_MINUTE = timedelta(minutes=1)


def edit_shipment(shipment: Shipment, *, draft: ShipmentDraft, actor: str) -> Shipment:
    """Change a shipment and have it sent to Amazon again under its number.

    The stock moves by the difference of the units. An edit that changes nothing does
    nothing, so that a form sent twice edits once. `draft.warehouse` is ignored: the
    shipment has left from its warehouse. Raises ShipmentError for an invalid draft.
    """
    with transaction.atomic():
        order = shipments.lock_order(shipment.order_id)
        row = Shipment.objects.filter(pk=shipment.pk, order=order).first()
        if row is None:
            raise ShipmentError(_("The package is not there any more."))
        row.order = order
        if not row.is_packed:
            raise ShipmentError(
                _("Amazon refused this package: ship its units again instead.")
            )
        shipments.check_order(order, EDITABLE)
        shipments.check_carrier(draft)
        lines = shipments.check_quantities(draft.quantities, units_free(row))
        changes = _changes(row, draft, lines)
        if not changes:
            return row
        shipped_at = shipments.ship_time(order, draft.shipped_at)
        # A shipment that was never sent keeps the time set by its template.
        next_attempt_at = None if row.attempts else row.next_attempt_at
        shipments.write_facts(row, draft, shipped_at)
        row.next_attempt_at = next_attempt_at
        row.verified_at = None
        row.revision += 1
        row.save()
        shipments.pack(row, lines)
        reconcile_order(order)
        order.save()
        lifecycle.wake(order.account_id, SyncJob.Kind.SHIPMENTS)
        _tell(row, changes, actor)
    return row


def revert_edit(
    shipment: Shipment, package: Package, rejection: Rejection, *, request_id: str = ""
) -> bool:
    """Reset the shipment to the package that Amazon shows, since it refused our edit.

    Return False if it was edited again meanwhile: that edit is still to be sent.
    """
    with transaction.atomic():
        order = shipments.lock_order(shipment.order_id)
        refused = Shipment.objects.filter(
            pk=shipment.pk, state=State.WAITING, revision=shipment.revision
        )
        row = refused.first()
        if row is None:
            return False
        row.order = order
        _take_facts(row, package)
        row.state = State.VERIFIED
        row.next_attempt_at = None
        row.verified_at = timezone.now()
        # An attempt whose answer was lost had arrived.
        row.confirmed_at = row.confirmed_at or row.verified_at
        row.unanswered_since = None
        row.error_code = clean(rejection.code, 80)
        row.error_message = clean(together(rejection.message, rejection.fix), 500)
        row.save()
        reconcile_order(order)
        order.save()
        record(
            Entry(
                code=rejection.code,
                account=order.account,
                reference=order.amazon_order_id,
                request_id=request_id,
                message=sentence(
                    "Amazon refused the edit of package %(number)d of order "
                    "%(order)s, which stays as it was: %(reason)s",
                    number=row.package_reference,
                    order=order.amazon_order_id,
                    reason=rejection.message,
                ),
                fix=rejection.fix,
            )
        )
    return True


def _take_facts(shipment: Shipment, package: Package) -> None:
    carrier = match_carrier((), package.carrier or "", "")
    if carrier is not None:
        shipment.carrier_code, shipment.carrier_name = carrier.code, ""
    elif package.carrier:
        shipment.carrier_code = OTHER
        shipment.carrier_name = package.carrier[:60]
    shipment.shipping_method = (package.shipping_service or "")[:60]
    shipment.tracking_number = (package.tracking_number or "")[:80]
    shipment.shipped_at = package.ship_time or shipment.shipped_at
    lines = {line.order_item_id: line.pk for line in shipment.order.lines.all()}
    units = {
        lines[item.order_item_id]: item.quantity
        for item in package.items
        if item.order_item_id in lines and item.quantity > 0
    }
    if units:
        shipments.pack(shipment, units)


def units_free(shipment: Shipment) -> dict[int, int]:
    """Return by line how many units the shipment may hold, including its own."""
    ours: dict[int, int] = {}
    others: dict[int, int] = {}
    rows = ShipmentLine.objects.packed().filter(shipment__order=shipment.order)
    for line_id, shipment_id, units in rows.values_list(
        "line_id", "shipment_id", "quantity"
    ):
        ours[line_id] = ours.get(line_id, 0) + units
        if shipment_id != shipment.pk:
            others[line_id] = others.get(line_id, 0) + units
    # Until Amazon shows our last edit, its shipped count may still include old units.
    is_counted = shipment.state == State.VERIFIED or not shipment.revision
    return {
        line.pk: line.quantity
        - others.get(line.pk, 0)
        - (max(0, line.quantity_shipped - ours.get(line.pk, 0)) if is_counted else 0)
        for line in OrderLine.objects.filter(order=shipment.order)
    }


def _changes(
    shipment: Shipment, draft: ShipmentDraft, lines: Mapping[int, int]
) -> list[Sentence]:
    """Return each change that the draft makes, as part of a sentence."""
    before = Shipment(
        carrier_code=shipment.carrier_code,
        carrier_name=shipment.carrier_name,
        shipping_method=shipment.shipping_method,
        tracking_number=shipment.tracking_number,
    )
    after = Shipment()
    shipments.write_facts(after, draft, draft.shipped_at)
    changes = []
    carriers = (_carrier(before), _carrier(after))
    if carriers[0] != carriers[1]:
        changes.append(
            sentence("carrier %(old)s → %(new)s", old=carriers[0], new=carriers[1])
        )
    if before.tracking_number != after.tracking_number:
        changes.append(
            sentence(
                "tracking number %(old)s → %(new)s",
                old=before.tracking_number,
                new=after.tracking_number,
            )
        )
    if abs(shipment.shipped_at - draft.shipped_at) >= _MINUTE:
        changes.append(
            sentence(
                "ship date %(old)s → %(new)s",
                old=shipment.shipped_at,
                new=draft.shipped_at,
            )
        )
    packed = dict(shipment.lines.values_list("line_id", "quantity"))
    if packed != dict(lines):
        changes.append(
            sentence(
                "units %(old)d → %(new)d",
                old=sum(packed.values()),
                new=sum(lines.values()),
            )
        )
    return changes


def _carrier(shipment: Shipment) -> str:
    carrier = Carrier(
        shipment.carrier_code, shipment.carrier_name, shipment.shipping_method
    )
    return carrier.full_label


def _tell(shipment: Shipment, changes: list[Sentence], actor: str) -> None:
    text = sentence(
        "Package %(number)d was edited and is sent to Amazon again: %(changes)s.",
        number=shipment.package_reference,
        changes=listed(changes),
    )
    shipments.record_change(shipment, "shipments.edited", text, actor)
