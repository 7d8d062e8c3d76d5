"""Keeps what listings should publish, and when that changed and why; services layer."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from channels_amazon.models import (
    DriftState,
    Listing,
    NumberChange,
    Product,
    RuleRevision,
    StockLevel,
    SyncJob,
    Variant,
)
from channels_amazon.rules.stock.quantity_inputs import QuantityInputs
from channels_amazon.services.jobs.coalescing import AT_ONCE, FollowUps
from channels_amazon.services.stock.quantities import (
    ListingState,
    WantedQuantity,
    listing_states,
    wanted_quantities,
)

# Who changes the numbers of more variants at once waits for none of them: they are sent
# like those of sales, so that what sells out meanwhile does not wait behind them.
MOST_BY_PERSON = 20


def refresh_by_person(
    variant_ids: Collection[int], follow_ups: FollowUps = AT_ONCE
) -> int:
    """Compute anew what the variants' listings should publish, after a person's change.

    A few numbers that it changes are sent before those of sales, but for zeros.
    """
    return refresh_desired(
        variant_ids, follow_ups, by_person=len(variant_ids) <= MOST_BY_PERSON
    )


def refresh_desired(
    variant_ids: Collection[int],
    follow_ups: FollowUps = AT_ONCE,
    *,
    revision: RuleRevision | None = None,
    by_person: bool = False,
) -> int:
    """Compute anew what the variants' listings should publish; return how many to push.

    Call it after any change of stock, safety stock, rules, or of which variant a
    listing is linked to; `revision` is the saving of rules that it follows from. Amazon
    keeps one quantity per account and SKU, and none of ours for FBA.
    """
    with transaction.atomic():
        # Nobody else changes these variants' stock until we commit.
        _lock(variant_ids)
        listings = listing_states(variant_ids)
        if not listings:
            return 0
        wanted = wanted_quantities(listings)
        now = timezone.now()
        due: list[ListingState] = []
        changes: list[NumberChange] = []
        for item in listings:
            if _refresh(item, wanted.get(item.pk), now, changes):
                due.append(item)
        if by_person:
            # What was due before goes ahead too: its number is the person's now.
            changed = [change.listing_id for change in changes]
            waiting = Listing.objects.filter(pk__in=changed, push_due=True)
            waiting.update(push_by_person=True)
        for change in changes:
            change.revision = revision
        NumberChange.objects.bulk_create(changes)
        for account_id in sorted({item.account_id for item in due}):
            follow_ups.wake(account_id, SyncJob.Kind.STOCK_PUSH)
    return len(due)


def refresh_product(product: Product) -> int:
    """Compute anew what a product's listings should publish; return how many to push.

    Call it after its category changed: a stock rule may hold for the one or the other.
    """
    variants = Variant.objects.filter(product=product)
    return refresh_desired(list(variants.values_list("pk", flat=True)))


def push_again(variant_ids: Collection[int], follow_ups: FollowUps = AT_ONCE) -> int:
    """Queue the variants' published quantities to be sent again; return how many.

    Call it where Amazon may have changed its count while ours stayed the same.
    """
    with transaction.atomic():
        _lock(variant_ids)
        rows = _listings(variant_ids).filter(is_mfn=True, desired_quantity__gte=0)
        accounts = dict(rows.values_list("pk", "account_id"))
        Listing.objects.filter(pk__in=accounts).update(push_due=True)
        for account_id in sorted(set(accounts.values())):
            follow_ups.wake(account_id, SyncJob.Kind.STOCK_PUSH)
    return len(accounts)


def _lock(variant_ids: Collection[int]) -> None:
    """Lock the variants' levels until commit, in pk order."""
    locked = StockLevel.objects.select_for_update().filter(variant__in=variant_ids)
    list(locked.order_by("pk").values_list("pk", flat=True))


def _listings(variant_ids: Collection[int]) -> QuerySet[Listing]:
    rows: QuerySet[Listing] = Listing.objects.not_disconnected()
    return rows.filter(variant__in=variant_ids).order_by("pk")


def _refresh(
    listing: ListingState,
    wanted: WantedQuantity | None,
    now: datetime,
    changes: list[NumberChange],
) -> bool:
    """Write the listing's desired quantity if it changed; tell whether to push it.

    What changed of it, or of its reasons, is added to `changes`.
    """
    if wanted is None or (wanted.is_known and wanted.quantity is None):
        _publish_nothing(listing, wanted, now, changes)
        return False
    if not wanted.is_known:
        return False
    desired = wanted.quantity
    if desired == listing.desired_quantity:
        if (wanted.why, wanted.holds_rises) != (
            listing.desired_why,
            listing.holds_rises,
        ):
            # The number stays, its reasons changed: the page shows the new ones.
            Listing.objects.filter(pk=listing.pk).update(
                desired_why=wanted.why, holds_rises=wanted.holds_rises
            )
            changes.append(_change(listing, wanted, now))
        return False
    is_first = listing.acknowledged_quantity is None
    # Due even if Amazon accepted this very number before: it may have sold a unit
    # since, and then no longer shows what it accepted.
    is_due = not (is_first and listing.observed_quantity == desired)
    Listing.objects.filter(pk=listing.pk).update(
        desired_quantity=desired,
        desired_at=now,
        desired_why=wanted.why,
        # An answer to what was sent before may be lost.
        may_show_quantity=max(desired or 0, listing.most_shown),
        holds_rises=wanted.holds_rises,
        push_after=None,
        # Never set to False here: a push of the previous number may be under way, and
        # the observed number is then older than what Amazon has.
        **({"push_due": True} if is_due else {}),
    )
    changes.append(_change(listing, wanted, now))
    return is_due or listing.push_due


def _publish_nothing(
    listing: ListingState,
    wanted: WantedQuantity | None,
    now: datetime,
    changes: list[NumberChange],
) -> None:
    """Send no quantity of the listing any more: Amazon's own, or a rule's will."""
    why: QuantityInputs | dict[str, Any] = wanted.why if wanted else {}
    is_known = listing.desired_why == why and listing.desired_quantity is None
    if is_known and not listing.push_due:
        return
    Listing.objects.filter(pk=listing.pk).update(
        desired_quantity=None,
        desired_at=now,
        desired_why=why,
        holds_rises=False,
        # Amazon's number is nobody's business of ours any more.
        read_back_at=None,
        drift_state=DriftState.NONE,
        drift_since=None,
        push_due=False,
        push_after=None,
        push_code="",
        push_error="",
    )
    if not is_known:
        changes.append(
            NumberChange(listing_id=listing.pk, value=None, why=why, created_at=now)
        )


def _change(
    listing: ListingState, wanted: WantedQuantity, now: datetime
) -> NumberChange:
    return NumberChange(
        listing_id=listing.pk, value=wanted.quantity, why=wanted.why, created_at=now
    )
