"""What a listing published, when that changed, and why; views layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from channels_amazon.forms import parameters
from channels_amazon.forms.listing_numbers import NumberFilter
from channels_amazon.models import Listing, NumberChange
from channels_amazon.rules.privacy.retention import NUMBERS_KEPT
from channels_amazon.views.base import get_mine, mine, page, store_page
from channels_amazon.views.pagination import newest_first
from channels_amazon.views.stock.why import why_lines

ROWS = 50


@dataclass(frozen=True, slots=True)
class ShownNumber:
    """A number that was published, None for none, and what was new in its reasons.

    `whole` are all its reasons; `changed` are those that the number before had not, or
    had otherwise. `is_asked` says that it held at the moment that was asked for.
    """

    change: NumberChange
    changed: list[tuple[str, str]]
    whole: list[tuple[str, str]]
    is_asked: bool


@store_page
@require_safe
def listing_numbers(request: HttpRequest, listing_id: int) -> HttpResponse:
    """Show the numbers of a listing, the newest first, or those until a moment."""
    rows = mine(Listing, request).select_related("account", "variant")
    listing = get_mine(rows, request, pk=listing_id)
    form = NumberFilter(parameters.filter_data(request))
    at = form.moment()
    kept = NumberChange.objects.filter(listing=listing, marketplace_id="")
    if at is not None:
        kept = kept.filter(created_at__lte=at)
    newest = kept.order_by("-pk").first()
    cursor = parameters.AFTER.of(request)
    # One more, to which the last one shown is compared.
    shown = newest_first(kept.select_related("revision"), cursor, ROWS)
    before = None
    if shown.next:
        before = kept.filter(pk__lt=shown.rows[-1].pk).order_by("-pk").first()
    account = (listing.account_id, str(listing.account))
    context = {
        "listing": listing,
        "form": form,
        "at": at,
        "numbers": _shown(
            shown.rows, before, account, is_asked=at is not None and shown.is_first
        ),
        "newest": newest,
        "units": None if newest is None else newest.units,
        "slice": shown,
        "query": parameters.without(request, "after"),
        "days": NUMBERS_KEPT.days,
    }
    template = "channels_amazon/stock/listing_numbers.html"
    title = _("Published numbers of %(sku)s") % {"sku": listing.seller_sku}
    return page(request, template, context, title=title)


def _shown(
    changes: Sequence[NumberChange],
    before: NumberChange | None,
    account: tuple[int, str],
    *,
    is_asked: bool,
) -> list[ShownNumber]:
    """Return the changes, each compared to the one before it."""
    found = []
    for place, change in enumerate(changes):
        older = changes[place + 1] if place + 1 < len(changes) else before
        whole = why_lines(change.why or None, account)
        known = (
            set(why_lines(older.why or None, account)) if older is not None else set()
        )
        changed = [line for line in whole if line not in known]
        found.append(
            ShownNumber(change, changed, whole, is_asked=is_asked and place == 0)
        )
    return found
