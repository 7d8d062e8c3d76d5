"""Finds the store's variants behind Amazon's seller SKUs, and back; services layer.

The rule is `rules/stock/sku_matching.py`. For the listings of a whole account, which
may be 100,000, SQL repeats its second half; a test holds both together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db.models import OuterRef, Q, Subquery

from channels_amazon.models import AmazonAccount, Listing, Variant
from channels_amazon.rules.stock.sku_matching import SkuKey, match_variants, unlinked


def variants_of(wanted: Mapping[AmazonAccount, Iterable[str]]) -> dict[SkuKey, int]:
    """Return the variant of each seller SKU: by its listing, else by the same SKU.

    At most two queries, however many accounts and SKUs; SKUs without one are left out.
    """
    stores = {account.pk: account.store_id for account in wanted}
    keys = {
        SkuKey(account.pk, sku)
        for account, skus in wanted.items()
        for sku in skus
        if sku
    }
    if not keys:
        return {}
    linked = _linked(keys)
    loose = unlinked(keys, linked)
    same_sku = _same_sku(loose, stores) if loose else {}
    return match_variants(keys, linked=linked, same_sku=same_sku, stores=stores)


def variants_of_loose_listings(
    account: AmazonAccount, skus: Iterable[str] | None = None
) -> dict[int, int]:
    """Return by listing the variant that an unlinked one (of `skus`, else any) gets."""
    same = Variant.objects.filter(
        store_id=account.store_id, sku=OuterRef("seller_sku")
    ).values("pk")[:1]
    loose = Listing.objects.filter(account=account, variant__isnull=True)
    if skus is not None:
        loose = loose.filter(seller_sku__in=list(skus))
    found = loose.annotate(same=Subquery(same)).filter(same__isnull=False)
    return dict(found.values_list("pk", "same"))


def lines_of(variant: Variant) -> Q:
    """Return the condition of order lines whose seller SKU may belong to the variant.

    A line of the variant's own SKU whose listing is linked to another variant meets it
    too: `variants_of` then decides.
    """
    condition = Q(seller_sku=variant.sku, order__account__store_id=variant.store_id)
    listed = Listing.objects.filter(variant=variant)
    for account_id, seller_sku in listed.values_list("account_id", "seller_sku"):
        condition |= Q(seller_sku=seller_sku, order__account_id=account_id)
    return condition


def _linked(keys: set[SkuKey]) -> dict[SkuKey, int]:
    listed = Listing.objects.filter(
        account__in={key.account_id for key in keys},
        seller_sku__in=_skus(keys),
        variant__isnull=False,
    ).order_by()
    rows = listed.values_list("account_id", "seller_sku", "variant_id")
    return {SkuKey(account_id, sku): variant_id for account_id, sku, variant_id in rows}


def _same_sku(
    keys: set[SkuKey], stores: Mapping[int, int]
) -> dict[tuple[int, str], int]:
    same = Variant.objects.filter(
        store__in=set(stores.values()), sku__in=_skus(keys)
    ).order_by()
    return {
        (store_id, sku): pk
        for store_id, sku, pk in same.values_list("store_id", "sku", "pk")
    }


def _skus(keys: Iterable[SkuKey]) -> set[str]:
    return {key.seller_sku for key in keys}
