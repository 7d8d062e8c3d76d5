"""Confirms shipments to Amazon and verifies that it shows them; sync layer.

The same package number again edits the package, so sending twice does no harm. Still,
where an earlier attempt may have arrived, the order is read before sending again. Every
order read back is stored like any other, which verifies the shipments that it shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import F, Min, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from channels_amazon.errors import ShoplinkError
from channels_amazon.models import Order, Permission, Shipment, ShipmentLine, SyncJob
from channels_amazon.rules.shipping.lateness import LAST_CALL, NOT_SHOWN_AFTER
from channels_amazon.services.amazon_client import quota_status
from channels_amazon.services.installation import catching_up
from channels_amazon.services.jobs.backoff import unanswered_backoff
from channels_amazon.services.jobs.registry import HALF_A_DAY, reconciler
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
from channels_amazon.spapi.orders import AmazonOrder, Package
from channels_amazon.sync.orders.intake import store_order
from channels_amazon.sync.runtime.context import Result, RunContext
from channels_amazon.sync.runtime.outage_detector import OutageDetector

# Shipments loaded at once: more than a run has time to send.
BATCH = 100
# Amazon's "already shipped" may be about our own package, which it shows some seconds
# later: read the order so often before believing it.
CHECKS_BEFORE_REFUSAL = 2
# Verifying is not urgent: so many getOrder tokens stay for orders that just came.
RESERVED_READS = 10.0
# After a poll that brought nothing, or without a token for one.
POLL_PAUSE = timedelta(seconds=15)
# Pauses grow with the age of the confirmation, up to this.
LONGEST_POLL_PAUSE = timedelta(minutes=15)

State = Shipment.State


def due_accounts(now: datetime) -> QuerySet[Any, Any]:
    """Return the ids of the accounts that have a shipment to send or to verify."""
    rows = Shipment.objects.filter(
        _is_due(now, State.WAITING) & Q(state=State.WAITING)
        | _is_due(now, State.CONFIRMED) & Q(state=State.CONFIRMED),
        # Said once more for the index of those.
        state__in=Shipment.OPEN,
    )
    return rows.order_by().values("order__account_id")


@reconciler(
    SyncJob.Kind.SHIPMENTS,
    title=_("Shipment confirmation"),
    interval=HALF_A_DAY,
    # A buyer waits for the tracking number.
    head_start=timedelta(minutes=1),
    permission=Permission.Name.ORDERS,
    due_accounts=due_accounts,
)
def reconcile(ctx: RunContext) -> Result:
    """Send waiting shipments, soonest ship-by time first, then verify sent ones."""
    outage = OutageDetector(ctx)
    waiting = list(_due(ctx, State.WAITING)[:BATCH])
    # An earlier attempt may have been made before the database was restored.
    looks_first = bool(waiting) and not catching_up.is_read_since_restore(ctx.account)
    for shipment in waiting:
        if not outage.has_time():
            outage.end()
            return Result(next_due=ctx.now(), is_complete=False)
        ctx.keep_lease()
        _send(ctx, shipment, outage, looks_first=looks_first)
    outage.end()
    if len(waiting) == BATCH:
        return Result(next_due=ctx.now(), is_complete=False)
    held_until = _poll(ctx)
    return Result(next_due=_next_due(ctx, held_until))


def _due(ctx: RunContext, state: str) -> QuerySet[Shipment]:
    """Return the shipments due now in this state, those without failures first."""
    rows: QuerySet[Shipment] = Shipment.objects.filter(
        _is_due(ctx.now(), state), order__account=ctx.account, state=state
    )
    return rows.select_related("order__account__store").order_by(
        "attempts", F("order__ship_by").asc(nulls_last=True), "pk"
    )


def _is_due(now: datetime, state: str) -> Q:
    is_due = Q(next_attempt_at__lte=now)
    if state == State.WAITING:
        is_due |= Q(next_attempt_at__isnull=True)
        # Amazon may have moved the deadline since the shipment was given its time.
        is_due |= Q(attempts=0, order__ship_by__lte=now + LAST_CALL)
    return is_due


def _send(
    ctx: RunContext, shipment: Shipment, outage: OutageDetector, *, looks_first: bool
) -> None:
    """Send one shipment and store the result; a failed one is postponed.

    `looks_first` says that what counts as the first attempt need not be it.
    """
    before = copy(shipment)
    if not confirmations.begin_attempt(shipment):
        return
    try:
        _attempt(ctx, shipment, looks_first=looks_first)
    except Throttled as error:
        if error.operation != operations.GET_ORDER.name:
            confirmations.take_back_attempt(before)
            raise
        confirmations.postpone(shipment, error.retry_at)
    except (ServiceUnavailable, UnexpectedResponse) as error:
        # Whether it arrived is unknown: the next attempt reads the order first.
        again_at = ctx.now() + unanswered_backoff(shipment.attempts - 1)
        confirmations.postpone(shipment, again_at, error)
        if not _may_have_arrived(error):
            confirmations.was_not_sent(before)
        if isinstance(error, ServiceUnavailable):
            take_back = partial(confirmations.restore, before, again_at)
            outage.failed(error, take_back)
        return
    except ShoplinkError:
        # The token, the permission or a key ends the run.
        confirmations.take_back_attempt(before)
        raise
    outage.answered()
    shipment.refresh_from_db()
    ctx.progress(
        rows=1,
        changed=shipment.state in {State.CONFIRMED, State.VERIFIED},
        quarantined=shipment.state == State.REFUSED,
    )


def _may_have_arrived(error: ServiceUnavailable | UnexpectedResponse) -> bool:
    """Tell whether Amazon may have the package although no answer says so."""
    is_undelivered = isinstance(error, ServiceUnavailable) and error.is_undelivered
    is_about_package = error.operation == operations.CONFIRM_SHIPMENT.name
    return is_about_package and not is_undelivered


def _attempt(ctx: RunContext, shipment: Shipment, *, looks_first: bool) -> None:
    since = shipment.unanswered_since
    is_first = shipment.attempts == 1
    # An edit is sent again without reading: Amazon may still show the old package.
    reads_first = not is_first and not shipment.revision
    reads_first |= is_first and looks_first
    # But where Amazon has it already, only looking brings it to light.
    is_told = shipment.error_code == rejections.ALREADY_SHIPPED
    reads_first |= is_told
    if reads_first or (is_first and _has_other_packages(shipment.order)):
        data = _read(ctx, shipment.order)
        if _has_result(shipment):
            return
        if is_first and data is not None:
            _avoid_numbers_of(shipment, data)
        if is_told and _may_appear(ctx, since):
            confirmations.look_again(shipment, _next_look(ctx, since), since=since)
            return
    lines = confirmations.read_whole(shipment)
    if shipment.state != State.WAITING:
        return
    try:
        confirmation.confirm_shipment(
            ctx.client, shipment.order.amazon_order_id, _package(shipment, lines)
        )
    except (InvalidRequest, NotFound) as error:
        # "Already fulfilled" may mean an earlier attempt of ours that arrived.
        data = _read(ctx, shipment.order)
        sent = shipment.revision
        if not _has_result(shipment) and shipment.revision == sent:
            _refused(ctx, shipment, error, data, since)
        return
    confirmations.mark_confirmed(shipment)


def _refused(
    ctx: RunContext,
    shipment: Shipment,
    error: InvalidRequest | NotFound,
    data: AmazonOrder | None,
    since: datetime | None,
) -> None:
    """Mark the shipment refused, or revert its edit to what Amazon shows.

    "Already shipped" counts only after CHECKS_BEFORE_REFUSAL attempts, and after
    NOT_SHOWN_AFTER where one was not answered, `since` then: it may be our own package,
    which Amazon has and does not show yet.
    """
    rejection = rejections.explain(error)
    package = _package_before(shipment, data, since)
    if package is not None:
        shipment_edits.revert_edit(
            shipment, package, rejection, request_id=error.request_id
        )
        return
    if rejection.code == rejections.ALREADY_SHIPPED and (
        _may_appear(ctx, since) if since else shipment.attempts <= CHECKS_BEFORE_REFUSAL
    ):
        confirmations.look_again(
            shipment, _next_look(ctx, since), since=since, rejection=rejection
        )
        return
    confirmations.mark_refused(shipment, rejection, request_id=error.request_id)


def _may_appear(ctx: RunContext, since: datetime | None) -> bool:
    """Tell whether Amazon may still show a package whose answer was lost."""
    return since is not None and ctx.now() - since < NOT_SHOWN_AFTER


def _next_look(ctx: RunContext, since: datetime | None) -> datetime:
    """Return when to look for the package again, ever later."""
    age = ctx.now() - (since or ctx.now())
    return ctx.now() + min(max(age, POLL_PAUSE), LONGEST_POLL_PAUSE)


def _package_before(
    shipment: Shipment, data: AmazonOrder | None, since: datetime | None
) -> Package | None:
    """Return the package that Amazon shows if an edit of it was refused, else None.

    Amazon has it where it said so, or where the answer was lost (`since` then).
    """
    is_sent = shipment.confirmed_at is not None or since is not None
    if data is None or not shipment.revision or not is_sent:
        return None
    number = str(shipment.package_reference)
    return next((one for one in data.packages if one.reference_id == number), None)


def _has_other_packages(order: Order) -> bool:
    """Tell whether Amazon counts shipped units that no shipment of ours has."""
    ours: dict[int, int] = {}
    sent = order.shipments.filter(state__in=(State.CONFIRMED, State.VERIFIED))
    for line_id, units in sent.values_list("lines__line_id", "lines__quantity"):
        ours[line_id] = ours.get(line_id, 0) + units
    return any(
        line.quantity_shipped > ours.get(line.pk, 0) for line in order.lines.all()
    )


def _avoid_numbers_of(shipment: Shipment, data: AmazonOrder) -> None:
    """Renumber the shipment if its number is that of a package confirmed elsewhere."""
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


def _has_result(shipment: Shipment) -> bool:
    shipment.refresh_from_db()
    return shipment.state != State.WAITING


def _poll(ctx: RunContext) -> datetime | None:
    """Read the orders of accepted shipments; return when to go on, None if done."""
    for shipment in _due(ctx, State.CONFIRMED)[:BATCH]:
        if not ctx.has_time():
            return ctx.now()
        if _reads_left(ctx) < RESERVED_READS:
            return ctx.now() + POLL_PAUSE
        ctx.keep_lease()
        shipment.refresh_from_db()
        # Reading the order for another shipment may have verified this one too.
        if shipment.state != State.CONFIRMED:
            continue
        try:
            _read(ctx, shipment.order)
        except Throttled as error:
            return error.retry_at
        except (ServiceUnavailable, UnexpectedResponse):
            _poll_later(ctx, shipment)
            return ctx.now() + POLL_PAUSE
        _poll_later(ctx, shipment)
    return None


def _poll_later(ctx: RunContext, shipment: Shipment) -> None:
    """Set the next poll of a shipment that is still not shown, ever later."""
    shipment.refresh_from_db()
    if shipment.state != State.CONFIRMED:
        return
    age = ctx.now() - (shipment.confirmed_at or ctx.now())
    if age > NOT_SHOWN_AFTER:
        confirmations.record_not_shown(shipment)
        return
    pause = min(max(age, confirmations.FIRST_POLL), LONGEST_POLL_PAUSE)
    confirmations.postpone(shipment, ctx.now() + pause)


def _reads_left(ctx: RunContext) -> float:
    for line in quota_status.quota_lines(ctx.account, ctx.now()):
        if line.operation == operations.GET_ORDER.name:
            return line.tokens
    return float(operations.GET_ORDER.burst)


def _next_due(ctx: RunContext, held_until: datetime | None) -> datetime | None:
    """Return when the next shipment is due, None when none waits for its time."""
    undone = Shipment.objects.filter(
        order__account=ctx.account, state__in=Shipment.OPEN
    )
    soonest: datetime | None = undone.aggregate(at=Min("next_attempt_at"))["at"]
    return None if soonest is None else max(soonest, held_until or ctx.now())
