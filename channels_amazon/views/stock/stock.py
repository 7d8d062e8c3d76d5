"""The stock: how many can be sold, where, and why; views layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from channels_amazon.errors import ShoplinkError
from channels_amazon.forms.filters import StockFilter, StockShow
from channels_amazon.forms.stock import StockForm
from channels_amazon.models import (
    AmazonAccount,
    FbaStock,
    Listing,
    Reservation,
    StockLevel,
    StockMovement,
    Variant,
)
from channels_amazon.services.stock import ledger
from channels_amazon.services.stock.publication import VariantAvailability, availability
from channels_amazon.views.base import (
    can_operate,
    get_mine,
    mine,
    page,
    require_operator,
    store_page,
)
from channels_amazon.views.lists import ListPage, list_page
from channels_amazon.views.pagination import by_text, newest_first

ROWS = 50
MOVEMENTS = 50
STOCK = ListPage(
    title=gettext_lazy("Stock"),
    template="stock/stock_list.html",
    rows="stock/parts/rows.html",
    url_name="amazon-stock-list",
    refresh_seconds=5,
)


@dataclass(frozen=True, slots=True)
class Published:
    """A listing's quantity on the page, with the shape and word of its push state."""

    listing: Listing
    kind: str
    word: str
    pools: list[FbaStock]


@store_page
@require_safe
def stock_list(request: HttpRequest) -> HttpResponse:
    """Show each variant's stock here, at Amazon, and what is published."""
    accounts = list(mine(AmazonAccount, request).not_disconnected())
    form = StockFilter(request.GET, accounts)
    variants = narrowed(mine(Variant, request), form)
    cursor = request.GET.get("after", "")
    shown = by_text(with_numbers(variants), "sku", cursor, ROWS)
    available = availability([variant.pk for variant in shown.rows])
    listings = Listing.objects.filter(account__in=accounts)
    waiting = listings.waiting_for_push().capped_count()
    refused = listings.push_refused().capped_count()
    unlinked = mine(Listing, request).filter(variant=None, account__in=accounts)
    context = {
        "rows": [row(variant, available) for variant in shown.rows],
        "waiting": waiting,
        "refused": refused,
        "unlinked": unlinked.capped_count(),
        # Later pages keep themselves fresh too: variants stay where they are.
        "refresh_seconds": STOCK.refresh_seconds,
    }
    return list_page(request, STOCK, shown, context, form=form)


@store_page
@require_safe
def stock_detail(request: HttpRequest, variant_id: int) -> HttpResponse:
    """Show where a variant's numbers come from, and every movement of it."""
    variants = with_numbers(mine(Variant, request))
    variant = get_mine(variants, request, pk=variant_id)
    return show_variant(request, variant)


@store_page
@require_POST
def stock_set(request: HttpRequest, variant_id: int) -> HttpResponse:
    """Record a count: the units of a variant that are in a warehouse now."""
    variants = with_numbers(mine(Variant, request))
    variant = get_mine(variants, request, pk=variant_id)
    require_operator(request, variant.store)
    form = StockForm(variant, request.POST)
    if not form.is_valid():
        return show_variant(request, variant, form=form)
    quantity = form.cleaned_data["quantity"]
    try:
        ledger.set_on_hand(
            variant,
            form.cleaned_data["warehouse"],
            quantity,
            actor=request.user.get_username(),
            key=f"count:{variant.pk}:{form.cleaned_data['token']}",
        )
    except ShoplinkError as error:
        form.add_error(None, error.message)
        return show_variant(request, variant, form=form)
    text = ngettext(
        "Counted: %(count)d unit on hand.",
        "Counted: %(count)d units on hand.",
        quantity,
    )
    messages.success(request, text % {"count": quantity})
    return redirect("amazon-stock-detail", variant.pk)


def show_variant(
    request: HttpRequest, variant: Variant, *, form: StockForm | None = None
) -> HttpResponse:
    """Return the variant's page, with the errors of a rejected count if any."""
    operates = can_operate(request.user, variant.store)
    movements = StockMovement.objects.filter(variant=variant).select_related(
        "warehouse"
    )
    held = Reservation.objects.filter(variant=variant, quantity__gt=0)
    context = {
        "row": row(variant, availability([variant.pk])),
        "variant": variant,
        "form": form or (StockForm(variant) if operates else None),
        "slice": newest_first(movements, request.GET.get("after", ""), MOVEMENTS),
        "held": held.select_related("line__order", "warehouse").order_by("-pk")[:ROWS],
        "query": "",
    }
    status = 422 if form is not None else 200
    template = "channels_amazon/stock/stock_detail.html"
    return page(request, template, context, title=variant.sku, status=status)


def with_numbers(variants: QuerySet[Variant]) -> QuerySet[Variant]:
    """Return the variants with levels, listings and FBA pools, four queries in all."""
    levels = StockLevel.objects.select_related("warehouse").order_by("warehouse__code")
    listings = (
        Listing.objects.exclude(account__state=AmazonAccount.State.DISCONNECTED)
        .select_related("account")
        .prefetch_related("fba_stock")
    )
    return variants.select_related("product", "store").prefetch_related(
        Prefetch("levels", levels), Prefetch("listings", listings)
    )


def row(
    variant: Variant, available: Mapping[int, VariantAvailability]
) -> dict[str, Any]:
    """Return the numbers of one variant for its row."""
    levels = list(variant.levels.all())
    listed = [published(listing) for listing in variant.listings.all()]
    return {
        "variant": variant,
        "levels": levels,
        "on_hand": sum(level.on_hand for level in levels),
        "reserved": sum(level.reserved for level in levels),
        "available": available.get(variant.pk),
        "published": listed,
        "pools": [pool for item in listed for pool in item.pools],
    }


def published(listing: Listing) -> Published:
    """Return a listing's published quantity with its state as shape and word."""
    return Published(listing, *_publication(listing), list(listing.fba_stock.all()))


def narrowed(variants: QuerySet[Variant], form: StockFilter) -> QuerySet[Variant]:
    """Return the `variants` that pass the filter.

    The search finds a SKU, a barcode or an ASIN in full, or a part of a title.
    """
    listings = Listing.objects.filter(variant=OuterRef("pk"))
    if account := form.chosen("account"):
        listings = listings.filter(account_id=int(account))
        if form.chosen("show") != StockShow.UNLISTED:
            variants = variants.filter(Exists(listings))
    if q := form.chosen("q"):
        same = listings.filter(Q(seller_sku=q) | Q(asin=q.upper()))
        named = Q(sku=q) | Q(barcode=q) | Q(product__title__icontains=q)
        variants = variants.filter(named | Exists(same))
    due = listings.filter(push_due=True)
    conditions: dict[str, Any] = {
        StockShow.OUT: ~Exists(
            StockLevel.objects.filter(variant=OuterRef("pk"), on_hand__gt=0)
        ),
        StockShow.WAITING: Exists(due.filter(push_code="")),
        StockShow.REFUSED: Exists(due.exclude(push_code="")),
        StockShow.UNLISTED: ~Exists(listings),
    }
    return variants.filter(conditions.get(form.chosen("show"), Q()))


def _publication(listing: Listing) -> tuple[str, str]:
    if not listing.is_mfn:
        return "off", _("Amazon's stock: never sent")
    if listing.push_code:
        return "error", _("Refused by Amazon")
    if listing.push_due:
        return "waiting", _("Being sent")
    if listing.acknowledged_quantity is None:
        return "off", _("Not sent yet")
    observed, sent = listing.observed_quantity, listing.acknowledged_quantity
    newer = bool(
        listing.observed_at
        and listing.acknowledged_at
        and listing.observed_at > listing.acknowledged_at
    )
    if newer and observed is not None and observed != sent:
        return "warning", _("Amazon shows another number")
    return "ok", _("Accepted by Amazon")
