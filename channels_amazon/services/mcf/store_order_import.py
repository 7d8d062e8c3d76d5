"""Takes a file of store orders in, or shows what would become of it; services layer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone

from channels_amazon.models import Store, StoreOrder
from channels_amazon.services.mcf.store_orders import (
    LineDraft,
    StoreOrderDraft,
    StoreOrderError,
    place_store_order,
)
from channels_amazon.storefronts.catalogue import Rejected
from channels_amazon.storefronts.store_order_file import FileOrder


@dataclass(frozen=True, slots=True)
class ImportedOrder:
    """One order of the file: is it new, and what was decided about it."""

    row: int
    order: StoreOrder
    is_new: bool


@dataclass(slots=True)
class StoreOrderImport:
    """What a file brought; with `is_dry` nothing of it was kept."""

    is_dry: bool
    taken: list[ImportedOrder] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    @property
    def new(self) -> int:
        """Return how many orders were not known before."""
        return sum(item.is_new for item in self.taken)


def import_store_orders(
    store: Store,
    items: Iterable[FileOrder | Rejected],
    *,
    actor: str,
    is_dry: bool = False,
) -> StoreOrderImport:
    """Place the orders one by one; those that cannot be are reported.

    A dry run does the same and takes it back, so that it shows just what would be.
    """
    result = StoreOrderImport(is_dry)
    if not is_dry:
        for item in items:
            _take(store, item, actor, result)
        return result
    with transaction.atomic():
        for item in items:
            _take(store, item, actor, result)
        transaction.set_rollback(True)
    return result


def _take(
    store: Store, item: FileOrder | Rejected, actor: str, result: StoreOrderImport
) -> None:
    if isinstance(item, Rejected):
        result.rejected.append(item)
        return
    try:
        placed = place_store_order(store, draft=_draft(item), actor=actor)
    except StoreOrderError as error:
        result.rejected.append(Rejected(item.row, item.number, error.message))
        return
    result.taken.append(ImportedOrder(item.row, placed.order, placed.is_new))


def _draft(item: FileOrder) -> StoreOrderDraft:
    return StoreOrderDraft(
        number=item.number,
        placed_at=item.placed_at or timezone.now(),
        lines=[LineDraft(one.number, one.sku, one.quantity) for one in item.lines],
        destination=item.destination,
        speed=item.speed,
        currency=item.currency,
        total=item.total,
    )
