"""Writes stock levels, movements and stock-takes as CSV; services layer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.utils.translation import get_language, override

from channels_amazon.models import (
    StockMovement,
    StockTake,
    Variant,
    translated_packed,
)
from channels_amazon.services.diagnostics.audit import Audited, audit
from channels_amazon.services.diagnostics.export import csv_table
from channels_amazon.services.stock.quantities import availability
from channels_amazon.services.stock.stock_takes import left_out_of, rows_of
from channels_amazon.wording import Sentence

LEVEL_COLUMNS = (
    *("sku", "barcode", "title", "store", "warehouse_code", "warehouse"),
    *("on_hand", "reserved", "safety_stock", "available"),
)
MOVEMENT_COLUMNS = (
    *("id", "at", "sku", "store", "warehouse_code", "warehouse", "reason", "cause"),
    *("on_hand", "reserved", "reference", "note", "by"),
)
TAKE_COLUMNS = (
    *("line", "sku", "counted"),
    *("on_hand_before", "difference", "on_hand_after"),
)
LEFT_OUT_COLUMNS = ("line", "column", "value", "reason")


def level_lines(parts: Iterable[Sequence[Variant]]) -> Iterator[str]:
    """Return the CSV file of the variants' levels, a row for each warehouse.

    `available` is of the variant as a whole, once; a variant in no warehouse has a row.
    The levels are prefetched with their warehouses.
    """
    return csv_table(LEVEL_COLUMNS, _levels(parts))


def movement_lines(parts: Iterable[Sequence[StockMovement]]) -> Iterator[str]:
    """Return the CSV file of the movements; its times are UTC.

    Words are in the language that is active now, not when the file is read.
    """
    return csv_table(MOVEMENT_COLUMNS, _movements(parts, get_language() or "en"))


def take_lines(take: StockTake) -> Iterator[str]:
    """Return the CSV file of what a stock-take counted."""
    rows = (
        (
            row.line,
            row.sku,
            row.counted,
            row.on_hand if row.saved_over is None else row.saved_over,
            row.difference,
            row.result,
        )
        for row in rows_of(take)
    )
    return csv_table(TAKE_COLUMNS, rows)


def left_out_lines(take: StockTake) -> Iterator[str]:
    """Return the CSV file of the rows that a stock-take left out, and why."""
    rows = [
        (row.line, row.column, row.value, translated_packed(row.reason))
        for row in left_out_of(take)
    ]
    return csv_table(LEFT_OUT_COLUMNS, rows)


def keep_export(
    message: Sentence, *, actor: str, store_ids: Iterable[int | None]
) -> None:
    """Keep in the audit log that stock of these stores was downloaded; None: of all."""
    for store_id in store_ids:
        audit(
            Audited(
                code="access.exported",
                message=message,
                reference="stock",
                actor=actor,
                store_id=store_id,
            )
        )


def _levels(parts: Iterable[Sequence[Variant]]) -> Iterator[Sequence[Any]]:
    for variants in parts:
        numbers = availability([variant.pk for variant in variants])
        for variant in variants:
            known = numbers.get(variant.pk)
            said: Any = known.available if known else None
            own = (variant.sku, variant.barcode, variant.product.title)
            begin = (*own, variant.store.name)
            levels = list(variant.levels.all())
            for level in levels:
                place = level.warehouse
                units = (level.on_hand, level.reserved, variant.safety_stock)
                yield (*begin, place.code, place.name, *units, said)
                said = None
            if not levels:
                yield (*begin, "", "", None, None, variant.safety_stock, said)


def _movements(
    parts: Iterable[Sequence[StockMovement]], language: str
) -> Iterator[Sequence[Any]]:
    for moves in parts:
        with override(language):
            rows = [_movement(move) for move in moves]
        yield from rows


def _movement(move: StockMovement) -> Sequence[Any]:
    return (
        move.pk,
        move.created_at,
        move.variant.sku,
        move.variant.store.name,
        move.warehouse.code,
        move.warehouse.name,
        move.get_reason_display(),
        move.get_cause_display(),
        move.on_hand_delta,
        move.reserved_delta,
        move.reference,
        move.note,
        move.actor,
    )
