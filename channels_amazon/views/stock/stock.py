"""The stock: how many can be sold, where, and why; views layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from channels_amazon.forms import parameters
from channels_amazon.forms.stock import (
    AdjustForm,
    StockChangeForm,
    StockForm,
    TransferForm,
)
from channels_amazon.forms.stock_filter import StockFilter, StockShow
from channels_amazon.models import (
    AmazonAccount,
    FbaStock,
    Listing,
    PushState,
    Reservation,
    StockLevel,
    StockMovement,
    Store,
    Variant,
)
from channels_amazon.models.listing import ListingQuerySet
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.health.processes import is_alive
from channels_amazon.services.stock.quantities import VariantAvailability, availability
from channels_amazon.views.base import (
    can_operate,
    get_mine,
    mine,
    page,
    store_page,
)
from channels_amazon.views.lists import ListPage, list_page
from channels_amazon.views.pagination import by_text, newest_first
from channels_amazon.views.standstill import Standstill, quantity_standstill_of
from channels_amazon.views.stock.answer import stock_answer
from channels_amazon.views.stock.why import why_lines

ROWS = 50
MOVEMENTS = 50
STOCK = ListPage(
    title=gettext_lazy("Stock"),
    template="stock/stock_list.html",
    rows="stock/parts/rows.html",
    url_name="amazon-stock-list",
    refresh_seconds=5,
)

# What became of a published quantity: how it looks, and the word.
_PUSHES: Mapping[PushState, tuple[str, Promise]] = {
    PushState.NOT_OURS: ("off", gettext_lazy("Amazon's stock: never sent")),
    PushState.REFUSED: ("error", gettext_lazy("Refused by Amazon")),
    PushState.HELD: ("waiting", gettext_lazy("Waits until all orders are read")),
    PushState.WAITING: ("waiting", gettext_lazy("Being sent")),
    PushState.NEVER_SENT: ("off", gettext_lazy("Not sent yet")),
    PushState.DIFFERS: ("warning", gettext_lazy("Amazon shows another number")),
    PushState.ACCEPTED: ("ok", gettext_lazy("Accepted by Amazon")),
}

# These have a reason that is shown.
_EXPLAINED = (PushState.REFUSED, PushState.HELD)
# These go to Amazon as soon as the account works.
_TO_BE_SENT = (PushState.WAITING, PushState.HELD)


@dataclass(frozen=True, slots=True)
class Published:
    """A listing's quantity on the page, with the shape and word of its push state.

    `refusal` is why Amazon did not take it, "" where it did or was not asked yet; `why`
    is why it is what it is, as labels and values. `standstill` is why one that is to be
    sent is not sent now.
    """

    listing: Listing
    kind: str
    word: str
    refusal: str
    pools: list[FbaStock]
    why: list[tuple[str, str]]
    standstill: Standstill | None = None

    @property
    def differs(self) -> bool:
        """Tell whether Amazon shows another number than it accepted."""
        return self.listing.push_state is PushState.DIFFERS


@store_page
@require_safe
def stock_list(request: HttpRequest) -> HttpResponse:
    """Show each variant's stock here, at Amazon, and what is published."""
    accounts = list(mine(AmazonAccount, request).not_disconnected())
    form = StockFilter(parameters.filter_data(request), accounts)
    stores = mine(Store, request).order_by().values_list("pk", flat=True)
    variants = narrowed(mine(Variant, request), form, stores)
    cursor = parameters.AFTER.of(request)
    shown = by_text(with_numbers(variants), "sku", cursor, ROWS)
    available = availability([variant.pk for variant in shown.rows])
    works = is_alive(Process.QUEUE, timezone.now())
    unlinked = mine(Listing, request).filter(variant=None, account__in=accounts)
    context = {
        "rows": [row(variant, available, works=works) for variant in shown.rows],
        **stock_answer(request, accounts, works=works),
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


def show_variant(
    request: HttpRequest, variant: Variant, *, form: StockChangeForm | None = None
) -> HttpResponse:
    """Return the variant's page, with the errors of a rejected change if any."""
    operates = can_operate(request.user, variant.store)
    movements = StockMovement.objects.filter(variant=variant).select_related(
        "warehouse"
    )
    held = Reservation.objects.filter(variant=variant, quantity__gt=0)
    context = {
        "row": row(
            variant,
            availability([variant.pk]),
            works=is_alive(Process.QUEUE, timezone.now()),
        ),
        "variant": variant,
        "forms": _forms(variant, form) if operates else {},
        "slice": newest_first(movements, parameters.AFTER.of(request), MOVEMENTS),
        "held": held.select_related("line__order", "warehouse").order_by("-pk")[:ROWS],
        "query": "",
    }
    status = 422 if form is not None else 200
    template = "channels_amazon/stock/stock_detail.html"
    return page(request, template, context, title=variant.sku, status=status)


def _forms(
    variant: Variant, sent: StockChangeForm | None
) -> dict[str, StockChangeForm]:
    """Return the forms that change the stock; `sent` is one that came back."""
    kinds: Sequence[type[StockChangeForm]] = (StockForm, AdjustForm, TransferForm)
    return {
        kind.KIND: sent if isinstance(sent, kind) else kind(variant) for kind in kinds
    }


def with_numbers(variants: QuerySet[Variant]) -> QuerySet[Variant]:
    """Return the variants with levels, listings and FBA pools, four queries in all."""
    levels = StockLevel.objects.select_related("warehouse").order_by("warehouse__code")
    listings = (
        Listing.objects.not_disconnected()
        .select_related("account")
        .prefetch_related("fba_stock")
    )
    return variants.select_related("product", "store").prefetch_related(
        Prefetch("levels", levels), Prefetch("listings", listings)
    )


def row(
    variant: Variant, available: Mapping[int, VariantAvailability], *, works: bool
) -> dict[str, Any]:
    """Return the numbers of one variant for its row; `works`: a worker is there."""
    levels = list(variant.levels.all())
    listed = [published(one, works=works) for one in variant.listings.all()]
    return {
        "variant": variant,
        "levels": levels,
        "on_hand": sum(level.on_hand for level in levels),
        "reserved": sum(level.reserved for level in levels),
        "available": available.get(variant.pk),
        "published": listed,
        "pools": [pool for item in listed for pool in item.pools],
    }


def published(listing: Listing, *, works: bool) -> Published:
    """Return a listing's published quantity with its state as shape and word."""
    state = listing.push_state
    pools = list(listing.fba_stock.all())
    standstill = quantity_standstill_of(listing.account, is_worker_alive=works)
    account = (listing.account_id, str(listing.account))
    why = why_lines(listing.desired_why or None, account)
    if standstill is not None and state in _TO_BE_SENT:
        word = standstill.word
        return Published(listing, "waiting", word, "", pools, why, standstill)
    kind, text = _PUSHES[state]
    refusal = listing.push_error if state in _EXPLAINED else ""
    return Published(listing, kind, str(text), refusal, pools, why)


def narrowed(
    variants: QuerySet[Variant], form: StockFilter, store_ids: Iterable[int]
) -> QuerySet[Variant]:
    """Return the `variants`, which are of these stores, that pass the filter."""
    variants = form.understood(variants)
    listings = Listing.objects.not_disconnected().filter(variant=OuterRef("pk"))
    if account := form.chosen("account"):
        listings = listings.filter(account_id=int(account))
        if form.chosen("show") != StockShow.UNLISTED:
            variants = variants.filter(Exists(listings))
    if form.chosen("q"):
        variants = form.find(variants, list(store_ids))
    return _shown(variants, listings, StockShow(form.chosen("show")))


def _shown(
    variants: QuerySet[Variant], listings: ListingQuerySet, show: StockShow
) -> QuerySet[Variant]:
    """Return what a tab shows; `listings` are those of the variant it asks about."""
    match show:
        case StockShow.ALL:
            return variants
        case StockShow.OUT:
            levels = StockLevel.objects.filter(variant=OuterRef("pk"), on_hand__gt=0)
            return variants.filter(~Exists(levels))
        case StockShow.BELOW_ZERO:
            below = StockLevel.objects.below_zero().order_by()
            return variants.filter(pk__in=below.values("variant"))
        case StockShow.WAITING:
            return variants.filter(Exists(listings.waiting_for_push()))
        case StockShow.REFUSED:
            return variants.filter(Exists(listings.push_refused()))
        case StockShow.DIFFERS:
            return variants.filter(Exists(listings.drifting()))
        case StockShow.UNLISTED:
            return variants.filter(~Exists(listings))
        case _:
            assert_never(show)
