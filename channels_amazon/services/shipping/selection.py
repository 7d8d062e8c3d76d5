"""Ships orders that somebody chose in the list: what would happen, then that; services.

Each order ships as a whole: all that is in no package yet, from where it is held. What
may be shipped is asked of `shipments.check_draft`, as for a single order; what is done
is `shipments.create_shipment`, under the order's lock. A plan has a mark of all that it
says, so that a package is made only as it was shown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels_amazon.models import Order, OrderLine, Reservation, Shipment, Warehouse
from channels_amazon.rules.shipping.tracking import number_key
from channels_amazon.rules.stock.allocation import Level
from channels_amazon.services.shipping.origins import units_gone
from channels_amazon.services.shipping.selection_warnings import number_warnings
from channels_amazon.services.shipping.shipments import (
    CANCEL_REQUESTED,
    BelowZeroError,
    ShipmentDraft,
    ShipmentError,
    check_draft,
    create_shipment,
    is_alike,
    is_same,
    why_not_shipped_here,
)
from channels_amazon.services.shipping.units import units_left
from channels_amazon.services.stock.shortfalls import (
    Place,
    Shortfall,
    levels_of,
    shortfalls,
)

# More on one page would be a form that nobody looks through.
MOST_ORDERS = 200


class SelectionOutcome(StrEnum):
    """What would become of a chosen order, or has become of it.

    NO_NUMBER: no tracking number was entered, so it is left alone. ASKS: a person must
    tick what is asked first. KNOWN: a package of this number is there already. CHANGED:
    it is no longer as it was shown.
    """

    SHIPS = "ships"
    SHIPPED = "shipped"
    NO_NUMBER = "no_number"
    ASKS = "asks"
    KNOWN = "known"
    CHANGED = "changed"
    REFUSED = "refused"


_COULD_SHIP = frozenset({SelectionOutcome.SHIPS, SelectionOutcome.ASKS})


@dataclass(frozen=True, slots=True)
class LineRest:
    """Units of a line that are in no package yet, and what holds them, if anything.

    `gone` of them have left already, with a package that Amazon refused.
    """

    line: OrderLine
    units: int
    held: Reservation | None
    gone: int

    @property
    def warehouse(self) -> Warehouse | None:
        """Return the warehouse that the units leave from."""
        return self.held.warehouse if self.held is not None else None


@dataclass(frozen=True, slots=True)
class ChosenOrder:
    """An order that somebody chose, what is left, and why it cannot be shipped."""

    order: Order
    rest: tuple[LineRest, ...]
    refusal: str = ""

    @property
    def units(self) -> int:
        """Return how many units are left to ship."""
        return sum(one.units for one in self.rest)

    @property
    def packages(self) -> list[Shipment]:
        """Return the packages that were made for it, without those that never left."""
        return [one for one in self.order.shipments.all() if one.is_packed]

    @property
    def is_packed(self) -> bool:
        """Tell whether all of it is in packages."""
        return not self.rest and bool(self.packages)


@dataclass(frozen=True, slots=True)
class PlannedOrder:
    """What would become of a chosen order, and why; the draft has its units."""

    chosen: ChosenOrder
    outcome: SelectionOutcome
    reason: str = ""
    draft: ShipmentDraft | None = None
    shortfalls: tuple[Shortfall, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def is_done(self) -> bool:
        """Tell whether nothing is left to do: it is shipped, now or before."""
        is_known = self.outcome is SelectionOutcome.KNOWN and not self.chosen.rest
        return is_known or self.outcome is SelectionOutcome.SHIPPED

    @property
    def mark(self) -> str:
        """Return what tells this plan from any other that does something else."""
        draft = self.draft
        if draft is None:
            return ""
        said = (
            self.chosen.order.pk,
            draft.carrier,
            number_key(draft.tracking),
            draft.shipped_at.isoformat(),
            draft.ships_all_the_same,
            sorted((draft.agreed or {}).items()),
            sorted(draft.quantities.items()),
            sorted((pk, place.pk) for pk, place in draft.warehouses.items()),
        )
        return hashlib.sha256(repr(said).encode()).hexdigest()[:24]


def read_chosen(orders: QuerySet[Order]) -> list[ChosenOrder]:
    """Return what is left of these orders, the most pressing first.

    A fixed number of queries, however many orders.
    """
    lines = OrderLine.objects.select_related(
        "variant", "reservation", "reservation__warehouse"
    )
    rows = list(
        orders.select_related("account__store")
        .prefetch_related(Prefetch("lines", lines), "shipments__lines")
        .order_by("ship_by", "pk")
    )
    left = units_left([order.pk for order in rows])
    return [_chosen(order, left) for order in rows]


def plan_orders(
    chosen: Sequence[ChosenOrder], drafts: Mapping[int, ShipmentDraft]
) -> list[PlannedOrder]:
    """Return what these drafts, by the order's id, would do now; nothing is changed.

    They name no units: those are what is left. One after the other takes them from the
    stock, so that the order is named which would take a warehouse below zero.
    """
    variant_ids = {
        rest.held.variant_id
        for one in chosen
        for rest in one.rest
        if rest.held is not None
    }
    levels = levels_of(variant_ids)
    return _warned(list(_planned(chosen, drafts, levels)))


def ship_orders(
    planned: Sequence[PlannedOrder], seen: Collection[str], *, actor: str
) -> list[PlannedOrder]:
    """Make the packages of the plans whose mark somebody has seen; return what became.

    One order's refusal keeps no other from being shipped.
    """
    return [_shipped(plan, seen, actor) for plan in planned]


def _chosen(order: Order, left: Mapping[int, int]) -> ChosenOrder:
    lines = [(line, left.get(line.pk, 0)) for line in order.lines.all()]
    rest = tuple(_rest(line, units) for line, units in lines if units > 0)
    refusal = why_not_shipped_here(order, Order.TO_SHIP)
    if not refusal and not rest:
        refusal = _("Every unit is in a package already.")
    return ChosenOrder(order, rest, refusal)


def _rest(line: OrderLine, units: int) -> LineRest:
    held: Reservation | None = getattr(line, "reservation", None)
    gone = units_gone(held, line, units) if held is not None else 0
    return LineRest(line, units, held, gone)


def _planned(
    chosen: Sequence[ChosenOrder],
    drafts: Mapping[int, ShipmentDraft],
    levels: dict[Place, Level],
) -> Iterator[PlannedOrder]:
    for one in chosen:
        draft = drafts.get(one.order.pk)
        if draft is None:
            yield _without_draft(one)
            continue
        plan = _plan(one, _of_the_rest(one, draft))
        if plan.outcome is SelectionOutcome.SHIPS:
            after = levels | _levels_after(one, levels)
            plan = _asking(plan, tuple(shortfalls(levels, after)))
            if plan.outcome is SelectionOutcome.SHIPS:
                levels = after
        yield plan


def _warned(plans: Sequence[PlannedOrder]) -> list[PlannedOrder]:
    """Return the plans, those that could ship with what looks wrong about them."""
    entered = {
        plan.chosen.order.pk: (plan.chosen.order, plan.draft)
        for plan in plans
        if plan.draft is not None and plan.outcome in _COULD_SHIP
    }
    warnings = number_warnings(list(entered.values()))
    return [
        replace(plan, warnings=(*warnings[pk], *_stock_warnings(plan.chosen)))
        if (pk := plan.chosen.order.pk) in entered
        else plan
        for plan in plans
    ]


def _stock_warnings(one: ChosenOrder) -> Iterator[str]:
    if any(rest.held is None for rest in one.rest):
        yield _("A line holds no stock: no warehouse loses its units.")


def _without_draft(one: ChosenOrder) -> PlannedOrder:
    if one.refusal:
        return PlannedOrder(one, SelectionOutcome.REFUSED, one.refusal)
    return PlannedOrder(
        one,
        SelectionOutcome.NO_NUMBER,
        _("It has no tracking number yet, so nothing is sent."),
    )


def _of_the_rest(one: ChosenOrder, draft: ShipmentDraft) -> ShipmentDraft:
    places = {rest.line.pk: rest.warehouse for rest in one.rest}
    return replace(
        draft,
        quantities={rest.line.pk: rest.units for rest in one.rest},
        warehouses={pk: place for pk, place in places.items() if place is not None},
    )


def _plan(one: ChosenOrder, draft: ShipmentDraft) -> PlannedOrder:
    if any(_is_known(shipment, one, draft) for shipment in one.order.shipments.all()):
        return PlannedOrder(one, SelectionOutcome.KNOWN, _why_known(one), draft)
    if one.refusal:
        return PlannedOrder(one, SelectionOutcome.REFUSED, one.refusal, draft)
    try:
        check_draft(one.order, draft, draft.quantities)
    except ShipmentError as error:
        return PlannedOrder(one, _outcome_of(error), error.message, draft)
    return PlannedOrder(one, SelectionOutcome.SHIPS, "", draft)


def _is_known(shipment: Shipment, one: ChosenOrder, draft: ShipmentDraft) -> bool:
    """Tell whether the package was made before, by the rule of `create_shipment`.

    Of an order of which nothing is left it had the units that were left then.
    """
    is_it = is_same if one.rest else is_alike
    return shipment.is_packed and is_it(shipment, draft)


def _why_known(one: ChosenOrder) -> str:
    if not one.rest:
        return _("A package with this tracking number is there already.")
    text = ngettext(
        "A package with this tracking number and as many units is there already. "
        "%(count)d unit more is in no package: give it another tracking number.",
        "A package with this tracking number and as many units is there already. "
        "%(count)d units more are in no package: give them another tracking number.",
        one.units,
    )
    return text % {"count": one.units}


def _outcome_of(error: ShipmentError) -> SelectionOutcome:
    is_question = error.code == CANCEL_REQUESTED
    return SelectionOutcome.ASKS if is_question else SelectionOutcome.REFUSED


def _levels_after(
    one: ChosenOrder, levels: Mapping[Place, Level]
) -> dict[Place, Level]:
    """Return the levels that the order's units leave, once they have left."""
    after: dict[Place, Level] = {}
    for rest in one.rest:
        leaving = rest.units - rest.gone
        if rest.held is None or leaving <= 0:
            continue
        place = (rest.held.variant_id, rest.held.warehouse_id)
        level = after.get(place) or levels.get(place, Level(place[1]))
        after[place] = replace(
            level,
            on_hand=level.on_hand - leaving,
            reserved=level.reserved - min(leaving, rest.held.quantity),
        )
    return after


def _asking(plan: PlannedOrder, fallen: tuple[Shortfall, ...]) -> PlannedOrder:
    """Return the plan, or one that asks about what would fall below zero."""
    agreed = plan.draft.agreed if plan.draft is not None else None
    if all(one.is_within(agreed or {}) for one in fallen):
        return replace(plan, shortfalls=fallen)
    return _below_zero(plan, fallen)


def _below_zero(plan: PlannedOrder, fallen: tuple[Shortfall, ...]) -> PlannedOrder:
    return replace(
        plan,
        outcome=SelectionOutcome.ASKS,
        reason=BelowZeroError(fallen).message,
        shortfalls=fallen,
    )


def _shipped(plan: PlannedOrder, seen: Collection[str], actor: str) -> PlannedOrder:
    if plan.outcome is not SelectionOutcome.SHIPS or plan.draft is None:
        return plan
    if plan.mark not in seen:
        return replace(
            plan,
            outcome=SelectionOutcome.CHANGED,
            reason=_("This is not what you were shown: look at it again."),
        )
    try:
        create_shipment(plan.chosen.order, draft=plan.draft, actor=actor)
    except BelowZeroError as error:
        return _below_zero(plan, error.shortfalls)
    except ShipmentError as error:
        return replace(plan, outcome=_outcome_of(error), reason=error.message)
    return replace(plan, outcome=SelectionOutcome.SHIPPED, reason="")
