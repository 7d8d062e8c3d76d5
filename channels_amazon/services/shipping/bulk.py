"""Previews what a file of parcels would do, then imports it; services layer."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from itertools import islice

from django.db.models import Sum
from django.utils import timezone

from channels_amazon.models import (
    Order,
    Parcel,
    Shipment,
    ShipmentLine,
    ShipTemplate,
    Store,
)
from channels_amazon.rules.shipping import templates as rules
from channels_amazon.rules.shipping.carriers import Carrier
from channels_amazon.rules.shipping.tracking import number_key
from channels_amazon.services.shipping import parcels as store_parcels
from channels_amazon.services.shipping.packing import (
    PackingBlocker,
    blocker_of_misfit,
    carrier_of,
    choose,
    left_by_sku,
    packing_blocker,
    plan_parcels,
)
from channels_amazon.services.shipping.parcels import (
    ParcelError,
    ParcelFacts,
    Source,
    TakenParcels,
)
from channels_amazon.services.shipping.shipments import ShipmentError, ship_time
from channels_amazon.services.shipping.templates import timing_of
from channels_amazon.storefronts.shipment_file import (
    FileParcel,
    RejectedLine,
    read_text,
)
from channels_amazon.wording import Sentence, sentence, together

# So many orders, with their lines and shipments, are in memory at once.
_CHUNK = 400


class RowOutcome(StrEnum):
    """What would become of a parcel of the file."""

    SHIPS = "ships"
    WAITS = "waits"
    KNOWN = "known"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class BulkRow:
    """One parcel of the file: what would happen to it, and why."""

    parcel: FileParcel
    facts: ParcelFacts
    outcome: RowOutcome
    text: str
    order: Order | None = None


@dataclass(slots=True)
class BulkPlan:
    """What a file would do: its parcels, and the lines that are none."""

    rows: list[BulkRow] = field(default_factory=list)
    rejected: list[RejectedLine] = field(default_factory=list)

    @property
    def counts(self) -> Mapping[RowOutcome, int]:
        """Return the number of parcels for each outcome."""
        return Counter(row.outcome for row in self.rows)

    @property
    def good(self) -> list[BulkRow]:
        """Return the parcels to import: those that ship now or wait by themselves."""
        taken = {RowOutcome.SHIPS, RowOutcome.WAITS}
        return [row for row in self.rows if row.outcome in taken]


def plan_file(store: Store, text: str, zone: tzinfo = UTC) -> BulkPlan:
    """Return what each parcel of the file would do now; nothing is changed.

    Its times are of `zone` where they say none. Raises StorefrontError where the file
    as a whole cannot be read.
    """
    now = timezone.now()
    reported, rejected = read_text(text, now=now, zone=zone)
    plan = BulkPlan(rejected=rejected)
    templates = {
        row.pk: row
        for row in ShipTemplate.objects.filter(
            store=store, is_active=True
        ).prefetch_related("carriers")
    }
    for chunk in _chunks(reported):
        plan.rows += _rows_of(store, chunk, templates, now)
    return plan


def take_over(
    store: Store, text: str, zone: tzinfo = UTC, *, actor: str
) -> tuple[BulkPlan, TakenParcels]:
    """Import the good parcels of the file; importing a file twice changes nothing."""
    plan = plan_file(store, text, zone)
    reported = [row.facts for row in plan.good]
    return plan, store_parcels.take_parcels(
        store, reported, source=Source.FILE, actor=actor
    )


def _chunks(reported: Sequence[FileParcel]) -> Iterator[list[FileParcel]]:
    """Yield the parcels of _CHUNK orders at a time, never splitting an order."""
    by_order: dict[str, list[FileParcel]] = defaultdict(list)
    for parcel in reported:
        by_order[parcel.amazon_order_id].append(parcel)
    groups = iter(by_order.values())
    while chunk := list(islice(groups, _CHUNK)):
        yield [parcel for group in chunk for parcel in group]


@dataclass(slots=True)
class _Rows:
    """Our rows that a chunk of the file is about, read at once."""

    orders: dict[str, Order]
    known: dict[str, Parcel]
    packed: dict[int, int]
    shipped: set[tuple[int, str]]
    templates: Mapping[int, ShipTemplate]
    now: datetime


def _rows_of(
    store: Store,
    chunk: Sequence[FileParcel],
    templates: Mapping[int, ShipTemplate],
    now: datetime,
) -> list[BulkRow]:
    reported = [(parcel, _facts(parcel, now)) for parcel in chunk]
    rows = _read(store, [facts for _parcel, facts in reported], templates, now)
    planned: list[BulkRow] = []
    fresh: dict[str, list[tuple[FileParcel, ParcelFacts]]] = defaultdict(list)
    for parcel, facts in reported:
        row = _row_before_packing(parcel, facts, rows)
        if row is not None:
            planned.append(row)
        else:
            fresh[facts.amazon_order_id].append((parcel, facts))
    for order_id, group in fresh.items():
        planned += _pack(rows.orders[order_id], group, rows)
    return sorted(planned, key=lambda row: row.parcel.lines[0])


def _facts(parcel: FileParcel, now: datetime) -> ParcelFacts:
    return ParcelFacts(
        amazon_order_id=parcel.amazon_order_id,
        carrier=parcel.carrier,
        method=parcel.method,
        tracking_number=parcel.tracking_number,
        shipped_at=parcel.shipped_at or now,
        contents=parcel.contents,
    )


def _read(
    store: Store,
    reported: Sequence[ParcelFacts],
    templates: Mapping[int, ShipTemplate],
    now: datetime,
) -> _Rows:
    orders = (
        Order.objects.filter(
            account__store=store,
            amazon_order_id__in={one.amazon_order_id for one in reported},
        )
        .select_related("account")
        .prefetch_related("lines")
    )
    by_id = {order.amazon_order_id: order for order in orders}
    shipments = Shipment.objects.packed().filter(order__in=by_id.values())
    lines = ShipmentLine.objects.packed().filter(shipment__order__in=by_id.values())
    sums = lines.order_by().values("line_id").annotate(units=Sum("quantity"))
    return _Rows(
        orders=by_id,
        known=store_parcels.known_parcels(store, reported),
        packed={row["line_id"]: row["units"] for row in sums},
        shipped={(row.order_id, number_key(row.tracking_number)) for row in shipments},
        templates=templates,
        now=now,
    )


def _row_before_packing(
    parcel: FileParcel, facts: ParcelFacts, rows: _Rows
) -> BulkRow | None:
    """Return the row of a parcel that is decided without its order's units."""
    try:
        store_parcels.check_facts(facts)
    except ParcelError as error:
        return BulkRow(parcel, facts, RowOutcome.BAD, error.message)
    known = rows.known.get(store_parcels.key_of(facts))
    order = rows.orders.get(facts.amazon_order_id)
    if known is not None and (text := _text_of_known(known, parcel, facts)):
        return BulkRow(parcel, facts, RowOutcome.KNOWN, text, order)
    if order is None:
        return BulkRow(parcel, facts, RowOutcome.WAITS, store_parcels.waits_for_order())
    if (order.pk, number_key(facts.tracking_number)) in rows.shipped:
        text = sentence("A package with this tracking number is there already.")
        return BulkRow(parcel, facts, RowOutcome.KNOWN, text, order)
    blocker = packing_blocker(order)
    if blocker is not None:
        return _blocked(parcel, facts, blocker, order)
    try:
        ship_time(order, facts.shipped_at)
    except ShipmentError as error:
        return BulkRow(parcel, facts, RowOutcome.BAD, error.message, order)
    return None


def _text_of_known(
    known: Parcel, parcel: FileParcel, facts: ParcelFacts
) -> Sentence | None:
    """Return why a known parcel needs nothing, None if the file changes it."""
    if known.state == Parcel.State.APPLIED:
        return sentence("This parcel is in a package already.")
    if known.state == Parcel.State.DROPPED:
        return sentence("This parcel was discarded: take it up again in its list.")
    # A file without a date does not change the ship date that we have.
    same = facts if parcel.shipped_at else replace(facts, shipped_at=known.shipped_at)
    if store_parcels.differs(known, same):
        return None
    return sentence("This parcel is kept already.")


def _pack(
    order: Order, group: Sequence[tuple[FileParcel, ParcelFacts]], rows: _Rows
) -> list[BulkRow]:
    template = choose(rows.templates, order)
    planned: list[BulkRow] = []
    ready: list[tuple[FileParcel, ParcelFacts, Carrier]] = []
    for parcel, facts in group:
        words = Parcel(carrier=facts.carrier, method=facts.method, source=Source.FILE)
        carrier = carrier_of(words, template)
        if isinstance(carrier, PackingBlocker):
            planned.append(_blocked(parcel, facts, carrier, order))
        else:
            ready.append((parcel, facts, carrier))
    lines = list(order.lines.all())
    left = {line.pk: line.units_left(rows.packed.get(line.pk, 0)) for line in lines}
    units = [
        rules.ParcelUnits(place, facts.contents)
        for place, (_parcel, facts, _carrier) in enumerate(ready)
    ]
    plan, _until = plan_parcels(
        order, template, units, left_by_sku(lines, left), rows.now
    )
    misfits = {misfit.key: misfit for misfit in plan.misfits}
    for place, (parcel, facts, carrier) in enumerate(ready):
        if place in misfits:
            blocker = blocker_of_misfit(misfits[place])
            planned.append(_blocked(parcel, facts, blocker, order))
        elif place in plan.waiting:
            text = sentence("The package waits for the order's other parcels.")
            planned.append(BulkRow(parcel, facts, RowOutcome.WAITS, text, order))
        else:
            text = _ships(carrier, template, order, rows.now)
            planned.append(BulkRow(parcel, facts, RowOutcome.SHIPS, text, order))
    return planned


def _ships(
    carrier: Carrier, template: ShipTemplate | None, order: Order, now: datetime
) -> Sentence:
    at = rules.confirm_at(timing_of(template), order.ship_by, now)
    if at is None:
        return sentence(
            "Confirmed to Amazon at once, with %(carrier)s.", carrier=carrier.label
        )
    return sentence(
        "Confirmed to Amazon at %(at)s, with %(carrier)s.",
        at=at,
        carrier=carrier.label,
    )


def _blocked(
    parcel: FileParcel, facts: ParcelFacts, blocker: PackingBlocker, order: Order
) -> BulkRow:
    outcome = RowOutcome.WAITS if blocker.waits else RowOutcome.BAD
    text = together(blocker.message, blocker.fix)
    return BulkRow(parcel, facts, outcome, text, order)
