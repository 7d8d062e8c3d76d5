"""Keeps what Amazon answered to a package, and what it shows of it; services layer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from channels_amazon.errors import ShoplinkError
from channels_amazon.models import Order, Shipment, ShipmentLine
from channels_amazon.services.diagnostics.entries import Entry, Level, clean, record
from channels_amazon.services.shipping.rejections import Refusal
from channels_amazon.services.shipping.shipments import lock_order, next_reference
from channels_amazon.services.stock.reservations import reconcile_order
from channels_amazon.spapi.orders import Package
from channels_amazon.wording import sentence, together

State = Shipment.State

# When to look for the first time whether Amazon shows what it accepted.
FIRST_LOOK = timedelta(seconds=3)


def begin_attempt(shipment: Shipment) -> bool:
    """Count one more attempt to send the package; False if another process has.

    False as well where a person has changed the package since it was read.
    """
    waiting = _as_read(shipment).filter(attempts=shipment.attempts)
    if not waiting.update(attempts=F("attempts") + 1):
        return False
    shipment.attempts += 1
    return True


def read_whole(shipment: Shipment) -> list[ShipmentLine]:
    """Read the package anew with its lines, all of one revision; return the lines."""
    with transaction.atomic():
        lock_order(shipment.order_id)
        shipment.refresh_from_db()
        rows = shipment.lines.select_related("line").order_by("pk")
        return list(rows)


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
    """Keep that Amazon accepted the package, which it has yet to show.

    False if the package was edited meanwhile: the edit is still to be sent.
    """
    now = timezone.now()
    return bool(
        _as_read(shipment).update(
            state=State.CONFIRMED,
            confirmed_at=now,
            send_after=now + FIRST_LOOK,
            error_code="",
            error_message="",
        )
    )


def mark_refused(shipment: Shipment, refusal: Refusal, *, request_id: str = "") -> None:
    """Keep why Amazon refused the package; its units are held for the order again.

    Nothing happens if the package was edited meanwhile: then the edit is sent.
    """
    with transaction.atomic():
        order = lock_order(shipment.order_id)
        if not _as_read(shipment).update(
            state=State.REFUSED,
            send_after=None,
            error_code=clean(refusal.code, 80),
            error_message=clean(together(refusal.message, refusal.fix), 500),
        ):
            return
        lines = shipment.lines.values_list("line_id", "quantity")
        reconcile_order(order, never_left=dict(lines))
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
        pk=shipment.pk,
        revision=shipment.revision,
        state__in=(State.WAITING, State.CONFIRMED),
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
    by_number = {item.reference_id: item for item in packages}
    unverified = order.shipments.exclude(state=State.VERIFIED)
    if not by_number or not unverified.exists():
        return 0
    now = timezone.now()
    with transaction.atomic():
        # Before the rows are looked at: a person may be editing one of them.
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
            send_after=None,
            error_code="",
            error_message="",
        )
        reconcile_order(locked)
        locked.save()
    return len(found)


def _as_read(shipment: Shipment) -> QuerySet[Shipment]:
    """Return the waiting package, nothing if it is of another revision by now."""
    rows: QuerySet[Shipment] = Shipment.objects.filter(
        pk=shipment.pk, state=State.WAITING, revision=shipment.revision
    )
    return rows


def _is_shown(shipment: Shipment, package: Package | None) -> bool:
    if package is None:
        return False
    if _plain(package.tracking_number) != _plain(shipment.tracking_number):
        return False
    if not shipment.revision:
        return True
    # What Amazon shows may be the package before its edit, which is sent in any case.
    if shipment.state != State.CONFIRMED:
        return False
    units = {item.order_item_id: item.quantity for item in package.items}
    ours = {item.line.order_item_id: item.quantity for item in shipment.lines.all()}
    return not units or units == ours


def _plain(tracking_number: str | None) -> str:
    return "".join(filter(str.isalnum, tracking_number or "")).casefold()
