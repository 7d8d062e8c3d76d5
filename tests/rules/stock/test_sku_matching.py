"""A seller SKU belongs to its listing's variant, else to that of the same SKU."""

from __future__ import annotations

from channels_amazon.rules.stock.sku_matching import SkuKey, match_variants, unlinked

EU, US = 1, 2
STORES = {EU: 10, US: 20}
CUP, MUG = SkuKey(EU, "CUP"), SkuKey(US, "CUP")


def match(
    linked: dict[SkuKey, int], same_sku: dict[tuple[int, str], int]
) -> dict[SkuKey, int]:
    """Match the SKU CUP of both accounts."""
    return match_variants([CUP, MUG], linked=linked, same_sku=same_sku, stores=STORES)


def test_link_of_the_listing_counts_before_the_same_sku() -> None:
    assert match({CUP: 7}, {(10, "CUP"): 8}) == {CUP: 7}


def test_same_sku_counts_in_the_accounts_own_store_only() -> None:
    assert match({}, {(20, "CUP"): 8}) == {MUG: 8}


def test_another_spelling_is_another_sku() -> None:
    assert match({}, {(10, "cup"): 8, (20, "CUP "): 9}) == {}


def test_links_leave_the_others_to_the_same_sku() -> None:
    assert unlinked([CUP, MUG], {CUP: 7}) == {MUG}
