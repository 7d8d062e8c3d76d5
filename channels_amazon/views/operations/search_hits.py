"""Looks up what a text may name, over all that the reader may see; views layer.

Ids are compared as they stand, however they were pasted, and each kind is looked up by
an index. Nothing personal is searched: names have a search of their own, which leaves
none of them in an address.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import CharField, F, QuerySet, Value
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext, override

from channels_amazon.admin.site import site
from channels_amazon.forms.filters import OrderFilter
from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.models import (
    AmazonAccount,
    ApiCall,
    DiagnosticEntry,
    Listing,
    Order,
    Store,
    Variant,
)
from channels_amazon.services.orders.search import find_orders
from channels_amazon.services.orders.status_words import STATUS_COLUMNS, status_word
from channels_amazon.views.base import mine
from channels_amazon.views.local_time import local

# Of each kind so many are shown.
MOST = 8
# Of SKUs several rows may be one hit; so many are read that one too many is found.
_MOST_ROWS = 3 * (MOST + 1)
_TEXT = CharField()


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that was found; `is_exact` says that the text is its own id or name."""

    title: str
    link: str
    note: str = ""
    is_exact: bool = False


@dataclass(frozen=True, slots=True)
class HitGroup:
    """What was found of one kind.

    `is_cut`: there is more than the hits. `more` is the address of the list of all, or
    "".
    """

    title: str
    hits: list[Hit]
    more: str = ""
    is_cut: bool = False
    are_pages: bool = False


def find(request: HttpRequest, form: OrderFilter, *, is_quick: bool) -> list[HitGroup]:
    """Return what the text of the form's search may name, nothing for an empty one.

    What is found whole costs eight queries: five for orders, one for each other kind.
    A part of an order id costs three more, of a SKU that is listed two more than that;
    where `is_quick` and an index finds it, two less. What of the orders was not looked
    through is left in the form's `found`.
    """
    terms = form.terms()
    if not terms:
        return []
    ids = tuple(dict.fromkeys((*terms, *(term.upper() for term in terms))))
    groups = [
        _group(gettext("Pages"), _pages(request, form.chosen("q")), are_pages=True),
        _orders(request, form, is_quick=is_quick),
        _group(gettext("SKUs and ASINs"), _skus(request, ids)),
        _group(gettext("Amazon accounts"), _accounts(request, ids)),
        _group(gettext("Diagnostic logs"), _logs(request, terms)),
    ]
    return [group for group in groups if group.hits]


def _group(
    title: str, hits: list[Hit], more: str = "", *, are_pages: bool = False
) -> HitGroup:
    """Return the first of the hits, of which there is one too many where it is cut."""
    return HitGroup(title, hits[:MOST], more, len(hits) > MOST, are_pages)


def only_exact(groups: list[HitGroup]) -> str:
    """Return the address of the one thing that has exactly that id, "" for several."""
    links = {hit.link for group in groups for hit in group.hits if hit.is_exact}
    return links.pop() if len(links) == 1 else ""


def is_named(groups: list[HitGroup]) -> bool:
    """Tell whether the text is the whole id of something that was found."""
    things = (group for group in groups if not group.are_pages)
    return any(hit.is_exact for group in things for hit in group.hits)


def may_be_cut(form: OrderFilter, groups: list[HitGroup]) -> bool:
    """Tell whether orders may hold the text that a quick look does not find."""
    found = form.found
    return found is not None and found.is_quick and not is_named(groups)


def _pages(request: HttpRequest, text: str) -> list[Hit]:
    """Return the pages of the side bar by their names, in English too."""
    wanted = text.casefold()
    hits = []
    for group in site.get_sidebar_list(request):
        for item in group["items"]:
            names = {str(item["title"]).casefold(), _english(item["title"])}
            if any(wanted in name for name in names):
                note, link = str(group["title"]), str(item["link"])
                hits.append(Hit(str(item["title"]), link, note, wanted in names))
    return hits


def _english(title: Any) -> str:
    with override("en"):
        return str(title).casefold()


def _orders(request: HttpRequest, form: OrderFilter, *, is_quick: bool) -> HitGroup:
    terms = form.terms()
    columns = ("amazon_order_id", *STATUS_COLUMNS, "marketplace_id", "ordered_at")
    accounts = mine(AmazonAccount, request).order_by().values_list("pk", flat=True)
    found = form.found = find_orders(
        mine(Order, request), form.chosen("q"), list(accounts), is_quick=is_quick
    )
    rows = list(found.orders.only(*columns)[: MOST + 1])
    hits = [
        Hit(
            row.amazon_order_id,
            reverse("amazon-order-detail", args=[row.pk]),
            _joined(status_word(row), _country(row.marketplace_id)),
            row.amazon_order_id in terms,
        )
        for row in rows
    ]
    query = urlencode({"q": form.chosen("q")})
    has_more = len(rows) > MOST or found.is_quick
    more = f"{reverse('amazon-order-list')}?{query}" if has_more else ""
    return _group(gettext("Orders"), hits, more)


def _skus(request: HttpRequest, ids: tuple[str, ...]) -> list[Hit]:
    """Return the variants and listings by SKU, barcode or ASIN, all by one query."""
    # Named beside the rows' own scope: SKUs are indexed by store and by account.
    stores = mine(Store, request).order_by().values("pk")
    accounts = mine(AmazonAccount, request).order_by().values("pk")
    variants, listings = mine(Variant, request), mine(Listing, request)
    parts = [
        _as_variant(variants.filter(store__in=stores, sku__in=ids)),
        _as_variant(variants.filter(barcode__in=ids)),
        _as_listing(listings.filter(account__in=accounts, seller_sku__in=ids)),
        _as_listing(listings.filter(asin__in=ids)),
    ]
    rows = parts[0].union(*parts[1:])[:_MOST_ROWS]
    hits: dict[str, Hit] = {}
    for sku, title, asin, place, variant in rows:
        if variant is None:
            # Nothing here has a page for it but the orders that hold it.
            link = f"{reverse('amazon-order-list')}?{urlencode({'q': sku})}"
            note = _joined(asin, gettext("no variant has this SKU"), place)
        else:
            link = reverse("amazon-stock-detail", args=[variant])
            note = _joined(asin, title, place)
        hits.setdefault(f"{link} {sku}", Hit(sku, link, note, True))
    return list(hits.values())


def _as_variant(rows: QuerySet[Variant]) -> QuerySet[Any]:
    # A part of a statement is in no order of its own.
    return (
        rows.order_by()
        .annotate(
            found_sku=F("sku"),
            found_title=F("product__title"),
            found_asin=Value("", output_field=_TEXT),
            found_place=F("store__name"),
            found_variant=F("pk"),
        )
        .values_list(*_FOUND)
    )


def _as_listing(rows: QuerySet[Listing]) -> QuerySet[Any]:
    return (
        rows.order_by()
        .annotate(
            found_sku=F("seller_sku"),
            found_title=F("title"),
            found_asin=F("asin"),
            found_place=F("account__name"),
            found_variant=F("variant_id"),
        )
        .values_list(*_FOUND)
    )


_FOUND = ("found_sku", "found_title", "found_asin", "found_place", "found_variant")


def _accounts(request: HttpRequest, ids: tuple[str, ...]) -> list[Hit]:
    rows = mine(AmazonAccount, request).filter(seller_id__in=ids)
    return [
        Hit(
            str(row),
            reverse("amazon-status", args=[row.pk]),
            _joined(row.seller_id, row.get_state_display()),
            True,
        )
        for row in rows[: MOST + 1]
    ]


def _logs(request: HttpRequest, terms: tuple[str, ...]) -> list[Hit]:
    """Return the calls and events with one of these request ids, all by one query."""
    calls = mine(ApiCall, request).filter(request_id__in=terms)
    events = mine(DiagnosticEntry, request).filter(request_id__in=terms)
    rows = _as_log(calls, "calls", "operation", "started_at").union(
        _as_log(events, "events", "code", "at")
    )
    return [
        Hit(
            what,
            reverse("amazon-log-detail", args=[log, pk]),
            _joined(request_id, local(at)),
            True,
        )
        for log, pk, what, at, request_id in rows.order_by("-found_at")[: MOST + 1]
    ]


def _as_log(rows: QuerySet[Any], log: str, what: str, at: str) -> QuerySet[Any]:
    named: QuerySet[Any] = rows.order_by().annotate(
        found_log=Value(log, output_field=_TEXT),
        found_pk=F("pk"),
        found_what=F(what),
        found_at=F(at),
        found_request=F("request_id"),
    )
    return named.values_list(
        "found_log", "found_pk", "found_what", "found_at", "found_request"
    )


def _country(marketplace_id: str) -> str:
    known = MARKETPLACES.get(marketplace_id)
    return known.country_code if known else marketplace_id


def _joined(*parts: Any) -> str:
    return " · ".join(str(part) for part in parts if part)
