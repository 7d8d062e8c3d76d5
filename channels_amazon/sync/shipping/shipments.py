"""Confirms shipments to Amazon, once in effect, and looks that they show; sync layer.

The same package number again edits the package, so that sending twice does no harm;
still, where an earlier attempt may have arrived we look before we send again. Every
order that is read back is stored like any other, which marks the shipments it shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import F, Min, Q, QuerySet

from channels_amazon.models import Order, Shipment, ShipmentLine, SyncJob
from channels_amazon.rules.shipping.lateness import LAST_CALL
from channels_amazon.services.amazon_client import quota_status
from channels_amazon.services.orders import data_sets, intake
from channels_amazon.services.shipping import confirmations, rejections, shipment_edits
from channels_amazon.spapi import operations
from channels_amazon.spapi.apis import shipment_confirmation as confirmation
from channels_amazon.spapi.apis.orders import get_order
from channels_amazon.spapi.errors import (
    InvalidRequest,
    NotFound,
    ServiceUnavailable,
    Throttled,
    UnexpectedResponse,
)
from channels_amazon.spapi.orders import Order as AmazonOrder
from channels_amazon.spapi.orders import Package
from channels_amazon.sync.orders.intake import store_order
from channels_amazon.sync.runtime.backoff import Streak, put_off_by
from channels_amazon.sync.runtime.context import Outcome, RunContext
from channels_amazon.sync.runtime.registry import reconciler

EVERY = timedelta(minutes=5)
BATCH = 100
# So often an order that is shipped already is looked at before that is a refusal.
PATIENCE = 2
# Looking is not urgent: these tokens of getOrder stay for orders that just came.
SPARED_READS = 10.0
LOOK_AGAIN = timedelta(seconds=15)
LONGEST_LOOK = timedelta(minutes=15)
NOT_SHOWN_AFTER = timedelta(hours=1)

State = Shipment.State


@reconciler(SyncJob.Kind.SHIPMENTS, every=EVERY)
def reconcile(ctx: RunContext) -> Outcome:
    """Send the shipments that wait, soonest ship-by first, then look for sent ones."""
    streak = Streak()
    waiting = list(_due(ctx, State.WAITING)[:BATCH])
    for shipment in waiting:
        if not ctx.has_time():
            streak.hand_over()
            return Outcome(next_due=ctx.now(), is_complete=False)
        ctx.keep_lease()
        _send(ctx, shipment, streak)
    if len(waiting) == BATCH:
        return Outcome(next_due=ctx.now(), is_complete=False)
    held_until = _look(ctx)
    return Outcome(next_due=_next_due(ctx, held_until))


def _due(ctx: RunContext, state: str) -> QuerySet[Shipment]:
    """Return what to take up now; what failed before comes after what did not."""
    is_due = Q(next_attempt_at__lte=ctx.now())
    if state == State.WAITING:
        is_due |= Q(next_attempt_at__isnull=True)
        # Amazon may have moved the deadline since the shipment was given its time.
        is_due |= Q(attempts=0, order__ship_by__lte=ctx.now() + LAST_CALL)
    rows: QuerySet[Shipment] = Shipment.objects.filter(
        is_due, order__account=ctx.account, state=state
    )
    return rows.select_related("order__account__store").order_by(
        "attempts", F("order__ship_by").asc(nulls_last=True), "pk"
    )


def _send(ctx: RunContext, shipment: Shipment, streak: Streak) -> None:
    """Send one shipment and keep what came of it; one that fails is put off."""
    if not confirmations.begin_attempt(shipment):
        return
    try:
        _attempt(ctx, shipment)
    except Throttled as error:
        if error.operation != operations.GET_ORDER.name:
            raise
        confirmations.postpone(shipment, error.retry_at)
    except (ServiceUnavailable, UnexpectedResponse) as error:
        # Whether it arrived is not known: the next attempt begins with a look.
        again_at = ctx.now() + put_off_by(shipment.attempts - 1)
        confirmations.postpone(shipment, again_at, error)
        if isinstance(error, ServiceUnavailable):
            streak.add(error)
        return
    streak.end()
    shipment.refresh_from_db()
    ctx.progress(
        rows=1,
        changed=shipment.state in {State.CONFIRMED, State.VERIFIED},
        aside=shipment.state == State.REFUSED,
    )


def _attempt(ctx: RunContext, shipment: Shipment) -> None:
    is_first = shipment.attempts == 1
    # An edit is sent again without a look: what Amazon shows may be from before it.
    looks = not is_first and not shipment.revision
    if looks or (is_first and _has_other_packages(shipment.order)):
        data = _read(ctx, shipment.order)
        if _is_settled(shipment):
            return
        if is_first and data is not None:
            _keep_apart(shipment, data)
    lines = confirmations.read_whole(shipment)
    if shipment.state != State.WAITING:
        return
    try:
        confirmation.confirm_shipment(
            ctx.client, shipment.order.amazon_order_id, _package(shipment, lines)
        )
    except (InvalidRequest, NotFound) as error:
        # "Already fulfilled" is what an earlier attempt of ours looks like, too.
        data = _read(ctx, shipment.order)
        sent = shipment.revision
        if not _is_settled(shipment) and shipment.revision == sent:
            _refused(ctx, shipment, error, data)
        return
    confirmations.mark_confirmed(shipment)


def _refused(
    ctx: RunContext,
    shipment: Shipment,
    error: InvalidRequest | NotFound,
    data: AmazonOrder | None,
) -> None:
    """Keep the rejection; of an order shipped already, only when that stays so.

    It may be our own package that Amazon has and does not show yet.
    """
    rejection = rejections.explain(error)
    package = _package_before(shipment, data)
    if package is not None:
        shipment_edits.take_back(
            shipment, package, rejection, request_id=error.request_id
        )
        return
    if rejection.code == rejections.ALREADY_SHIPPED and shipment.attempts <= PATIENCE:
        confirmations.postpone(shipment, ctx.now() + LOOK_AGAIN, error)
        return
    confirmations.mark_refused(shipment, rejection, request_id=error.request_id)


def _package_before(shipment: Shipment, data: AmazonOrder | None) -> Package | None:
    """Return the package that Amazon shows, where it was an edit that was refused."""
    if data is None or not shipment.revision or shipment.confirmed_at is None:
        return None
    number = str(shipment.package_reference)
    return next((one for one in data.packages if one.reference_id == number), None)


def _has_other_packages(order: Order) -> bool:
    """Tell whether Amazon counts units as shipped that are in no shipment of ours."""
    ours: dict[int, int] = {}
    sent = order.shipments.filter(state__in=(State.CONFIRMED, State.VERIFIED))
    for line_id, units in sent.values_list("lines__line_id", "lines__quantity"):
        ours[line_id] = ours.get(line_id, 0) + units
    return any(
        line.quantity_shipped > ours.get(line.pk, 0) for line in order.lines.all()
    )


def _keep_apart(shipment: Shipment, data: AmazonOrder) -> None:
    """Give the shipment a number that edits no package confirmed elsewhere."""
    taken = {
        int(package.reference_id)
        for package in data.packages
        if package.reference_id.isdecimal()
    }
    if shipment.package_reference in taken:
        confirmations.renumber(shipment, taken)


def _package(
    shipment: Shipment, lines: Sequence[ShipmentLine]
) -> confirmation.PackageDetail:
    return confirmation.PackageDetail(
        marketplace_id=shipment.order.marketplace_id,
        package_number=shipment.package_reference,
        carrier_code=shipment.carrier_code,
        carrier_name=shipment.carrier_name,
        shipping_method=shipment.shipping_method,
        tracking_number=shipment.tracking_number,
        ship_date=shipment.shipped_at,
        items=[
            confirmation.ShippedItem(item.line.order_item_id, item.quantity)
            for item in lines
        ],
    )


def _read(ctx: RunContext, order: Order) -> AmazonOrder | None:
    """Read the order back and store it; None if Amazon does not know it."""
    wanted = data_sets.data_sets_for(order, data_sets.data_sets(ctx.account))
    try:
        data = get_order(ctx.client, order.amazon_order_id, wanted)
    except (InvalidRequest, NotFound):
        return None
    store_order(ctx, data, source=intake.READ_BACK)
    return data


def _is_settled(shipment: Shipment) -> bool:
    shipment.refresh_from_db()
    return shipment.state != State.WAITING


def _look(ctx: RunContext) -> datetime | None:
    """Look for accepted shipments; return until when the others have to wait."""
    for shipment in _due(ctx, State.CONFIRMED)[:BATCH]:
        if not ctx.has_time():
            return ctx.now()
        if _reads_left(ctx) < SPARED_READS:
            return ctx.now() + LOOK_AGAIN
        ctx.keep_lease()
        shipment.refresh_from_db()
        # Another shipment of the same order may have brought this one's answer.
        if shipment.state != State.CONFIRMED:
            continue
        try:
            _read(ctx, shipment.order)
        except Throttled as error:
            return error.retry_at
        except (ServiceUnavailable, UnexpectedResponse):
            _look_later(ctx, shipment)
            return ctx.now() + LOOK_AGAIN
        _look_later(ctx, shipment)
    return None


def _look_later(ctx: RunContext, shipment: Shipment) -> None:
    """Have a shipment that is still not shown looked at again, more and more rarely."""
    shipment.refresh_from_db()
    if shipment.state != State.CONFIRMED:
        return
    age = ctx.now() - (shipment.confirmed_at or ctx.now())
    if age > NOT_SHOWN_AFTER:
        confirmations.tell_not_shown(shipment)
        return
    pause = min(max(age, confirmations.FIRST_LOOK), LONGEST_LOOK)
    confirmations.postpone(shipment, ctx.now() + pause)


def _reads_left(ctx: RunContext) -> float:
    for line in quota_status.quota_lines(ctx.account, ctx.now()):
        if line.operation == operations.GET_ORDER.name:
            return line.tokens
    return float(operations.GET_ORDER.burst)


def _next_due(ctx: RunContext, held_until: datetime | None) -> datetime:
    """Return when the next shipment wants to be taken up."""
    regular = ctx.now() + EVERY
    undone = Shipment.objects.filter(
        order__account=ctx.account, state__in=(State.WAITING, State.CONFIRMED)
    )
    soonest: datetime | None = undone.aggregate(at=Min("next_attempt_at"))["at"]
    if soonest is None:
        return regular
    return min(max(soonest, held_until or ctx.now()), regular)
