"""Previews what a ship template would have done with past orders; services layer.

Nothing is changed. For orders without parcels, the shipments that people made stand in
for them. Of an order with neither that is still to ship, it says what the template
would do with the first parcel told of it now; one that left otherwise is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from django.db.models import Count, QuerySet, prefetch_related_objects
from django.utils import timezone

from channels_amazon.models import Order, Parcel, Shipment, ShipTemplate, Store
from channels_amazon.rules.shipping import templates as rules
from channels_amazon.rules.shipping.carriers import match_carrier
from channels_amazon.rules.shipping.templates import PackingPlan
from channels_amazon.services.shipping.packing import (
    AMAZON_CONFIRMS,
    PackingBlocker,
    blocker_of_misfit,
    choose,
    left_by_sku,
    no_rule_for,
    packing_blocker,
    plan_parcels,
)
from channels_amazon.services.shipping.shipments import FBM_SHIP_PLUS
from channels_amazon.services.shipping.template_origins import template_origins
from channels_amazon.services.shipping.templates import mappings_of, timing_of
from channels_amazon.services.stock.shortfalls import Shortfall
from channels_amazon.wording import Sentence, sentence, together

# Newest orders to preview: enough to judge by, read in a second.
LOOK_AT = 200
# Newest parcels to collect the store's carriers from.
RECENT_PARCELS = 5000


class PreviewOutcome(StrEnum):
    """What the template would have done with an order.

    OTHER: another template holds for it. AWAITS: it is to ship, and a parcel told of it
    now would become a package. NOTHING: it left without a parcel or shipment we know.
    """

    SHIPS = "ships"
    HELD = "held"
    OTHER = "other"
    AWAITS = "awaits"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One order: what the template would have done, when, or why not.

    `at` is when the shipment would have been confirmed. `misses_ship_by` says that this
    is after the order's latest ship time, because the parcel itself came later.
    `held_in` are other warehouses than the template's, which hold its units now.
    """

    order: Order
    outcome: PreviewOutcome
    reported: str = ""
    carriers: str = ""
    shipments: int = 0
    at: datetime | None = None
    misses_ship_by: bool = False
    reason: str = ""
    held_in: str = ""


@dataclass(frozen=True, slots=True)
class SeenCarrier:
    """A carrier and method of the store's parcels, and how many there were."""

    carrier: str
    method: str
    parcels: int


@dataclass(slots=True)
class TemplatePreview:
    """The rows, newest first, with how many of them end how."""

    rows: list[PreviewRow] = field(default_factory=list)
    counts: Counter[PreviewOutcome] = field(default_factory=Counter)
    shipments: int = 0
    late: int = 0
    unknown: list[SeenCarrier] = field(default_factory=list)
    shortfalls: list[Shortfall] = field(default_factory=list)

    @property
    def has_data(self) -> bool:
        """Tell whether any order had a parcel or a shipment to judge by."""
        silent = self.counts[PreviewOutcome.NOTHING]
        return silent + self.counts[PreviewOutcome.AWAITS] < len(self.rows)


@dataclass(frozen=True, slots=True)
class _KnownParcel:
    """A parcel, or a shipment that stands for one, as the store calls its carrier."""

    key: int
    carrier: str
    method: str
    contents: dict[str, int]
    reported_at: datetime


def preview(template: ShipTemplate, *, limit: int = LOOK_AT) -> TemplatePreview:
    """Return what the template would have done with the newest orders of its scope."""
    active = {
        row.pk: row
        for row in ShipTemplate.objects.filter(
            store_id=template.store_id, is_active=True
        )
    }
    active[template.pk] = template
    prefetch_related_objects([template], "carriers")
    result = TemplatePreview(unknown=unknown_carriers(template))
    orders = list(_past_orders(template)[:limit])
    winners = {order.pk: choose(active, order) for order in orders}
    origins = template_origins(
        template, [one for one in orders if winners[one.pk] in {None, template}]
    )
    result.shortfalls = origins.shortfalls
    for order in orders:
        row = replace(
            _preview_row(order, template, winners[order.pk]),
            held_in=origins.elsewhere.get(order.pk, ""),
        )
        result.rows.append(row)
        result.counts[row.outcome] += 1
        result.shipments += row.shipments
        result.late += row.misses_ship_by
    return result


def unknown_carriers(template: ShipTemplate) -> list[SeenCarrier]:
    """Return the carriers of the store's newest parcels that no rule covers."""
    mappings = mappings_of(template)
    return [
        seen
        for seen in seen_carriers(template.store)
        if match_carrier(mappings, seen.carrier, seen.method) is None
    ]


def seen_carriers(store: Store) -> list[SeenCarrier]:
    """Return the carriers of the store's newest parcels, the most used first."""
    newest = Parcel.objects.filter(store=store).order_by("-pk").values("pk")
    counted = (
        Parcel.objects.filter(pk__in=newest[:RECENT_PARCELS])
        .order_by()
        .values("carrier", "method")
        .annotate(parcels=Count("pk"))
        .order_by("-parcels", "carrier", "method")
    )
    return [
        SeenCarrier(row["carrier"], row["method"], row["parcels"]) for row in counted
    ]


def _past_orders(template: ShipTemplate) -> QuerySet[Order]:
    orders: QuerySet[Order] = Order.objects.filter(
        account__store_id=template.store_id,
        fulfilled_by=Order.FulfilledBy.MERCHANT,
        status__in=(*Order.TO_SHIP, Order.Status.SHIPPED),
    )
    if template.account_id is not None:
        orders = orders.filter(account_id=template.account_id)
    if template.marketplace_id:
        orders = orders.filter(marketplace_id=template.marketplace_id)
    return (
        orders.order_by("-ordered_at", "-pk")
        .select_related("account")
        .prefetch_related("lines", "parcels", "shipments__lines__line")
    )


def _preview_row(
    order: Order, template: ShipTemplate, winner: ShipTemplate | None
) -> PreviewRow:
    reported = _reported(order)
    words = ", ".join(
        dict.fromkeys(
            " ".join(filter(None, (one.carrier, one.method))) for one in reported
        )
    )
    if winner is not None and winner.pk != template.pk:
        reason: str = sentence(
            "“%(name)s” is for fewer orders and would ship it.", name=winner.name
        )
        return PreviewRow(order, PreviewOutcome.OTHER, words, reason=reason)
    if FBM_SHIP_PLUS in order.programs:
        reason = AMAZON_CONFIRMS.message
        return PreviewRow(order, PreviewOutcome.HELD, words, reason=reason)
    if reported:
        return _packed(order, template, reported, words)
    if order.awaits_parcel:
        return _awaiting(order, template, timezone.now())
    reason = sentence("No parcel or package of it is known.")
    return PreviewRow(order, PreviewOutcome.NOTHING, reason=reason)


def _awaiting(order: Order, template: ShipTemplate, now: datetime) -> PreviewRow:
    """Return what would become of a parcel that is told of the order now."""
    blocker = packing_blocker(order)
    if blocker is not None:
        outcome = PreviewOutcome.AWAITS if blocker.waits else PreviewOutcome.HELD
        return PreviewRow(order, outcome, reason=_why(blocker))
    at = rules.confirm_at(timing_of(template), order.ship_by, now)
    return PreviewRow(
        order,
        PreviewOutcome.AWAITS,
        at=at,
        misses_ship_by=bool(order.ship_by and (at or now) > order.ship_by),
        reason=together(_would_pack(order, template, now), _would_confirm(at)),
    )


def _would_pack(order: Order, template: ShipTemplate, now: datetime) -> Sentence:
    if template.splits_by_parcel:
        return sentence("Each parcel told of it would become a package.")
    hours = template.hours_before_deadline
    until = rules.wait_for_rest_until(hours, order.ship_by, now)
    if until is None:
        return sentence(
            "Its parcels would become one package at once: the time to wait for the "
            "rest is over."
        )
    return sentence(
        "Its parcels would become one package, which waits for the rest until "
        "%(until)s.",
        until=until,
    )


def _would_confirm(at: datetime | None) -> Sentence:
    if at is None:
        return sentence("It would be confirmed to Amazon as soon as it is packed.")
    return sentence("It would be confirmed to Amazon at %(at)s.", at=at)


def _packed(
    order: Order, template: ShipTemplate, reported: Sequence[_KnownParcel], words: str
) -> PreviewRow:
    mappings = mappings_of(template)
    found = {
        one.key: match_carrier(mappings, one.carrier, one.method) for one in reported
    }
    known = [one for one in reported if found[one.key] is not None]
    reported_at = max(
        (one.reported_at for one in known), default=reported[0].reported_at
    )
    plan, until = _plan(order, template, known, reported_at)
    reasons: list[str] = [
        no_rule_for(one.carrier, one.method)
        for one in reported
        if found[one.key] is None
    ]
    reasons += [_why(blocker_of_misfit(misfit)) for misfit in plan.misfits]
    if plan.waiting:
        reasons.append(sentence("The package waits for the order's other parcels."))
    elif until is not None:
        reasons.append(
            sentence(
                "Its package would have waited for more parcels until %(until)s.",
                until=until,
            )
        )
    carriers = [found[one.parcels[0]] for one in plan.shipments]
    at = rules.confirm_at(timing_of(template), order.ship_by, until or reported_at)
    at = at or until or reported_at
    return PreviewRow(
        order,
        PreviewOutcome.SHIPS if plan.shipments else PreviewOutcome.HELD,
        words,
        carriers=", ".join(dict.fromkeys(one.full_label for one in carriers if one)),
        shipments=len(plan.shipments),
        at=at if plan.shipments else None,
        misses_ship_by=bool(plan.shipments and order.ship_by and at > order.ship_by),
        reason=_joined(reasons),
    )


def _plan(
    order: Order,
    template: ShipTemplate,
    known: Sequence[_KnownParcel],
    reported_at: datetime,
) -> tuple[PackingPlan, datetime | None]:
    """Return the shipments, and until when their one shipment would have waited.

    Where no latest ship time is known, it would still wait for the rest then.
    """
    units = [rules.ParcelUnits(one.key, one.contents) for one in known]
    lines = list(order.lines.all())
    left = left_by_sku(lines, {line.pk: line.quantity for line in lines})
    plan, until = plan_parcels(order, template, units, left, reported_at)
    if until is not None:
        plan, _again = plan_parcels(order, template, units, left, until)
    return plan, until


def _reported(order: Order) -> list[_KnownParcel]:
    parcels = [
        _KnownParcel(row.pk, row.carrier, row.method, row.contents, row.created_at)
        for row in order.parcels.all()
        if row.state != Parcel.State.DROPPED
    ]
    if parcels:
        return sorted(parcels, key=lambda one: one.key)
    return [
        _KnownParcel(
            row.pk,
            row.carrier_name or row.carrier_code,
            row.shipping_method,
            _contents(row),
            row.created_at,
        )
        for row in order.shipments.all()
    ]


def _contents(shipment: Shipment) -> dict[str, int]:
    units: dict[str, int] = {}
    for item in shipment.lines.all():
        sku = item.line.seller_sku
        units[sku] = units.get(sku, 0) + item.quantity
    return units


def _why(blocker: PackingBlocker) -> str:
    return together(blocker.message, blocker.fix)


def _joined(reasons: Sequence[str]) -> str:
    text = ""
    for reason in dict.fromkeys(reasons):
        text = together(text, reason)
    return text
