"""Stores what Amazon answered to a shipment and shows of it; services layer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from channels_amazon.errors import ShoplinkError
from channels_amazon.models import Order, Shipment, ShipmentLine
from channels_amazon.rules.shipping.tracking import is_same_number
from channels_amazon.services.diagnostics.entries import Entry, Level, clean, record
from channels_amazon.services.shipping.rejections import Rejection
from channels_amazon.services.shipping.shipments import lock_order, next_reference
from channels_amazon.services.stock.reservations import reconcile_order
from channels_amazon.spapi.orders import Package
from channels_amazon.wording import sentence, together

State = Shipment.State

# Amazon shows an accepted package with its order after a few seconds: read it then.
FIRST_POLL = timedelta(seconds=3)


def begin_attempt(shipment: Shipment) -> bool:
    """Claim the shipment for one more attempt to send it; False if that failed.

    It fails if another process claimed it or a person edited it since it was read.
    Until Amazon answers, the row says that it did not; `shipment` keeps what was read.
    """
    waiting = _as_read(shipment).filter(attempts=shipment.attempts)
    if not waiting.update(
        attempts=F("attempts") + 1,
        unanswered_since=shipment.unanswered_since or timezone.now(),
    ):
        return False
    shipment.attempts += 1
    return True


def read_whole(shipment: Shipment) -> list[ShipmentLine]:
    """Reload the shipment and return its lines, both of one revision."""
    with transaction.atomic():
        lock_order(shipment.order_id)
        shipment.refresh_from_db()
        rows = shipment.lines.select_related("line").order_by("pk")
        return list(rows)


def renumber(shipment: Shipment, taken: Collection[int]) -> None:
    """Give an unsent shipment a package number that is neither ours nor in `taken`."""
    with transaction.atomic():
        order = lock_order(shipment.order_id)
        number = max(next_reference(order), *(other + 1 for other in taken))
        Shipment.objects.filter(
            pk=shipment.pk, state=State.WAITING, attempts=shipment.attempts
        ).update(package_reference=number)
    shipment.refresh_from_db()


def mark_confirmed(shipment: Shipment) -> bool:
    """Mark the shipment as accepted by Amazon, though not shown with the order yet.

    Return False if it was edited meanwhile: then the edit is still to be sent.
    """
    now = timezone.now()
    return bool(
        _as_read(shipment).update(
            state=State.CONFIRMED,
            confirmed_at=now,
            next_attempt_at=now + FIRST_POLL,
            unanswered_since=None,
            error_code="",
            error_message="",
        )
    )


def mark_refused(
    shipment: Shipment, rejection: Rejection, *, request_id: str = ""
) -> None:
    """Mark the shipment as refused and reserve its units for the order again.

    Nothing happens if the shipment was edited meanwhile: then the edit is sent.
    """
    with transaction.atomic():
        order = lock_order(shipment.order_id)
        if not _as_read(shipment).update(
            state=State.REFUSED,
            next_attempt_at=None,
            unanswered_since=None,
            error_code=clean(rejection.code, 80),
            error_message=clean(together(rejection.message, rejection.fix), 500),
        ):
            return
        lines = shipment.lines.values_list("line_id", "quantity")
        reconcile_order(order, never_left=dict(lines))
        order.save()
        record(
            Entry(
                code=rejection.code,
                account=order.account,
                reference=order.amazon_order_id,
                request_id=request_id,
                message=sentence(
                    "Amazon refused package %(number)s of order %(order)s: %(reason)s",
                    number=shipment.package_reference,
                    order=order.amazon_order_id,
                    reason=rejection.message,
                ),
                fix=rejection.fix,
            )
        )


def postpone(
    shipment: Shipment, until: datetime | None, error: ShoplinkError | None = None
) -> None:
    """Set when to try the shipment again; `error` is why the last attempt failed."""
    undone = Shipment.objects.filter(
        pk=shipment.pk,
        revision=shipment.revision,
        state__in=Shipment.OPEN,
    )
    undone.update(
        next_attempt_at=until,
        error_code=clean(error.code, 80) if error else "",
        error_message=clean(error.message, 500) if error else "",
    )


def restore(before: Shipment, until: datetime) -> None:
    """Take back that the shipment was put off `until` then: it was not its fault.

    `before` is the shipment as it was read; what was written since stays. An attempt
    may have arrived, so that one is kept: the next looks before it sends.
    """
    as_put_off = _as_read(before).filter(next_attempt_at=until)
    as_put_off.update(
        next_attempt_at=before.next_attempt_at, attempts=max(before.attempts, 1)
    )


def was_not_sent(before: Shipment) -> None:
    """Note that the attempt did not reach Amazon; `before` is as it was read."""
    _as_read(before).update(unanswered_since=before.unanswered_since)


def look_again(
    shipment: Shipment,
    until: datetime,
    *,
    since: datetime | None,
    rejection: Rejection | None = None,
) -> None:
    """Look then whether Amazon, which says that it has a package, shows it.

    `since` is when the first attempt began that was not answered, None for none;
    `rejection` is what Amazon says, None where it is not asked again.
    """
    columns: dict[str, Any] = {"next_attempt_at": until, "unanswered_since": since}
    if rejection is not None:
        columns["error_code"] = clean(rejection.code, 80)
        columns["error_message"] = clean(rejection.message, 500)
    _as_read(shipment).update(**columns)


def record_not_shown(shipment: Shipment) -> None:
    """Log that Amazon still does not show a shipment that it accepted long ago."""
    order = shipment.order
    error = ShoplinkError(
        "shipment.not_shown",
        sentence("Amazon accepted the package but does not show it with the order."),
        fix=sentence(
            "Look at the order in Seller Central: it must not stay unshipped."
        ),
    )
    postpone(shipment, None, error)
    record(
        Entry(
            code=error.code,
            level=Level.WARNING,
            account=order.account,
            reference=order.amazon_order_id,
            message=error.message,
            fix=error.fix,
        )
    )


def take_packages(order: Order, packages: Sequence[Package]) -> int:
    """Verify our shipments by the packages of Amazon's order; return how many.

    A shipment that Amazon refused can be verified too: an earlier attempt, whose
    answer was lost, may have arrived.
    """
    by_number = {item.reference_id: item for item in packages}
    unverified = order.shipments.exclude(state=State.VERIFIED)
    if not by_number or not unverified.exists():
        return 0
    now = timezone.now()
    with transaction.atomic():
        # Lock before reading the shipments: a person may be editing one of them.
        locked = lock_order(order.pk)
        undone = unverified.prefetch_related("lines__line")
        found = [
            row.pk
            for row in undone
            if _is_shown(row, by_number.get(str(row.package_reference)))
        ]
        if not found:
            return 0
        rows = Shipment.objects.filter(pk__in=found)
        rows.filter(confirmed_at__isnull=True).update(confirmed_at=now)
        rows.update(
            state=State.VERIFIED,
            verified_at=now,
            next_attempt_at=None,
            unanswered_since=None,
            error_code="",
            error_message="",
        )
        reconcile_order(locked)
        locked.save()
    return len(found)


def _as_read(shipment: Shipment) -> QuerySet[Shipment]:
    """Return the shipment's row if it still waits in the revision that was read."""
    rows: QuerySet[Shipment] = Shipment.objects.filter(
        pk=shipment.pk, state=State.WAITING, revision=shipment.revision
    )
    return rows


def _is_shown(shipment: Shipment, package: Package | None) -> bool:
    if package is None:
        return False
    if not is_same_number(package.tracking_number, shipment.tracking_number):
        return False
    if not shipment.revision:
        return True
    # Amazon may show the package as it was before our edit, which is sent in any case.
    if shipment.state != State.CONFIRMED:
        return False
    units = {item.order_item_id: item.quantity for item in package.items}
    ours = {item.line.order_item_id: item.quantity for item in shipment.lines.all()}
    return not units or units == ours
