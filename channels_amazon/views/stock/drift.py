"""What a person does where Amazon shows another quantity; views layer."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from channels_amazon.errors import ShoplinkError
from channels_amazon.forms import parameters
from channels_amazon.models import Listing
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.health.processes import is_alive
from channels_amazon.services.stock import drift
from channels_amazon.views.base import get_mine, mine, require_operator, store_page
from channels_amazon.views.standstill import quantity_standstill_of


@store_page
@require_POST
def listing_push_again(request: HttpRequest, listing_id: int) -> HttpResponse:
    """Send our number once more."""
    listing = _listing(request, listing_id)
    try:
        drift.push_again(listing, timezone.now())
    except ShoplinkError as error:
        messages.error(request, error.message)
    else:
        works = is_alive(Process.QUEUE, timezone.now())
        standstill = quantity_standstill_of(listing.account, is_worker_alive=works)
        if standstill is None:
            messages.success(request, _("Our number is sent again."))
        else:
            text = " ".join((_("Our number is kept."), standstill.text))
            messages.warning(request, text)
    return _back(listing)


@store_page
@require_POST
def listing_take_amazons(request: HttpRequest, listing_id: int) -> HttpResponse:
    """Count the variant so that Amazon's number is the right one."""
    listing = _listing(request, listing_id)
    seen = parameters.SEEN.posted(request)
    try:
        units = drift.take_amazons(listing, seen, actor=request.user.get_username())
    except ShoplinkError as error:
        messages.error(request, error.message)
    else:
        text = ngettext(
            "Amazon's number is taken: the count changed by %(count)+d unit.",
            "Amazon's number is taken: the count changed by %(count)+d units.",
            abs(units),
        )
        messages.success(request, text % {"count": units})
    return _back(listing)


def _listing(request: HttpRequest, listing_id: int) -> Listing:
    rows = mine(Listing, request).select_related("account__store", "variant")
    listing = get_mine(rows, request, pk=listing_id)
    require_operator(request, listing.account.store)
    return listing


def _back(listing: Listing) -> HttpResponse:
    if listing.variant_id is None:
        return redirect("amazon-listing-numbers", listing.pk)
    return redirect("amazon-stock-detail", listing.variant_id)
