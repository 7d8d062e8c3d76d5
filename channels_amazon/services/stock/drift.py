"""Keeps what was done where Amazon shows another quantity; services layer.

What follows from a reading is said in `rules/stock/drift.py`; the listings are read by
the job `read_back`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from channels_amazon.errors import ShoplinkError
from channels_amazon.models import (
    DiagnosticEntry,
    DriftState,
    Listing,
    StockLevel,
    SyncJob,
)
from channels_amazon.rules.stock.allocation import Level, falls_below_zero
from channels_amazon.rules.stock.drift import (
    LOOK_AGAIN,
    LOOK_AT_TOLD,
    LOOK_FOR_RISES,
    DriftStep,
    ReadBack,
    next_step,
)
from channels_amazon.services.diagnostics.entries import Entry, record
from channels_amazon.services.jobs import lifecycle
from channels_amazon.services.stock import ledger
from channels_amazon.services.stock.publication import refresh_desired
from channels_amazon.wording import sentence


class DriftError(ShoplinkError):
    """What a person wished about a difference is not possible."""


def take_readings(
    listings: Collection[Listing], orders_until: datetime | None, now: datetime
) -> int:
    """Do what follows from each of the listings that were read; return how many differ.

    They are of one account; `orders_until` is up to when all of its orders were read.
    """
    differing = 0
    for listing in listings:
        step = _step(listing, orders_until)
        if step is not DriftStep.EQUAL:
            differing += step is not DriftStep.WAIT
        _keep(listing, step, now)
    return differing


def look_at_difference(listing: Listing, now: datetime) -> None:
    """Have the listing read back where Amazon shows another number than it accepted.

    Call it when a reading brought a new number, whatever it was made for.
    """
    differing = Listing.objects.filter(
        pk=listing.pk,
        is_mfn=True,
        push_due=False,
        read_back_at__isnull=True,
        drift_state=DriftState.NONE,
        acknowledged_quantity__isnull=False,
        desired_quantity__isnull=False,
    ).exclude(acknowledged_quantity=F("observed_quantity"))
    if differing.update(read_back_at=now):
        lifecycle.wake(listing.account_id, SyncJob.Kind.READ_BACK)


def read_again(listing_ids: Collection[int], at: datetime) -> None:
    """Have the listings read back then."""
    Listing.objects.filter(pk__in=listing_ids).update(read_back_at=at)


def push_again(listing: Listing, now: datetime) -> None:
    """Send the quantity once more, since a person wishes it."""
    row = Listing.objects.filter(pk=listing.pk, desired_quantity__isnull=False)
    merchants = row.filter(is_mfn=True)
    if not merchants.update(push_due=True, push_after=None, push_by_person=True):
        raise DriftError(
            "stock.nothing_to_push", _("No quantity of this listing is published.")
        )
    row.update(drift_state=DriftState.PUSHED, drift_since=listing.drift_since or now)
    lifecycle.wake(listing.account_id, SyncJob.Kind.STOCK_PUSH)


def take_amazons(listing: Listing, seen: str, *, actor: str) -> int:
    """Take Amazon's number for the right one; return the units that it added, or took.

    The count of the warehouse with most units changes by the difference. `seen` are our
    number and Amazon's as the person saw them ("3~50"). Raises DriftError where they
    are others by now, or a stock rule stands between the stock and the number.
    """
    with transaction.atomic():
        level = _fullest(listing)
        row = Listing.objects.select_for_update(no_key=True).get(pk=listing.pk)
        difference = _difference(row, seen)
        units = level.on_hand + difference
        if units < 0:
            raise DriftError(
                "stock.count_negative",
                _("The warehouse would show fewer than 0 units: count it instead."),
            )
        before = Level(level.warehouse_id, level.on_hand, level.reserved)
        if falls_below_zero(before, replace(before, on_hand=units)):
            raise DriftError(
                "stock.short",
                _(
                    "The warehouse would hold fewer units than are reserved for "
                    "orders: count it instead."
                ),
            )
        ledger.set_on_hand(
            level.variant,
            level.warehouse,
            units,
            actor=actor,
            key=f"amazons:{row.pk}:{row.observed_at}",
        )
        Listing.objects.filter(pk=row.pk).update(
            drift_state=DriftState.NONE, drift_since=None
        )
    return difference


def _fullest(listing: Listing) -> StockLevel:
    """Return the level with most units of the listing's variant, all of them locked."""
    if listing.variant is None:
        raise DriftError("stock.not_linked", _("The listing is linked to no variant."))
    known = StockLevel.objects.filter(variant=listing.variant).order_by("pk")
    pairs = list(known.values_list("variant_id", "warehouse_id"))
    if not pairs:
        raise DriftError("stock.not_counted", _("The variant was never counted."))
    levels = ledger.lock_levels(pairs)
    return max(levels.values(), key=lambda level: (level.on_hand, -level.pk))


def _difference(row: Listing, seen: str) -> int:
    """Return by how much Amazon's number differs, as the person saw it."""
    if row.observed_quantity is None or row.desired_quantity is None:
        raise DriftError("stock.nothing_to_take", _("Amazon's number is not known."))
    if seen != f"{row.desired_quantity}~{row.observed_quantity}":
        raise DriftError(
            "stock.changed_meanwhile",
            _("The numbers changed meanwhile. Look at them again."),
        )
    if row.desired_why.get("sharing"):
        raise DriftError(
            "stock.rule_decides",
            _(
                "A stock rule makes the number from the stock, so Amazon's cannot be "
                "taken: count the variant, or change the rule."
            ),
        )
    return row.observed_quantity - row.desired_quantity


def _step(listing: Listing, orders_until: datetime | None) -> DriftStep:
    if listing.acknowledged_quantity is None or listing.acknowledged_at is None:
        return DriftStep.EQUAL
    return next_step(
        ReadBack(
            acknowledged=listing.acknowledged_quantity,
            acknowledged_at=listing.acknowledged_at,
            observed=listing.observed_quantity,
            observed_at=listing.observed_at,
            orders_until=orders_until,
            was_pushed=listing.drift_state != DriftState.NONE,
        )
    )


def _keep(listing: Listing, step: DriftStep, now: datetime) -> None:
    """Write what follows, unless another number was accepted or wanted meanwhile."""
    as_read = Listing.objects.filter(
        pk=listing.pk,
        acknowledged_at=listing.acknowledged_at,
        push_due=False,
        desired_quantity__isnull=False,
    )
    since = listing.drift_since or now
    if step is DriftStep.EQUAL:
        _settle(listing, as_read)
    elif step is DriftStep.WAIT:
        pause = LOOK_FOR_RISES if listing.holds_rises else LOOK_AGAIN
        as_read.update(read_back_at=now + pause)
    elif step is DriftStep.PUSH:
        is_due = as_read.update(
            read_back_at=None,
            drift_state=DriftState.PUSHED,
            drift_since=since,
            push_due=True,
            push_after=None,
        )
        if is_due:
            _tell(listing, is_pushed=True)
            lifecycle.wake(listing.account_id, SyncJob.Kind.STOCK_PUSH)
    else:
        is_new = listing.drift_state != DriftState.STANDS
        is_kept = as_read.update(
            read_back_at=now + LOOK_AT_TOLD,
            drift_state=DriftState.STANDS,
            drift_since=since,
        )
        if is_kept and is_new:
            _tell(listing, is_pushed=False)


def _settle(listing: Listing, as_read: QuerySet[Listing]) -> None:
    """Keep that Amazon shows what it accepted; let parts rise that waited for it.

    That it need not be read again comes last: a process that is killed before leaves
    it to be read, and so the others to rise.
    """
    if not as_read.update(may_show_quantity=F("acknowledged_quantity")):
        return
    if listing.holds_rises and listing.variant_id:
        refresh_desired([listing.variant_id])
    as_read.update(read_back_at=None, drift_state=DriftState.NONE, drift_since=None)


def _tell(listing: Listing, *, is_pushed: bool) -> None:
    """Say in the log what was seen and done."""
    numbers: dict[str, str | int] = {
        "sku": listing.seller_sku,
        "ours": listing.acknowledged_quantity or 0,
        "theirs": listing.observed_quantity or 0,
    }
    if is_pushed:
        message = sentence(
            "Amazon accepted %(ours)s of %(sku)s and shows %(theirs)s: our number is "
            "sent once more.",
            **numbers,
        )
    else:
        message = sentence(
            "Amazon goes on showing %(theirs)s of %(sku)s, though it accepted "
            "%(ours)s twice.",
            **numbers,
        )
    record(
        Entry(
            code="stock.drift",
            level=DiagnosticEntry.Level.WARNING,
            account=listing.account,
            reference=listing.seller_sku,
            message=message,
            fix=sentence(
                "Look in Seller Central who changed it: another tool, or a person. "
                "Then send our number again or take Amazon's."
            ),
        )
    )
