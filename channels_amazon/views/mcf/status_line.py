"""Tells where a store order stands, and why it is shipped as it is; views layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from channels_amazon.models import (
    AmazonAccount,
    FulfillmentOrder,
    StoreOrder,
    SyncJob,
    translated,
)
from channels_amazon.rules.mcf.terms import LineFacts, SpeedOffer
from channels_amazon.services.mcf.store_orders import has_been_at_amazon, may_cancel
from channels_amazon.views.orders.status_line import NextStep
from channels_amazon.views.standstill import standstill_of

State = StoreOrder.State
AtAmazon = FulfillmentOrder.State


@dataclass(frozen=True, slots=True)
class OfferRow:
    """One speed of Amazon's preview, on the page."""

    account: str
    marketplace_id: str
    pool: str
    at: datetime
    speed: str
    is_able: bool
    fee: Decimal | None
    currency: str
    said: str


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line with the units that could serve it now."""

    sku: str
    quantity: int
    variant_id: int | None
    local: int | None
    pools: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person may do now; `cancel` says what it will do, "" for nothing."""

    cancel: str
    decides: bool
    ships: bool


def next_step(order: StoreOrder, *, is_worker_alive: bool) -> NextStep:
    """Return the one sentence that says whether the order needs somebody."""
    placed = placed_of(order)
    if order.state == State.NEEDS_PERSON:
        return NextStep("warning", trouble(order))
    if order.state == State.NEW:
        return _undecided(order, is_worker_alive=is_worker_alive)
    if order.state == State.LOCAL:
        return NextStep("info", _("Ship it from here: Amazon does not."))
    if order.state == State.CANCELLED:
        return NextStep("off", _("Cancelled: nothing to do."))
    if placed is None:
        return NextStep("ok", _("Done: nothing to do."))
    return _at_amazon(order, placed, is_worker_alive=is_worker_alive)


def choices(order: StoreOrder) -> Choices:
    """Return what a person may do with the order now."""
    open_here = order.state in {State.NEW, State.NEEDS_PERSON, State.LOCAL}
    placed = placed_of(order)
    cancel = ""
    if placed is not None and placed.ended_at is None:
        if placed.state == AtAmazon.WAITING and not placed.attempts:
            cancel = _("Amazon was not told yet: the order ends here at once.")
        elif may_cancel(placed):
            cancel = _(
                "Amazon is asked to cancel, and does so while nothing is picked. "
                "Reload the page in a moment to see its answer."
            )
    elif open_here:
        cancel = _("The order ends here. Nothing is sent to Amazon.")
    return Choices(
        cancel=cancel,
        decides=open_here and not has_been_at_amazon(order),
        ships=order.state in {State.NEW, State.NEEDS_PERSON},
    )


def trouble(order: StoreOrder) -> str:
    """Return why the order needs a person, in the reader's language."""
    why = order.why
    text = translated(why.trouble or why.reason)
    return text or _("Somebody must decide who ships it.")


def offers(order: StoreOrder, accounts: Mapping[int, AmazonAccount]) -> list[OfferRow]:
    """Return what Amazon's previews said, a row for each speed."""
    return [
        OfferRow(
            account=str(accounts.get(preview.candidate.account_id, "–")),
            marketplace_id=preview.candidate.marketplace_id,
            pool=preview.candidate.pool,
            at=preview.asked_at,
            speed=speed_word(offer.speed),
            is_able=offer.is_fulfillable,
            fee=offer.fee,
            currency=offer.currency,
            said=translated(preview.said),
        )
        for preview in order.why.previews
        # A refused question has one row, which says what Amazon answered.
        for offer in preview.offers or [SpeedOffer("", is_fulfillable=False)]
    ]


def lines(order: StoreOrder, facts: tuple[LineFacts, ...]) -> list[LineRow]:
    """Return the order's lines with what the store and FBA could give now."""
    return [
        LineRow(
            sku=line.sku,
            quantity=line.units,
            variant_id=line.variant_id,
            local=line.local,
            pools=tuple((pool.pool, pool.units) for pool in line.pools),
        )
        for line in facts
    ]


def speed_word(speed: str) -> str:
    """Return the name of a speed, as it came where it is none of ours."""
    known: dict[str, Any] = dict(StoreOrder.Speed.choices)
    return str(known.get(speed, speed or "–"))


def placed_of(order: StoreOrder) -> FulfillmentOrder | None:
    """Return the MCF order behind this one, None without."""
    found: FulfillmentOrder | None = getattr(order, "fulfillment", None)
    return found


def _undecided(order: StoreOrder, *, is_worker_alive: bool) -> NextStep:
    stopped = (
        SyncJob.objects.filter(
            account__store=order.store_id, kind=SyncJob.Kind.MCF_ORDERS
        )
        .exclude(blocked_code="")
        .first()
    )
    if stopped is not None:
        return NextStep(
            "error",
            _("It waits for Amazon's price, and the job that asks stands still: %s")
            % translated(stopped.blocked_message),
        )
    if not is_worker_alive:
        text = _("No worker runs: Amazon is asked what MCF would cost once one does.")
        return NextStep("waiting", text)
    return NextStep("waiting", _("It waits for Amazon to say what MCF would cost."))


def _at_amazon(
    order: StoreOrder, placed: FulfillmentOrder, *, is_worker_alive: bool
) -> NextStep:
    if order.state == State.DONE:
        if order.delivered_at:
            return NextStep("ok", _("Delivered: nothing to do."))
        return NextStep("ok", _("Amazon shipped it, and follows it to the buyer."))
    if placed.state == AtAmazon.WAITING:
        standstill = standstill_of(placed.account, is_worker_alive=is_worker_alive)
        if standstill is not None:
            return NextStep("waiting", standstill.text)
        if placed.cancel_asked_at:
            return NextStep("waiting", _("It is being cancelled."))
        if placed.error_message:
            return NextStep(
                "waiting",
                _("Amazon could not take it yet, it is tried again: %s")
                % translated(placed.error_message),
            )
        return NextStep("waiting", _("It is on its way to Amazon."))
    if placed.state == AtAmazon.CANCELLING:
        return NextStep("waiting", _("Amazon is asked to cancel it."))
    return NextStep("busy", _("Amazon ships it: nothing to do."))
