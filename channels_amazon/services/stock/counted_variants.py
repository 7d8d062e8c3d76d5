"""Finds the variants that the rows of a stock-take name; services layer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from channels_amazon.models import Variant, Warehouse
from channels_amazon.rules.pasted_ids import search_terms
from channels_amazon.storefronts.stock_file import (
    BARCODE,
    SKU,
    WAREHOUSE,
    CountedRow,
)
from channels_amazon.storefronts.table_file import RejectedCell
from channels_amazon.wording import Sentence, sentence

# A row, and the key and SKU of the variant it counts.
Match = tuple[CountedRow, int, str]
# The lengths of a barcode: a spreadsheet takes its leading zeros away.
_BARCODE_LENGTHS = (8, 12, 13, 14)
# Names that one statement looks for.
_AT_ONCE = 5000


@dataclass(slots=True)
class _Known:
    """The variants that a file may mean: their keys, and SKUs by key."""

    by_sku: dict[str, int] = field(default_factory=dict)
    by_barcode: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    skus: dict[int, str] = field(default_factory=dict)


class _NoMatch(ValueError):
    def __init__(self, column: str, value: str, reason: Sentence) -> None:
        super().__init__(reason)
        self.column, self.value, self.reason = column, value, reason


def match_rows(
    warehouse: Warehouse, rows: Sequence[CountedRow]
) -> tuple[list[Match], list[RejectedCell]]:
    """Return the rows with their variants, and those that name none for certain.

    A variant that several rows count is left out whole: nobody can know whether they
    are to be added up.
    """
    known = _known(warehouse.store_id, rows)
    found: dict[int, list[CountedRow]] = defaultdict(list)
    left_out: list[RejectedCell] = []
    for row in rows:
        try:
            _check_warehouse(row, warehouse)
            found[_variant_of(row, known)].append(row)
        except _NoMatch as error:
            left_out.append(
                RejectedCell(row.line, error.column, error.value, error.reason)
            )
    matched = []
    for variant_id, same in found.items():
        if len(same) == 1:
            matched.append((same[0], variant_id, known.skus[variant_id]))
        else:
            left_out += _doubled(same, known.skus[variant_id])
    return matched, left_out


def _known(store_id: int, rows: Sequence[CountedRow]) -> _Known:
    skus = {term for row in rows if row.sku for term in search_terms(row.sku)}
    # A column of SKUs may hold barcodes.
    barcodes = {form for row in rows for form in _barcodes(row.barcode or row.sku)}
    known = _Known()
    variants = Variant.objects.filter(store=store_id).order_by()
    for part in _parts(skus):
        for pk, sku in variants.filter(sku__in=part).values_list("pk", "sku"):
            known.by_sku[sku] = pk
            known.skus[pk] = sku
    for part in _parts(barcodes):
        named = variants.filter(barcode__in=part)
        for pk, sku, barcode in named.values_list("pk", "sku", "barcode"):
            known.by_barcode[barcode].add(pk)
            known.skus[pk] = sku
    return known


def _parts(names: Collection[str]) -> Iterator[list[str]]:
    left = iter(sorted(names))
    while part := list(islice(left, _AT_ONCE)):
        yield part


def _barcodes(text: str) -> set[str]:
    """Return how a barcode may be stored: with leading zeros, and without."""
    if not text:
        return set()
    if not (text.isascii() and text.isdigit()):
        return {text}
    short = text.lstrip("0")
    return {text, *(short.zfill(length) for length in _BARCODE_LENGTHS)}


def _variant_of(row: CountedRow, known: _Known) -> int:
    """Return the key of the row's variant; raises _NoMatch."""
    if not row.sku:
        return _of_barcode(row.barcode, BARCODE, known)
    for term in search_terms(row.sku):
        if term in known.by_sku:
            pk = known.by_sku[term]
            _check_barcode(row, pk, known)
            return pk
    return _of_barcode(row.sku, SKU, known)


def _of_barcode(text: str, column: str, known: _Known) -> int:
    exact = known.by_barcode.get(text, set())
    found = exact or set().union(*_found(text, known.by_barcode))
    if not found:
        raise _NoMatch(
            column, text, sentence("The store has no variant “%(text)s”.", text=text)
        )
    if len(found) > 1:
        names = ", ".join(sorted(known.skus[pk] for pk in found)[:5])
        raise _NoMatch(
            column,
            text,
            sentence(
                "“%(text)s” is the barcode of several variants: %(skus)s. Name the "
                "SKU.",
                text=text,
                skus=names,
            ),
        )
    return next(iter(found))


def _found(text: str, by_barcode: Mapping[str, set[int]]) -> list[set[int]]:
    return [by_barcode.get(form, set()) for form in _barcodes(text)]


def _check_barcode(row: CountedRow, pk: int, known: _Known) -> None:
    others: set[int] = set().union(*_found(row.barcode, known.by_barcode))
    if row.barcode and others and pk not in others:
        names = ", ".join(sorted(known.skus[other] for other in others)[:5])
        raise _NoMatch(
            BARCODE,
            row.barcode,
            sentence(
                "SKU and barcode are of different variants: the barcode is of "
                "%(skus)s.",
                skus=names,
            ),
        )


def _check_warehouse(row: CountedRow, warehouse: Warehouse) -> None:
    ours = {warehouse.name.casefold(), warehouse.code.casefold()}
    if row.warehouse and row.warehouse.casefold() not in ours:
        raise _NoMatch(
            WAREHOUSE,
            row.warehouse,
            sentence(
                "The row is of another warehouse than “%(name)s”.", name=warehouse.name
            ),
        )


def _doubled(rows: Sequence[CountedRow], sku: str) -> list[RejectedCell]:
    lines = ", ".join(str(row.line) for row in rows)
    reason = sentence(
        "%(sku)s is counted on the lines %(lines)s: add them up on one line.",
        sku=sku,
        lines=lines,
    )
    named = [(row, SKU if row.sku else BARCODE) for row in rows]
    return [
        RejectedCell(row.line, column, row.sku or row.barcode, reason)
        for row, column in named
    ]
