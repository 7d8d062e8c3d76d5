"""The SQL of a whole account's loose listings says what the rule says."""

from __future__ import annotations

import pytest

from channels_amazon.services.stock.sku_matching import (
    variants_of,
    variants_of_loose_listings,
)
from tests import builders

pytestmark = pytest.mark.django_db


def test_loose_listings_get_the_variants_that_the_rule_gives_them() -> None:
    account = builders.make_account()
    skus = ["CUP", "cup", "MUG", "BOWL"]
    listings = {
        builders.make_listing(account, seller_sku=sku, variant=None).pk: sku
        for sku in skus
    }
    cup = builders.make_variant(account.store, sku="CUP")
    builders.make_variant(account.store, sku="MUG ")
    # The same SKU in another store is not ours.
    builders.make_variant(sku="BOWL")

    found = variants_of_loose_listings(account)

    by_sku = {listings[pk]: variant for pk, variant in found.items()}
    assert by_sku == {"CUP": cup.pk}
    assert by_sku == {
        key.seller_sku: variant for key, variant in variants_of({account: skus}).items()
    }
