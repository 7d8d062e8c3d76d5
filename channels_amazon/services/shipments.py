"""Makes packages out of an order's lines; services layer.

The units of a package leave our stock when it is made. Amazon's later statuses settle
only what is left, since every settling goes by the same facts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from channels_amazon.errors import ShoplinkError
from channels_amazon.models import (
    AmazonAccount,
    Order,
    OrderLine,
    Shipment,
    ShipmentLine,
    SyncJob,
    Warehouse,
)
from channels_amazon.rules.carriers import CARRIERS, OTHER
from channels_amazon.services import jobs
from channels_amazon.services.diagnostics import Entry, Level, record
from channels_amazon.services.provisional_lines import has_provisional
from channels_amazon.services.reservations import ShipFrom, settle_order
from channels_amazon.wording import sentence

SHIPPABLE = (Order.Status.UNSHIPPED, Order.Status.PARTIALLY_SHIPPED)
# Amazon buys and confirms the label of these orders itself.
CONFIRMED_BY_AMAZON = "FBM_SHIP_PLUS"
# A form knows minutes, and Amazon refuses a date before the order's own second.
_GRAIN = timedelta(minutes=1)
_AFTER_ORDER = timedelta(seconds=1)


class ShipmentError(ShoplinkError):
    """A package that cannot be made as it was entered."""

    def __init__(self, message: str, *, code: str = "shipments.invalid") -> None:
        super().__init__(code, message)


@dataclass(frozen=True, slots=True)
class ShipmentDraft:
    """A package as somebody entered it; `quantities` are units by the line's id."""

    carrier_code: str
    tracking_number: str
    shipped_at: datetime
    quantities: Mapping[int, int] = field(default_factory=dict)
    carrier_name: str = ""
    shipping_method: str = ""
    warehouse: Warehouse | None = None


def create_shipment(order: Order, *, draft: ShipmentDraft, actor: str) -> Shipment:
    """Make a package of the order and have it confirmed to Amazon at once.

    The same package again (carrier, tracking number and units) is the one there is, so
    that a form sent twice ships once. A package that Amazon refused is mended: it takes
    the draft's facts and is sent again under its number. Raises ShipmentError when the
    draft cannot be.
    """
    with transaction.atomic():
        locked = lock_order(order.pk)
        known = _same_package(locked, draft)
        if known is not None:
            return known
        _check_order(locked)
        _check_carrier(draft)
        shipped_at = _ship_time(locked, draft.shipped_at)
        _check_warehouse(locked, draft.warehouse)
        lines = _check_quantities(locked, draft.quantities)
        shipment = _refused(locked, lines) or Shipment(
            order=locked, package_reference=next_reference(locked)
        )
        _fill(shipment, draft, shipped_at, actor)
        _pack(shipment, lines)
        _settle(locked, draft, lines)
        jobs.wake(locked.account_id, SyncJob.Kind.SHIPMENTS)
    return shipment


def discard_shipment(shipment: Shipment, *, actor: str) -> bool:
    """Forget a package that Amazon refused; False if it is not a refused one."""
    refused = Shipment.objects.filter(pk=shipment.pk, state=Shipment.State.REFUSED)
    with transaction.atomic():
        deleted, _rows = refused.delete()
        if deleted:
            _tell_discarded(shipment, actor)
    return bool(deleted)


def units_left(order: Order) -> dict[int, int]:
    """Return by line how many units are in no package of ours or Amazon's."""
    packed: dict[int, int] = {}
    rows = ShipmentLine.objects.filter(shipment__order=order).exclude(
        shipment__state=Shipment.State.REFUSED
    )
    for line_id, quantity in rows.values_list("line_id", "quantity"):
        packed[line_id] = packed.get(line_id, 0) + quantity
    return {
        line.pk: line.quantity - max(line.quantity_shipped, packed.get(line.pk, 0))
        for line in OrderLine.objects.filter(order=order)
    }


def lock_order(order_id: int) -> Order:
    """Return the order with its row locked; call it inside a transaction."""
    order: Order = (
        Order.objects.select_for_update(of=("self",), no_key=True)
        .select_related("account__store")
        .get(pk=order_id)
    )
    return order


def next_reference(order: Order) -> int:
    """Return the number for the order's next package."""
    shipments = Shipment.objects.filter(order=order)
    last = shipments.aggregate(last=Max("package_reference"))["last"]
    return int(last or 0) + 1


def _same_package(order: Order, draft: ShipmentDraft) -> Shipment | None:
    wanted = {line_id: units for line_id, units in draft.quantities.items() if units}
    alike = Shipment.objects.filter(
        order=order,
        carrier_code=draft.carrier_code,
        tracking_number=_tracking(draft),
    ).exclude(state=Shipment.State.REFUSED)
    for shipment in alike:
        if dict(shipment.lines.values_list("line_id", "quantity")) == wanted:
            return shipment
    return None


def _check_order(order: Order) -> None:
    if order.account.state == AmazonAccount.State.DISCONNECTED:
        raise ShipmentError(
            _("The account is disconnected: connect it again to ship from here.")
        )
    is_merchants = order.fulfilled_by == Order.FulfilledBy.MERCHANT
    if not is_merchants or CONFIRMED_BY_AMAZON in order.programs:
        raise ShipmentError(
            _("Amazon ships this order itself: there is nothing to confirm.")
        )
    if order.status not in SHIPPABLE or not order.marketplace_id:
        raise ShipmentError(
            _("The order is %(status)s: it cannot be shipped now.")
            % {"status": order.get_status_display()}
        )
    if has_provisional(order):
        raise ShipmentError(
            _("Amazon has not named the order's items yet: they are being fetched.")
        )


def _check_carrier(draft: ShipmentDraft) -> None:
    if draft.carrier_code not in CARRIERS:
        raise ShipmentError(
            _("Choose a carrier of the list, or “Other” with the carrier's name.")
        )
    if draft.carrier_code == OTHER and not draft.carrier_name.strip():
        raise ShipmentError(_("Enter the carrier's name."))
    tracking = _tracking(draft)
    if not tracking or not tracking.isprintable():
        raise ShipmentError(_("Enter the tracking number: Amazon requires it."))


def _ship_time(order: Order, shipped_at: datetime) -> datetime:
    """Return a ship date that Amazon takes; raises ShipmentError for another."""
    now = timezone.now()
    if timezone.is_naive(shipped_at) or shipped_at > now + _GRAIN:
        raise ShipmentError(_("The ship date is in the future."))
    ordered_at = order.ordered_at
    if ordered_at is None or shipped_at >= ordered_at + _AFTER_ORDER:
        return min(shipped_at, now)
    # Amazon's clock may be ahead of ours: then the order seems not to be made yet.
    if shipped_at < min(ordered_at, now) - _GRAIN:
        raise ShipmentError(_("The ship date is before the order was placed."))
    return ordered_at + _AFTER_ORDER


def _check_warehouse(order: Order, warehouse: Warehouse | None) -> None:
    if warehouse is not None and warehouse.store_id != order.account.store_id:
        raise ShipmentError(_("The warehouse belongs to another store."))


def _check_quantities(order: Order, quantities: Mapping[int, int]) -> dict[int, int]:
    wanted = {line_id: units for line_id, units in quantities.items() if units}
    if not wanted:
        raise ShipmentError(_("Put at least one unit in the package."))
    left = units_left(order)
    for line_id, units in wanted.items():
        if line_id not in left or units < 0:
            raise ShipmentError(_("A line of the package is not of this order."))
        if units > left[line_id]:
            raise ShipmentError(
                _("Only %(left)d units of a line are left to ship, not %(units)d.")
                % {"left": max(0, left[line_id]), "units": units}
            )
    return wanted


def _refused(order: Order, lines: Collection[int]) -> Shipment | None:
    """Return the refused package that holds one of these lines, without the others."""
    refused = Shipment.objects.filter(
        order=order, state=Shipment.State.REFUSED, lines__line__in=list(lines)
    )
    mended, *others = refused.distinct().order_by("package_reference") or (None,)
    for shipment in others:
        shipment.delete()
    # Its number stays: should Amazon have it after all, the package is edited.
    return mended


def _fill(
    shipment: Shipment, draft: ShipmentDraft, shipped_at: datetime, actor: str
) -> None:
    is_other = draft.carrier_code == OTHER
    shipment.carrier_code = draft.carrier_code
    shipment.carrier_name = draft.carrier_name.strip()[:60] if is_other else ""
    shipment.shipping_method = draft.shipping_method.strip()[:60]
    shipment.tracking_number = _tracking(draft)
    shipment.shipped_at = shipped_at
    shipment.warehouse = draft.warehouse
    shipment.state = Shipment.State.WAITING
    shipment.send_after = None
    shipment.error_code = shipment.error_message = ""
    shipment.created_by = actor[:150]
    shipment.save()


def _pack(shipment: Shipment, lines: dict[int, int]) -> None:
    ShipmentLine.objects.filter(shipment=shipment).delete()
    ShipmentLine.objects.bulk_create(
        [
            ShipmentLine(shipment=shipment, line_id=line_id, quantity=units)
            for line_id, units in lines.items()
        ]
    )


def _settle(order: Order, draft: ShipmentDraft, lines: dict[int, int]) -> None:
    ship_from = None
    if draft.warehouse is not None:
        ship_from = ShipFrom(draft.warehouse, frozenset(lines))
    settle_order(order, ship_from=ship_from)
    order.save()


def _tell_discarded(shipment: Shipment, actor: str) -> None:
    record(
        Entry(
            code="shipments.discarded",
            level=Level.INFO,
            account=shipment.order.account,
            reference=shipment.order.amazon_order_id,
            message=sentence(
                "Package %(number)d, which Amazon had refused, was discarded. Its "
                "tracking number was %(tracking)s.",
                number=shipment.package_reference,
                tracking=shipment.tracking_number,
            ),
            actor=actor,
        )
    )


def _tracking(draft: ShipmentDraft) -> str:
    return "".join(draft.tracking_number.split())[:80]
