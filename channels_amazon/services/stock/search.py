"""Finds variants by a SKU, a barcode, an ASIN or a title, or a part; services layer.

A whole SKU, barcode or ASIN is looked up first, each by its index, and where there is
one, that is the answer. A part, in any case of letters, is looked for among the newest
variants and listings: so many are read in some hundredths of a second, and few stores
have more. What was left out is said by the result.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet

from channels_amazon.models import Listing, Product, Variant
from channels_amazon.models.scope import COUNT_CAP
from channels_amazon.rules.pasted_ids import search_parts, search_terms, tidy

# Of the variants, products and listings, those that came last are looked through.
NEWEST = 100_000


@dataclass(frozen=True, slots=True)
class FoundVariants:
    """What a search let through, and how.

    `is_whole`: it is a SKU, barcode or ASIN as it stands; `has_longer`: there are SKUs
    that only begin with it. `is_over`: more than
    COUNT_CAP hold it, and others are left out. `is_all_read`: no variant or listing was
    too old to be looked through. `is_too_short`: nothing whole, too short for a part.
    """

    variants: QuerySet[Variant]
    is_whole: bool = False
    has_longer: bool = False
    is_over: bool = False
    is_all_read: bool = True
    is_too_short: bool = False


def find_variants(
    variants: QuerySet[Variant], typed: str, store_ids: Collection[int]
) -> FoundVariants:
    """Return those of `variants`, which are of these stores, that somebody means."""
    mine = Q(store__in=store_ids)
    listings = Listing.objects.not_disconnected().filter(
        account__store__in=store_ids, variant__isnull=False
    )
    terms = search_terms(typed)
    whole = {
        *_ids(variants.filter(mine, sku__in=terms)),
        *_ids(variants.filter(mine, barcode__in=terms)),
        *_ids(listings.filter(seller_sku__in=terms), "variant"),
        *_ids(listings.filter(asin__in=terms), "variant"),
    }
    if whole:
        longer = variants.filter(mine, sku__istartswith=tidy(typed))
        return FoundVariants(
            variants.filter(pk__in=whole),
            is_whole=True,
            has_longer=longer.exclude(pk__in=whole).exists(),
        )
    parts = _parts(typed)
    if not parts:
        return FoundVariants(variants.none(), is_too_short=True)
    read = (
        _newest(variants.filter(mine)),
        _newest(Product.objects.filter(store__in=store_ids)),
        _newest(listings),
    )
    own, products, listed = (rows for rows, _is_all in read)
    titled = _ids(products.filter(_holds(parts, "title")))
    found = {
        *_ids(own.filter(_holds(parts, "sku", "barcode"))),
        *_ids(variants.filter(mine, product__in=titled)),
        *_ids(listed.filter(_holds(parts, "seller_sku", "asin")), "variant"),
    }
    return FoundVariants(
        variants.filter(pk__in=sorted(found)[:COUNT_CAP]),
        is_over=max(len(found), len(titled)) > COUNT_CAP,
        is_all_read=all(is_all for _rows, is_all in read),
    )


def _ids(rows: QuerySet[Any], column: str = "pk") -> list[int]:
    """Return a column of the rows, of one more than COUNT_CAP at most."""
    found = rows.order_by().values_list(column, flat=True).distinct()
    return list(found[: COUNT_CAP + 1])


def _newest(rows: QuerySet[Any]) -> tuple[QuerySet[Any], bool]:
    """Return the rows that are looked through, and whether these are all."""
    keys = rows.order_by("-pk").values_list("pk", flat=True)
    last = list(keys[NEWEST - 1 : NEWEST + 1])
    if len(last) < 2:
        return rows, True
    return rows.filter(pk__gte=last[0]), False


def _parts(typed: str) -> tuple[str, ...]:
    """Return what is looked for as a part.

    A title may be of words that have one or two characters, as Chinese ones do.
    """
    text = tidy(typed)
    return search_parts(typed) or ((text,) if text and not text.isascii() else ())


def _holds(parts: Iterable[str], *columns: str) -> Q:
    """Return the condition that one of the columns holds one of the parts.

    SQLite knows no case of letters beyond ASCII's: there each part is looked for in
    capitals and in small letters, too.
    """
    ways = {
        way
        for part in parts
        for way in ((part,) if part.isascii() else (part, part.lower(), part.upper()))
    }
    conditions = [
        Q(**{f"{column}__icontains": way}) for column in columns for way in sorted(ways)
    ]
    return reduce(or_, conditions)
