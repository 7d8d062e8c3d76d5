"""Finds the store's variants behind Amazon's seller SKUs; services layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from channels_amazon.models import AmazonAccount, Listing, Variant

# Account and seller SKU.
SkuKey = tuple[int, str]


def variants_of(wanted: Mapping[AmazonAccount, Iterable[str]]) -> dict[SkuKey, int]:
    """Return the variant of each seller SKU: by its listing, else by the same SKU.

    At most two queries, however many accounts and SKUs; SKUs without one are left out.
    """
    stores = {account.pk: account.store_id for account in wanted}
    keys = {(account.pk, sku) for account, skus in wanted.items() for sku in skus}
    keys = {key for key in keys if key[1]}
    if not keys:
        return {}
    linked = Listing.objects.filter(
        account__in=stores, seller_sku__in=_skus(keys), variant__isnull=False
    ).order_by()
    found = {
        (account_id, sku): variant_id
        for account_id, sku, variant_id in linked.values_list(
            "account_id", "seller_sku", "variant_id"
        )
        if (account_id, sku) in keys
    }
    loose = keys - found.keys()
    if not loose:
        return found
    same = Variant.objects.filter(
        store__in=set(stores.values()), sku__in=_skus(loose)
    ).order_by()
    by_store = {
        (store_id, sku): pk
        for store_id, sku, pk in same.values_list("store_id", "sku", "pk")
    }
    for account_id, sku in loose:
        pk = by_store.get((stores[account_id], sku))
        if pk is not None:
            found[account_id, sku] = pk
    return found


def _skus(keys: Iterable[SkuKey]) -> set[str]:
    return {sku for _account_id, sku in keys}
