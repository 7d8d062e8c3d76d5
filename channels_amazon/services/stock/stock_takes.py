"""Keeps what a file counted in a warehouse, shows it, and saves just that; services.

What was counted is compared with the stock when the file comes in: its differences are
what is saved, so that units sold between preview and saving stay sold. Who counted the
same variant meanwhile has said otherwise: then nothing is saved.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from channels_amazon.models import (
    StockLevel,
    StockMovement,
    StockTake,
    Store,
    Warehouse,
)
from channels_amazon.rules.stock.allocation import Level, falls_below_zero
from channels_amazon.services.jobs.coalescing import FollowUps
from channels_amazon.services.stock.changes import apply_agreed
from channels_amazon.services.stock.counted_variants import match_rows
from channels_amazon.services.stock.ledger import Movement, StockError, lock_levels
from channels_amazon.services.stock.shortfalls import Agreed, Shortfall
from channels_amazon.storefronts.stock_file import read_counts
from channels_amazon.wording import pack

# SKUs that an error names.
_NAMED = 10


class TakenRow(NamedTuple):
    """A variant that was counted; the numbers are units.

    `on_hand` and `reserved` are those of the preview, `last_count` is the newest count
    in the ledger then, 0 for none. `saved_over` is what was on hand when it was saved,
    None before.
    """

    line: int
    variant_id: int
    sku: str
    counted: int
    on_hand: int
    reserved: int
    last_count: int
    was_negative: bool
    saved_over: int | None = None

    @property
    def difference(self) -> int:
        """Return by how many units the stock changes, below zero where it falls."""
        return self.counted - self.on_hand

    @property
    def moved(self) -> int:
        """Return how many units came, or left, between preview and saving."""
        return 0 if self.saved_over is None else self.saved_over - self.on_hand

    @property
    def result(self) -> int:
        """Return what is on hand once it is saved."""
        return self.counted + self.moved

    @property
    def is_short(self) -> bool:
        """Tell whether it leaves fewer units than are reserved."""
        before = Level(0, self.on_hand, self.reserved)
        return falls_below_zero(before, Level(0, self.counted, self.reserved))


class LeftOutRow(NamedTuple):
    """A row of the file that counts nothing; `reason` is a packed sentence."""

    line: int
    column: str
    value: str
    reason: str


def preview(
    warehouse: Warehouse, text: str, *, actor: str, file_name: str = ""
) -> StockTake:
    """Keep what the file counts, to be looked at; no stock is changed.

    Raises StorefrontError where the file as a whole cannot be read.
    """
    counted, rejected = read_counts(text)
    found, unmatched = match_rows(warehouse, counted)
    left_out = [
        LeftOutRow(one.line, one.column, one.value, pack(one.reason))
        for one in (*rejected, *unmatched)
    ]
    states = _states(warehouse, [variant_id for _row, variant_id, _sku in found])
    rows = [
        TakenRow(
            row.line,
            variant_id,
            sku,
            row.units,
            *states.get(variant_id, (0, 0, 0)),
            was_negative=row.was_negative,
        )
        for row, variant_id, sku in found
    ]
    made: StockTake = StockTake.objects.create(
        store_id=warehouse.store_id,
        warehouse=warehouse,
        file_name=file_name[:200],
        rows=rows,
        left_out=sorted(left_out),
        created_by=actor[:150],
        created_at=timezone.now(),
    )
    return made


def save(take: StockTake, *, actor: str, agreed: Agreed) -> StockTake:
    """Write the differences that were shown into the ledger; once more does nothing.

    Raises StockError where a variant was counted since, and ShortStockError for levels
    that fall beyond what was `agreed`; then nothing is saved.
    """
    with transaction.atomic(), FollowUps() as follow_ups:
        # One after the other, or two would take the same number.
        stores = Store.objects.select_for_update(no_key=True, of=("self",))
        stores.get(pk=take.store_id)
        takes = StockTake.objects.select_for_update(no_key=True, of=("self",))
        kept: StockTake = takes.get(pk=take.pk)
        if kept.is_saved:
            return kept
        rows = rows_of(kept)
        levels = lock_levels((row.variant_id, kept.warehouse_id) for row in rows)
        _check_counts(kept.warehouse, rows)
        kept.number = _next_number(kept)
        apply_agreed(_movements(kept, rows, actor), agreed, follow_ups)
        kept.rows = [
            row._replace(saved_over=levels[row.variant_id, kept.warehouse_id].on_hand)
            for row in rows
        ]
        kept.saved_by = actor[:150]
        kept.saved_at = timezone.now()
        kept.save(update_fields=["number", "rows", "saved_by", "saved_at"])
    return kept


def rows_of(take: StockTake) -> list[TakenRow]:
    """Return what was counted, as it was stored."""
    return [TakenRow._make(kept) for kept in take.rows]


def left_out_of(take: StockTake) -> list[LeftOutRow]:
    """Return the rows of the file that count nothing, as they were stored."""
    return [LeftOutRow._make(kept) for kept in take.left_out]


def fallen_of(take: StockTake, rows: Iterable[TakenRow]) -> list[Shortfall]:
    """Return the levels in which the preview leaves too few units."""
    return [
        Shortfall(
            place=(row.variant_id, take.warehouse_id),
            sku=row.sku,
            warehouse=take.warehouse.name,
            on_hand=row.counted,
            available=row.counted - row.reserved,
        )
        for row in rows
        if row.is_short
    ]


def _movements(take: StockTake, rows: Iterable[TakenRow], actor: str) -> list[Movement]:
    return [
        Movement(
            variant_id=row.variant_id,
            warehouse_id=take.warehouse_id,
            reason=StockMovement.Reason.STOCK_TAKE,
            key=f"take:{take.pk}:{row.variant_id}",
            on_hand=row.difference,
            reference=take.reference,
            actor=actor,
        )
        for row in rows
    ]


def _states(
    warehouse: Warehouse, variant_ids: Sequence[int]
) -> dict[int, tuple[int, int, int]]:
    """Return units on hand, reserved and the newest count of each level there is.

    The counts are read first: of one that comes in between the units are known and the
    count is not, so that saving takes it for a later one and refuses.
    """
    counts = StockMovement.objects.filter(
        warehouse=warehouse,
        variant__in=variant_ids,
        reason__in=StockMovement.COUNTS,
    ).order_by()
    newest = dict(counts.values_list("variant_id").annotate(Max("pk")))
    rows = StockLevel.objects.filter(warehouse=warehouse, variant__in=variant_ids)
    return {
        variant_id: (on_hand, reserved, newest.get(variant_id, 0))
        for variant_id, on_hand, reserved in rows.values_list(
            "variant_id", "on_hand", "reserved"
        )
    }


def _check_counts(warehouse: Warehouse, rows: Sequence[TakenRow]) -> None:
    """Raise StockError where a row's variant was counted since; levels are locked."""
    states = _states(warehouse, [row.variant_id for row in rows])
    anew = [row.sku for row in rows if states[row.variant_id][2] != row.last_count]
    if anew:
        names = ", ".join(anew[:_NAMED]) + (" …" if len(anew) > _NAMED else "")
        raise StockError(
            "stock.counted_meanwhile",
            _(
                "Nothing was saved: since this preview somebody counted %(skus)s. Send "
                "the file again, without what that count says already."
            )
            % {"skus": names},
        )


def _next_number(take: StockTake) -> int:
    numbers = StockTake.objects.filter(store=take.store_id).aggregate(n=Max("number"))
    return int(numbers["n"] or 0) + 1


def figures(rows: Sequence[TakenRow]) -> Counter[str]:
    """Return how many variants were counted, differ, are short, and more."""
    told: Counter[str] = Counter(counted=len(rows))
    for row in rows:
        told["differ"] += bool(row.difference)
        told["more"] += max(0, row.difference)
        told["fewer"] += max(0, -row.difference)
        told["negative"] += row.was_negative
        told["moved"] += bool(row.moved)
    return told
