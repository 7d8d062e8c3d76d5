"""Which of the store's variants a seller SKU belongs to; pure, rules layer.

A seller SKU belongs to the variant that its account's listing is linked to. Where the
listing is linked to none, or not read yet, it belongs to the store's variant of the
very same SKU. Nothing is guessed: another case or a space more is another SKU.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class SkuKey(NamedTuple):
    """A seller SKU of an account, which Amazon keeps unique."""

    account_id: int
    seller_sku: str


def unlinked(keys: Iterable[SkuKey], linked: Mapping[SkuKey, int]) -> set[SkuKey]:
    """Return the keys that no listing's link decides."""
    return {key for key in keys if key not in linked}


def match_variants(
    keys: Iterable[SkuKey],
    *,
    linked: Mapping[SkuKey, int],
    same_sku: Mapping[tuple[int, str], int],
    stores: Mapping[int, int],
) -> dict[SkuKey, int]:
    """Return the variant of each key that has one.

    `linked` has the variants of linked listings, `same_sku` the variants by store and
    SKU, `stores` the store of each account; all by primary key.
    """
    found: dict[SkuKey, int] = {}
    for key in keys:
        variant_id = linked.get(key)
        if variant_id is None:
            variant_id = same_sku.get((stores[key.account_id], key.seller_sku))
        if variant_id is not None:
            found[key] = variant_id
    return found
