"""Keeps what Amazon answered to a package, and what it shows of it; services layer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from channels_amazon.errors import ShoplinkError
from channels_amazon.models import Order, Shipment
from channels_amazon.services.diagnostics import Entry, Level, clean, record
from channels_amazon.services.refusals import Refusal
from channels_amazon.services.reservations import settle_order
from channels_amazon.services.shipments import lock_order, next_reference
from channels_amazon.spapi.orders import Package
from channels_amazon.wording import sentence, together

State = Shipment.State

# When to look for the first time whether Amazon shows what it accepted.
FIRST_LOOK = timedelta(seconds=3)


def begin_attempt(shipment: Shipment) -> bool:
    """Count one more attempt to send the package; False if another process has."""
    waiting = Shipment.objects.filter(
        pk=shipment.pk, state=State.WAITING, attempts=shipment.attempts
    )
    if not waiting.update(attempts=F("attempts") + 1):
        return False
    shipment.attempts += 1
    return True


def renumber(shipment: Shipment, taken: Collection[int]) -> None:
    """Give a package that Amazon does not have a number beyond ours and `taken`."""
    with transaction.atomic():
        order = lock_order(shipment.order_id)
        number = max(next_reference(order), *(other + 1 for other in taken))
        Shipment.objects.filter(
            pk=shipment.pk, state=State.WAITING, attempts=shipment.attempts
        ).update(package_reference=number)
    shipment.refresh_from_db()


def mark_confirmed(shipment: Shipment) -> bool:
    """Keep that Amazon accepted the package, which it has yet to show."""
    now = timezone.now()
    waiting = Shipment.objects.filter(pk=shipment.pk, state=State.WAITING)
    return bool(
        waiting.update(
            state=State.CONFIRMED,
            confirmed_at=now,
            send_after=now + FIRST_LOOK,
            error_code="",
            error_message="",
        )
    )


def mark_refused(shipment: Shipment, refusal: Refusal, *, request_id: str = "") -> None:
    """Keep why Amazon refused the package; its units are held for the order again."""
    with transaction.atomic():
        order = lock_order(shipment.order_id)
        waiting = Shipment.objects.filter(pk=shipment.pk, state=State.WAITING)
        if not waiting.update(
            state=State.REFUSED,
            send_after=None,
            error_code=clean(refusal.code, 80),
            error_message=clean(together(refusal.message, refusal.fix), 500),
        ):
            return
        lines = shipment.lines.values_list("line_id", "quantity")
        settle_order(order, never_left=dict(lines))
        order.save()
        record(
            Entry(
                code=refusal.code,
                account=order.account,
                reference=order.amazon_order_id,
                request_id=request_id,
                message=sentence(
                    "Amazon refused package %(number)s of order %(order)s: %(reason)s",
                    number=shipment.package_reference,
                    order=order.amazon_order_id,
                    reason=refusal.message,
                ),
                fix=refusal.fix,
            )
        )


def postpone(
    shipment: Shipment, until: datetime | None, error: ShoplinkError | None = None
) -> None:
    """Have the package taken up again then; `error` is what hindered it."""
    undone = Shipment.objects.filter(
        pk=shipment.pk, state__in=(State.WAITING, State.CONFIRMED)
    )
    undone.update(
        send_after=until,
        error_code=clean(error.code, 80) if error else "",
        error_message=clean(error.message, 500) if error else "",
    )


def tell_not_shown(shipment: Shipment) -> None:
    """Say that Amazon accepted the package long ago and still does not show it."""
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
    """Mark our packages that Amazon shows as verified; return how many were new.

    `packages` are those of Amazon's full order. One that Amazon had refused counts
    too: an earlier attempt, whose answer was lost, may have arrived.
    """
    shown = {(item.reference_id, _plain(item.tracking_number)) for item in packages}
    now = timezone.now()
    unverified = order.shipments.exclude(state=State.VERIFIED)
    found = [
        row
        for row in unverified
        if (str(row.package_reference), _plain(row.tracking_number)) in shown
    ]
    if not found:
        return 0
    with transaction.atomic():
        locked = lock_order(order.pk)
        rows = Shipment.objects.filter(pk__in=[row.pk for row in found])
        rows.filter(confirmed_at__isnull=True).update(confirmed_at=now)
        rows.update(
            state=State.VERIFIED,
            verified_at=now,
            send_after=None,
            error_code="",
            error_message="",
        )
        settle_order(locked)
        locked.save()
    return len(found)


def _plain(tracking_number: str | None) -> str:
    return "".join(filter(str.isalnum, tracking_number or "")).casefold()
