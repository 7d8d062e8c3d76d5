"""Computes what listings should publish, and can explain it; services layer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from channels_amazon.models import (
    Listing,
    StockLevel,
    StockMovement,
    SyncJob,
    Variant,
)
from channels_amazon.rules.stock import allocation
from channels_amazon.rules.stock.allocation import QuantityInputs, WarehouseUnits
from channels_amazon.services.jobs.coalescing import AT_ONCE, FollowUps


@dataclass(frozen=True, slots=True)
class VariantAvailability:
    """The numbers behind what a variant can sell, in units.

    `available` is None while nobody ever counted the variant: its stock is not known,
    which is not the same as none. `warehouses` are (code, on hand, reserved).
    """

    on_hand: int
    reserved: int
    safety_stock: int
    available: int | None
    warehouses: tuple[tuple[str, int, int], ...]

    def why(self) -> QuantityInputs:
        """Return the inputs and the rule, as kept beside a published quantity."""
        return QuantityInputs(
            on_hand=self.on_hand,
            reserved=self.reserved,
            safety_stock=self.safety_stock,
            available=self.available,
            rule=allocation.RULE,
            warehouses=[
                WarehouseUnits(code=code, on_hand=on_hand, reserved=reserved)
                for code, on_hand, reserved in self.warehouses
            ],
        )


def availability(variant_ids: Collection[int]) -> dict[int, VariantAvailability]:
    """Return the numbers of each variant, in two queries however many they are."""
    levels: dict[int, list[StockLevel]] = defaultdict(list)
    rows = StockLevel.objects.filter(variant__in=variant_ids)
    for level in rows.select_related("warehouse").order_by("warehouse__code", "pk"):
        levels[level.variant_id].append(level)
    counts = StockMovement.objects.filter(
        variant=OuterRef("pk"), reason__in=StockMovement.COUNTS
    )
    variants = Variant.objects.filter(pk__in=variant_ids).order_by()
    return {
        pk: _availability(levels[pk], safety_stock, is_counted=is_counted)
        for pk, safety_stock, is_counted in variants.values_list(
            "pk", "safety_stock", Exists(counts)
        )
    }


def refresh_desired(
    variant_ids: Collection[int], follow_ups: FollowUps = AT_ONCE
) -> int:
    """Compute anew what the variants' listings should publish; return how many to push.

    Call it after any change of stock, safety stock, or of which variant a listing is
    linked to. Amazon keeps one quantity per account and SKU, and none of ours for FBA.
    """
    with transaction.atomic():
        # Nobody else changes these variants' stock until we commit.
        _lock(variant_ids)
        listings = list(_listings(variant_ids))
        if not listings:
            return 0
        numbers = availability(variant_ids)
        now = timezone.now()
        due = [
            item
            for item in listings
            if item.variant_id and _refresh(item, numbers[item.variant_id], now)
        ]
        for account_id in sorted({item.account_id for item in due}):
            follow_ups.wake(account_id, SyncJob.Kind.STOCK_PUSH)
    return len(due)


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


def _refresh(listing: Listing, known: VariantAvailability, now: datetime) -> bool:
    """Write the listing's desired quantity if it changed; tell whether to push it."""
    if not listing.is_mfn:
        if listing.desired_quantity is not None or listing.push_due:
            Listing.objects.filter(pk=listing.pk).update(
                desired_quantity=None,
                desired_at=now,
                desired_why={},
                push_due=False,
                push_after=None,
                push_code="",
                push_error="",
            )
        return False
    desired = known.available
    if desired is None:
        return False
    if desired == listing.desired_quantity:
        # The number stays, its reasons changed: the page shows the new ones.
        Listing.objects.filter(pk=listing.pk).update(desired_why=known.why())
        return False
    is_first = listing.acknowledged_quantity is None
    # Due even if Amazon accepted this very number before: it may have sold a unit
    # since, and then no longer shows what it accepted.
    is_due = not (is_first and listing.observed_quantity == desired)
    Listing.objects.filter(pk=listing.pk).update(
        desired_quantity=desired,
        desired_at=now,
        desired_why=known.why(),
        push_after=None,
        # Never set to False here: a push of the previous number may be under way, and
        # the observed number is then older than what Amazon has.
        **({"push_due": True} if is_due else {}),
    )
    return is_due or listing.push_due


def _availability(
    levels: list[StockLevel], safety_stock: int, *, is_counted: bool
) -> VariantAvailability:
    free = [
        allocation.Level(level.warehouse_id, level.on_hand, level.reserved)
        for level in levels
    ]
    return VariantAvailability(
        on_hand=sum(level.on_hand for level in levels),
        reserved=sum(level.reserved for level in levels),
        safety_stock=safety_stock,
        available=allocation.available(free, safety_stock) if is_counted else None,
        warehouses=tuple(
            (level.warehouse.code, level.on_hand, level.reserved) for level in levels
        ),
    )
