"""Makes shipments out of an order's lines; services layer.

Its units leave our stock when it is made: Amazon's later statuses move only the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from channels_amazon.errors import ShoplinkError
from channels_amazon.models import (
    Order,
    Shipment,
    ShipmentLine,
    ShipTemplate,
    SyncJob,
    Warehouse,
)
from channels_amazon.rules.shipping.carriers import Carrier, CarrierProblem
from channels_amazon.rules.shipping.tracking import is_same_number, without_spaces
from channels_amazon.services.diagnostics.entries import Entry, Level, record
from channels_amazon.services.jobs import lifecycle
from channels_amazon.services.orders.cancellations import mark_declined
from channels_amazon.services.orders.provisional_lines import has_provisional
from channels_amazon.services.orders.status_words import status_word
from channels_amazon.services.privacy.standing import forget_due_dates
from channels_amazon.services.shipping.origins import take_units, tell_below_zero
from channels_amazon.services.shipping.units import units_left
from channels_amazon.services.stock.shortfalls import Agreed, Shortfall
from channels_amazon.wording import sentence

# Programme of orders whose label is bought from Amazon, which then confirms them.
FBM_SHIP_PLUS = "FBM_SHIP_PLUS"
# What a draft lacks whose order's buyer asks to cancel.
CANCEL_REQUESTED = "shipments.cancel_requested"
# Another clock may be ahead of ours by so much: what it shows is now, not later.
CLOCKS_DIFFER = timedelta(minutes=5)
# A form has minutes: a ship date may be off by so much.
_GRAIN = timedelta(minutes=1)
# Amazon refuses a ship date that is not after the order's own second.
_AFTER_ORDER = timedelta(seconds=1)


class ShipmentError(ShoplinkError):
    """A shipment that cannot be created as it was entered."""

    def __init__(self, message: str, *, code: str = "shipments.invalid") -> None:
        super().__init__(code, message)


class BelowZeroError(ShipmentError):
    """A shipment that would take warehouses below zero, which nobody agreed to."""

    def __init__(self, shortfalls: Sequence[Shortfall]) -> None:
        super().__init__(
            _(
                "Nothing was shipped: this would take a warehouse below zero. Tick the "
                "box if the units left from there all the same."
            ),
            code="shipments.below_zero",
        )
        self.shortfalls = tuple(shortfalls)


@dataclass(frozen=True, slots=True)
class ShipmentDraft:
    """A shipment as somebody entered it; `quantities` are units by the line's id.

    `warehouse` is where all units leave from, `warehouses` where those of a line do;
    without either they leave from where they are held. `ships_all_the_same` says that a
    person saw the buyer's request to cancel and ships. `agreed` are the levels that may
    fall below zero, and how far, as that person saw; None where nobody can be asked.
    A `template` may delay the confirmation until `next_attempt_at`.
    """

    carrier_code: str
    tracking_number: str
    shipped_at: datetime
    quantities: Mapping[int, int] = field(default_factory=dict)
    carrier_name: str = ""
    shipping_method: str = ""
    warehouse: Warehouse | None = None
    warehouses: Mapping[int, Warehouse] = field(default_factory=dict)
    ships_all_the_same: bool = False
    agreed: Agreed | None = None
    template: ShipTemplate | None = None
    next_attempt_at: datetime | None = None

    @property
    def carrier(self) -> Carrier:
        """Return the carrier as Amazon wants it."""
        return Carrier(self.carrier_code, self.carrier_name, self.shipping_method)

    @property
    def tracking(self) -> str:
        """Return the tracking number as it is stored: without spaces, cut to 80."""
        return without_spaces(self.tracking_number)[:80]

    @property
    def origins(self) -> dict[int, Warehouse]:
        """Return which warehouse each packed line leaves from, where that was said."""
        said = {
            line_id: self.warehouses.get(line_id, self.warehouse)
            for line_id, units in self.quantities.items()
            if units
        }
        return {pk: place for pk, place in said.items() if place is not None}


def create_shipment(order: Order, *, draft: ShipmentDraft, actor: str) -> Shipment:
    """Create a shipment of the order and queue its confirmation to Amazon.

    The same carrier, tracking number and units again return the shipment there is, so
    that a form sent twice ships once. A shipment that Amazon refused is updated by the
    draft and sent again under its number. Shipping an order whose buyer asks to cancel
    declines that request. Raises ShipmentError for an invalid draft, BelowZeroError for
    one that takes a warehouse below zero although it may not.
    """
    with transaction.atomic():
        locked = lock_order(order.pk)
        known = _same_shipment(locked, draft)
        if known is not None:
            return known
        left = units_left([locked.pk])
        shipped_at, lines = check_draft(locked, draft, left)
        if locked.asks_to_cancel:
            mark_declined(locked, actor=actor)
        shipment = _refused(locked, lines) or Shipment(
            order=locked, package_reference=next_reference(locked)
        )
        _fill(shipment, draft, shipped_at, actor)
        pack(shipment, lines)
        fallen = take_units(locked, lines, draft.origins)
        _check_below_zero(fallen, draft.agreed)
        tell_below_zero(shipment, fallen, actor)
        lifecycle.wake(locked.account_id, SyncJob.Kind.SHIPMENTS)
    return shipment


def confirm_now(shipment: Shipment, *, actor: str) -> bool:
    """Confirm a waiting shipment now, not at its time; False if it does not wait."""
    waiting = Shipment.objects.filter(
        pk=shipment.pk, state=Shipment.State.WAITING, next_attempt_at__isnull=False
    )
    with transaction.atomic():
        if not waiting.update(next_attempt_at=None):
            return False
        lifecycle.wake(shipment.order.account_id, SyncJob.Kind.SHIPMENTS)
        record_change(
            shipment,
            "shipments.confirm_now",
            sentence(
                "Package %(number)d is confirmed to Amazon without waiting for its "
                "time.",
                number=shipment.package_reference,
            ),
            actor,
        )
    return True


def discard_shipment(shipment: Shipment, *, actor: str) -> bool:
    """Delete a refused shipment; False if the shipment is not refused."""
    refused = Shipment.objects.filter(pk=shipment.pk, state=Shipment.State.REFUSED)
    with transaction.atomic():
        deleted, _rows = refused.delete()
        if deleted:
            _log_discarded(shipment, actor)
    return bool(deleted)


def lock_order(order_id: int) -> Order:
    """Return the order with its row locked; call it inside a transaction."""
    order: Order = (
        Order.objects.select_for_update(of=("self",), no_key=True)
        .select_related("account__store")
        .get(pk=order_id)
    )
    return order


def next_reference(order: Order) -> int:
    """Return the number for the order's next shipment."""
    shipments = Shipment.objects.filter(order=order)
    last = shipments.aggregate(last=Max("package_reference"))["last"]
    return int(last or 0) + 1


def _same_shipment(order: Order, draft: ShipmentDraft) -> Shipment | None:
    packed = Shipment.objects.packed().filter(order=order).prefetch_related("lines")
    return next((one for one in packed if is_same(one, draft)), None)


def is_alike(shipment: Shipment, draft: ShipmentDraft) -> bool:
    """Tell whether the shipment has the draft's carrier and tracking number."""
    return shipment.carrier_code == draft.carrier_code and is_same_number(
        shipment.tracking_number, draft.tracking
    )


def is_same(shipment: Shipment, draft: ShipmentDraft) -> bool:
    """Tell whether the shipment has the draft's carrier, number and units."""
    wanted = {line_id: units for line_id, units in draft.quantities.items() if units}
    packed = {line.line_id: line.quantity for line in shipment.lines.all()}
    return is_alike(shipment, draft) and packed == wanted


def check_order(order: Order, statuses: Collection[str]) -> None:
    """Raise ShipmentError unless the merchant may ship the order in these statuses."""
    if why := why_not_shipped_here(order, statuses):
        raise ShipmentError(why)


def why_not_shipped_here(order: Order, statuses: Collection[str]) -> str:
    """Return why the merchant cannot ship the order now, "" where it can."""
    if order.account.is_disconnected:
        return _("The account is disconnected: connect it again to ship from here.")
    is_merchants = order.fulfilled_by == Order.FulfilledBy.MERCHANT
    if not is_merchants or FBM_SHIP_PLUS in order.programs:
        return _("Amazon ships this order itself: there is nothing to confirm.")
    if order.status not in statuses or not order.marketplace_id:
        text = _("The order is %(status)s: it cannot be shipped now.")
        return text % {"status": status_word(order)}
    if has_provisional(order):
        return _("Amazon has not named the order's items yet: they are being fetched.")
    return ""


def check_draft(
    order: Order, draft: ShipmentDraft, left: Mapping[int, int]
) -> tuple[datetime, dict[int, int]]:
    """Return the ship date and units of a draft that may be shipped now.

    `left` are the units of the order's lines that are in no package yet. Raises
    ShipmentError where the order, or what was entered, does not allow it.
    """
    check_order(order, Order.TO_SHIP)
    check_carrier(draft)
    shipped_at = ship_time(order, draft.shipped_at)
    _check_warehouses(order, draft)
    lines = check_quantities(draft.quantities, left)
    if order.asks_to_cancel and not draft.ships_all_the_same:
        raise ShipmentError(
            _(
                "The buyer asks to cancel this order: cancel it in Seller Central, or "
                "confirm that it ships all the same."
            ),
            code=CANCEL_REQUESTED,
        )
    return shipped_at, lines


def carrier_fault(carrier: Carrier) -> str:
    """Return what to mend of a carrier that Amazon would refuse, "" for a good one."""
    match carrier.problem:
        case CarrierProblem.NOT_LISTED:
            return _(
                "Choose a carrier of the list, or “Other” with the carrier's name."
            )
        case CarrierProblem.NAME_MISSING:
            return _("Enter the carrier's name.")
        case None:
            return ""


def check_carrier(draft: ShipmentDraft) -> None:
    """Raise ShipmentError unless Amazon accepts carrier and tracking number."""
    if fault := carrier_fault(draft.carrier):
        raise ShipmentError(fault)
    if not draft.tracking or not draft.tracking.isprintable():
        raise ShipmentError(_("Enter the tracking number: Amazon requires it."))


def ship_time(order: Order, shipped_at: datetime) -> datetime:
    """Return a ship date that Amazon accepts; raises ShipmentError if there is none."""
    now = timezone.now()
    if timezone.is_naive(shipped_at) or shipped_at > now + CLOCKS_DIFFER:
        raise ShipmentError(_("The ship date is in the future."))
    ordered_at = order.ordered_at
    if ordered_at is None or shipped_at >= ordered_at + _AFTER_ORDER:
        return min(shipped_at, now)
    # With Amazon's clock ahead of ours, an order may lie in our future.
    if shipped_at < min(ordered_at, now) - _GRAIN:
        raise ShipmentError(_("The ship date is before the order was placed."))
    return ordered_at + _AFTER_ORDER


def _check_warehouses(order: Order, draft: ShipmentDraft) -> None:
    for warehouse in draft.origins.values():
        if warehouse.store_id != order.account.store_id:
            raise ShipmentError(_("The warehouse belongs to another store."))


def _check_below_zero(fallen: Sequence[Shortfall], agreed: Agreed | None) -> None:
    """Raise BelowZeroError, which undoes all, for what nobody agreed to."""
    if agreed is not None and not all(one.is_within(agreed) for one in fallen):
        raise BelowZeroError(fallen)


def check_quantities(
    quantities: Mapping[int, int], left: Mapping[int, int]
) -> dict[int, int]:
    """Return the units by line without zeros; raises ShipmentError beyond `left`."""
    wanted = {line_id: units for line_id, units in quantities.items() if units}
    if not wanted:
        raise ShipmentError(_("Put at least one unit in the package."))
    for line_id, units in wanted.items():
        if line_id not in left or units < 0:
            raise ShipmentError(_("A line of the package is not of this order."))
        if units > left[line_id]:
            raise ShipmentError(
                _("Of a line only %(left)d can still be shipped, not %(units)d.")
                % {"left": max(0, left[line_id]), "units": units}
            )
    return wanted


def _refused(order: Order, lines: Collection[int]) -> Shipment | None:
    """Return a refused shipment of one of these lines to reuse; delete the others.

    A shipment that Amazon has and whose edit it refused is left alone: another edit
    corrects it.
    """
    refused = Shipment.objects.never_accepted().filter(
        order=order, lines__line__in=list(lines)
    )
    mended, *others = refused.distinct().order_by("package_reference") or (None,)
    for shipment in others:
        shipment.delete()
    # Reuse its number: should Amazon have the package after all, this edits it.
    return mended


def _fill(
    shipment: Shipment, draft: ShipmentDraft, shipped_at: datetime, actor: str
) -> None:
    write_facts(shipment, draft, shipped_at)
    places = set(draft.origins.values())
    shipment.warehouse = places.pop() if len(places) == 1 else None
    shipment.next_attempt_at = draft.next_attempt_at
    shipment.unanswered_since = None
    shipment.template = draft.template
    shipment.created_by = actor[:150]
    shipment.save()


def write_facts(shipment: Shipment, draft: ShipmentDraft, shipped_at: datetime) -> None:
    """Set what Amazon will be told about the shipment, and mark it as to be sent."""
    shipment.carrier_code = draft.carrier_code
    shipment.carrier_name = draft.carrier.stated_name[:60]
    shipment.shipping_method = draft.shipping_method.strip()[:60]
    shipment.tracking_number = draft.tracking
    shipment.shipped_at = shipped_at
    shipment.state = Shipment.State.WAITING
    shipment.next_attempt_at = None
    shipment.error_code = shipment.error_message = ""


def pack(shipment: Shipment, lines: Mapping[int, int]) -> None:
    """Set the units of the shipment, by the line's id; its times are set already."""
    # The days of the order's personal data may count from this package.
    forget_due_dates([shipment.order_id])
    ShipmentLine.objects.filter(shipment=shipment).delete()
    ShipmentLine.objects.bulk_create(
        [
            ShipmentLine(shipment=shipment, line_id=line_id, quantity=units)
            for line_id, units in lines.items()
        ]
    )


def _log_discarded(shipment: Shipment, actor: str) -> None:
    text = sentence(
        "Package %(number)d, which Amazon had refused, was discarded. Its "
        "tracking number was %(tracking)s.",
        number=shipment.package_reference,
        tracking=shipment.tracking_number,
    )
    record_change(shipment, "shipments.discarded", text, actor)


def record_change(shipment: Shipment, code: str, text: str, actor: str) -> None:
    """Log what a person did to the shipment."""
    record(
        Entry(
            code=code,
            level=Level.INFO,
            account=shipment.order.account,
            reference=shipment.order.amazon_order_id,
            message=text,
            actor=actor,
        )
    )
