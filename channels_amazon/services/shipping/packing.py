"""Makes shipments of an order's parcels, as its ship template says; services layer.

All waiting parcels of an order are packed together, under the order's lock. A parcel
that cannot be packed gets the reason and the fix; other orders' parcels go on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from channels_amazon.models import Order, OrderLine, Parcel, Shipment, ShipTemplate
from channels_amazon.rules.shipping import templates as rules
from channels_amazon.rules.shipping.carriers import Carrier, match_carrier
from channels_amazon.rules.shipping.templates import (
    Misfit,
    MisfitProblem,
    PackingPlan,
    ParcelUnits,
    ShipmentPlan,
)
from channels_amazon.rules.shipping.tracking import number_key
from channels_amazon.services.diagnostics.entries import Entry, Level, clean, record
from channels_amazon.services.orders import waiting_parcels
from channels_amazon.services.shipping import parcels as store_parcels
from channels_amazon.services.shipping.parcels import Source, State
from channels_amazon.services.shipping.shipments import (
    FBM_SHIP_PLUS,
    ShipmentDraft,
    ShipmentError,
    create_shipment,
    lock_order,
)
from channels_amazon.services.shipping.templates import mappings_of, timing_of
from channels_amazon.services.shipping.units import units_left
from channels_amazon.wording import Sentence, counted, sentence, together

Status = Order.Status

# A change of the order packs its parcels at once. In case that wake-up was lost, a
# waiting parcel is tried again after this time.
RETRY_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class PackingBlocker:
    """Why a parcel cannot be packed now; a person has to act unless it `waits`."""

    code: str
    message: str
    fix: str = ""
    waits: bool = False


AMAZON_CONFIRMS = PackingBlocker(
    "parcel.confirmed_by_amazon",
    sentence("Amazon confirms this order itself (FBM Ship+)."),
    sentence("Use the label bought from Amazon, and discard the parcel here."),
)


def pack_order(order_id: int) -> list[Parcel]:
    """Pack the order's waiting parcels into shipments; return the parcels."""
    with transaction.atomic():
        order = lock_order(order_id)
        waiting = Parcel.objects.filter(order=order, state=State.WAITING)
        rows = _unpacked(order, list(waiting.order_by("pk")))
        blocker = packing_blocker(order)
        if blocker is not None:
            return _block(order, rows, blocker)
        template = template_for(order)
        ready = []
        for parcel in rows:
            carrier = carrier_of(parcel, template)
            if isinstance(carrier, PackingBlocker):
                _block(order, [parcel], carrier)
            else:
                ready.append((parcel, carrier))
        _pack(order, ready, template)
    return rows


def quarantine_parcels(order_id: int, *, code: str, message: str) -> None:
    """Quarantine the order's waiting parcels, for a person to look at."""
    with transaction.atomic():
        order = lock_order(order_id)
        rows = list(Parcel.objects.filter(order=order, state=State.WAITING))
        _block(order, rows, PackingBlocker(code, message))


def template_for(order: Order) -> ShipTemplate | None:
    """Return the active template for the order's account and marketplace."""
    active = {
        row.pk: row
        for row in ShipTemplate.objects.filter(
            store_id=order.account.store_id, is_active=True
        )
        .select_related("warehouse")
        .prefetch_related("carriers")
    }
    return choose(active, order)


def choose(active: Mapping[int, ShipTemplate], order: Order) -> ShipTemplate | None:
    """Return the narrowest of these templates whose scope covers the order."""
    scopes = [
        rules.TemplateScope(row.pk, row.account_id, row.marketplace_id)
        for row in active.values()
    ]
    won = rules.winner(scopes, order.account_id, order.marketplace_id)
    return active[won.key] if won else None


def packing_blocker(order: Order) -> PackingBlocker | None:
    """Return why no parcel of the order can be packed now, None if they can."""
    if order.fulfilled_by == Order.FulfilledBy.AMAZON:
        return PackingBlocker(
            "parcel.fba_order",
            sentence("Amazon ships this order itself, so there is nothing to confirm."),
            sentence("See for which order the parcel is, and discard it here."),
        )
    if FBM_SHIP_PLUS in order.programs:
        return AMAZON_CONFIRMS
    if order.status == Status.CANCELLED:
        return PackingBlocker(
            "parcel.order_cancelled",
            sentence("The order is cancelled: the parcel must not leave."),
            sentence("Stop the parcel, or call it back, then discard it here."),
        )
    if order.status in {Status.SHIPPED, Status.UNFULFILLABLE}:
        return PackingBlocker(
            "parcel.order_done",
            sentence("Amazon has the order as done: nothing of it is left to ship."),
            sentence("Compare the packages in Seller Central, then discard it here."),
        )
    if order.asks_to_cancel:
        return PackingBlocker(
            waiting_parcels.CANCEL_REQUESTED,
            sentence("The buyer asks to cancel, so the parcel is held."),
            sentence(
                "Decide on the order's page; ship it there if it goes all the same."
            ),
        )
    if not order.awaits_parcel:
        return PackingBlocker(
            "parcel.order_pending",
            sentence("Amazon does not let the order be shipped yet."),
            waits=True,
        )
    if order.completed_at is None or not order.marketplace_id:
        return PackingBlocker(
            "parcel.order_incomplete",
            sentence("The order is being fetched. The parcel waits for it."),
            waits=True,
        )
    return None


def carrier_of(
    parcel: Parcel, template: ShipTemplate | None
) -> Carrier | PackingBlocker:
    """Return the parcel's carrier in Amazon's terms, or why it is unknown."""
    # A person who sends a file has decided; no ship template is needed.
    if template is None and parcel.source != Source.FILE:
        return PackingBlocker(
            store_parcels.NO_TEMPLATE,
            sentence("No ship template is switched on for the order's marketplace."),
            sentence("Make one and switch it on: then the parcel goes by itself."),
            waits=True,
        )
    mappings = mappings_of(template) if template is not None else []
    site = parcel.order.marketplace_id if parcel.order else ""
    carrier = match_carrier(mappings, parcel.carrier, parcel.method, site)
    if carrier is not None:
        return carrier
    return PackingBlocker(
        store_parcels.CARRIER_UNKNOWN,
        no_rule_for(parcel.carrier, parcel.method),
        sentence("Add the carrier to the ship template, then try the parcel again."),
    )


def no_rule_for(carrier: str, method: str) -> Sentence:
    """Return that the store's carrier and method have no name at Amazon."""
    return sentence(
        "No rule says what “%(carrier)s” is called at Amazon.",
        carrier=" ".join(filter(None, (carrier, method))),
    )


def blocker_of_misfit(misfit: Misfit) -> PackingBlocker:
    """Return why a parcel fits into no shipment of its order, in plain words."""
    if misfit.problem is MisfitProblem.UNKNOWN_SKU:
        return PackingBlocker(
            "parcel.sku_unknown",
            sentence("The order has no line of the SKU %(sku)s.", sku=misfit.sku),
            sentence("Correct the parcel's SKU and tell of it again."),
        )
    if misfit.problem is MisfitProblem.TOO_MANY:
        return PackingBlocker(
            "parcel.too_many_units",
            counted(
                "The parcel has more units of %(sku)s than the %(count)d that is left.",
                "The parcel has more units of %(sku)s than the %(count)d "
                "that are left.",
                misfit.left,
                sku=misfit.sku,
            ),
            sentence("Correct the parcel's units, or the other packages of the order."),
        )
    return PackingBlocker(
        "parcel.nothing_left",
        sentence("Every unit of the order is in a package already."),
        sentence(
            "With several parcels of one order, tell which SKU and units are in each."
        ),
    )


def plan_parcels(
    order: Order,
    template: ShipTemplate | None,
    parcels: Sequence[ParcelUnits],
    left: Mapping[str, int],
    now: datetime,
) -> tuple[PackingPlan, datetime | None]:
    """Return what an order's parcels make at `now`, and until when the waiting wait.

    `left` are the order's units by SKU in no shipment. The time is None if none waits.
    Without a template each parcel is a shipment.
    """
    until = None
    splits = template is None or template.splits_by_parcel
    if template is not None and not splits:
        hours = template.hours_before_deadline
        until = rules.wait_for_rest_until(hours, order.ship_by, now)
    is_final = until is None
    plan = rules.plan_shipments(parcels, left, splits=splits, is_final=is_final)
    return plan, until if plan.waiting else None


def left_by_sku(lines: Sequence[OrderLine], left: Mapping[int, int]) -> dict[str, int]:
    """Return the units left by seller SKU; two lines may have the same one."""
    units: dict[str, int] = {}
    for line in lines:
        free = max(0, left.get(line.pk, 0))
        units[line.seller_sku] = units.get(line.seller_sku, 0) + free
    return units


def _unpacked(order: Order, rows: list[Parcel]) -> list[Parcel]:
    """Link parcels to shipments that a person made meanwhile; return the others."""
    packed = {
        number_key(shipment.tracking_number): shipment
        for shipment in Shipment.objects.packed().filter(order=order)
    }
    others = []
    for parcel in rows:
        shipment = packed.get(number_key(parcel.tracking_number))
        if shipment is None:
            others.append(parcel)
        else:
            _apply([parcel], shipment)
    return others


def _pack(
    order: Order,
    ready: Sequence[tuple[Parcel, Carrier]],
    template: ShipTemplate | None,
) -> None:
    now = timezone.now()
    lines = list(order.lines.order_by("pk"))
    left = units_left([order.pk])
    units = [ParcelUnits(one.pk, one.contents) for one, _carrier in ready]
    plan, until = plan_parcels(order, template, units, left_by_sku(lines, left), now)
    by_key = {parcel.pk: (parcel, carrier) for parcel, carrier in ready}
    for planned in plan.shipments:
        group = [by_key[key][0] for key in planned.parcels]
        draft = _draft(
            by_key[planned.parcels[0]], template, _when(template, order, now)
        )
        quantities = _spread(planned, lines, left)
        _ship(order, group, replace(draft, quantities=quantities))
    for misfit in plan.misfits:
        _block(order, [by_key[misfit.key][0]], blocker_of_misfit(misfit))
    rest = PackingBlocker(
        "parcel.waits_for_rest",
        sentence("The package waits for the order's other parcels."),
        waits=True,
    )
    waiting = [by_key[key][0] for key in plan.waiting]
    _block(order, waiting, rest, try_after=until)


def _when(
    template: ShipTemplate | None, order: Order, now: datetime
) -> datetime | None:
    return rules.confirm_at(timing_of(template), order.ship_by, now)


def _draft(
    lead: tuple[Parcel, Carrier],
    template: ShipTemplate | None,
    next_attempt_at: datetime | None,
) -> ShipmentDraft:
    parcel, carrier = lead
    return ShipmentDraft(
        carrier_code=carrier.code,
        carrier_name=carrier.name,
        shipping_method=carrier.method,
        tracking_number=parcel.tracking_number,
        shipped_at=parcel.shipped_at,
        warehouse=template.warehouse if template is not None else None,
        template=template,
        next_attempt_at=next_attempt_at,
    )


def _spread(
    planned: ShipmentPlan, lines: Sequence[OrderLine], left: dict[int, int]
) -> dict[int, int]:
    """Return the planned units by line, and subtract them from `left`."""
    quantities: dict[int, int] = {}
    for line in lines:
        wanted = planned.units.get(line.seller_sku, 0) - sum(
            quantities.get(other.pk, 0)
            for other in lines
            if other.seller_sku == line.seller_sku
        )
        units = min(max(0, left.get(line.pk, 0)), wanted)
        if units > 0:
            quantities[line.pk] = units
            left[line.pk] -= units
    return quantities


def _ship(order: Order, group: Sequence[Parcel], draft: ShipmentDraft) -> None:
    try:
        shipment = create_shipment(order, draft=draft, actor=group[0].created_by)
    except ShipmentError as error:
        _block(order, group, PackingBlocker("parcel.refused", error.message))
        return
    _apply(group, shipment)


def _apply(group: Sequence[Parcel], shipment: Shipment) -> None:
    for parcel in group:
        parcel.state = State.APPLIED
        parcel.shipment = shipment
        parcel.template = shipment.template
        parcel.try_after = None
        parcel.code = parcel.message = ""
        parcel.save()


def _block(
    order: Order,
    rows: Sequence[Parcel],
    blocker: PackingBlocker,
    *,
    try_after: datetime | None = None,
) -> list[Parcel]:
    again_at = try_after or timezone.now() + RETRY_AFTER
    for parcel in rows:
        parcel.state = State.WAITING if blocker.waits else State.REFUSED
        parcel.try_after = again_at if blocker.waits else None
        parcel.attempts += 1
        parcel.code = clean(blocker.code, 60)
        parcel.message = clean(together(blocker.message, blocker.fix), 500)
        parcel.save()
        if not blocker.waits:
            _tell(order, parcel, blocker)
    return list(rows)


def _tell(order: Order, parcel: Parcel, blocker: PackingBlocker) -> None:
    record(
        Entry(
            code=blocker.code,
            level=Level.WARNING,
            account=order.account,
            reference=order.amazon_order_id,
            message=sentence(
                "The parcel %(tracking)s of order %(order)s became no package: "
                "%(reason)s",
                tracking=parcel.tracking_number,
                order=order.amazon_order_id,
                reason=blocker.message,
            ),
            fix=blocker.fix
            or sentence("Open the parcels that need a person, and mend it there."),
        )
    )
