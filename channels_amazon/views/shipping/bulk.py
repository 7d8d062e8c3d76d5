"""Ships many orders from a file: preview first, then import; views layer."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from channels_amazon.forms import parameters
from channels_amazon.forms.local_times import as_words
from channels_amazon.forms.shipping import ShipFileForm
from channels_amazon.models import Store, translated
from channels_amazon.rules.local_times import zone_named
from channels_amazon.services.accounts.user_settings import note_file_zone, settings_of
from channels_amazon.services.shipping import bulk
from channels_amazon.services.shipping.bulk import BulkPlan, RowOutcome
from channels_amazon.storefronts import shipment_file
from channels_amazon.storefronts.catalogue import StorefrontError
from channels_amazon.views.base import (
    get_mine,
    operated_stores,
    page,
    require_operator,
    store_page,
    takes_upload,
)
from channels_amazon.wording import together

# Rows shown of each outcome; the counts are of all rows.
SHOWN_ROWS = 200
# The preview sends the file back as text: characters of two bytes have three in UTF-8.
MOST_TEXT = shipment_file.MOST_BYTES * 3 // 2


@takes_upload(shipment_file.MOST_BYTES)
@store_page
def bulk_page(request: HttpRequest) -> HttpResponse:
    """Show the upload form, or the preview of an uploaded file."""
    stores = list(operated_stores(request))
    file_zone = settings_of(request.user).file_time_zone
    if request.method != "POST":
        return _show(request, ShipFileForm(stores, file_zone=file_zone))
    form = ShipFileForm(stores, request.POST, request.FILES, file_zone=file_zone)
    if not form.is_valid():
        return _show(request, form, status=422)
    store: Store = form.cleaned_data["store"]
    zone: ZoneInfo = form.cleaned_data["zone"]
    note_file_zone(request.user, zone.key)
    try:
        text = shipment_file.decode(form.cleaned_data["file"].read())
        plan = bulk.plan_file(store, text, zone)
    except StorefrontError as error:
        form.add_error("file", translated(together(error.message, error.fix)))
        return _show(request, form, status=422)
    shown = {"plan": plan, "text": text, "store": store, "zone": zone}
    return _show(request, form, shown | {"zone_words": as_words(zone)})


@takes_upload(MOST_TEXT)
@store_page
@require_POST
def bulk_take(request: HttpRequest, store_id: int) -> HttpResponse:
    """Import the good rows of the previewed file as the store's parcels."""
    store = get_mine(Store, request, pk=store_id)
    require_operator(request, store)
    text = request.POST.get("text", "")
    if not parameters.is_readable(text):
        raise BadRequest("The file holds a character that is no text.")
    # The zone that the preview named, which another page may have changed since.
    # Without one it is a page of an earlier version, which read them in UTC.
    zone = zone_named(parameters.ZONE.posted(request)) or ZoneInfo("UTC")
    actor = request.user.get_username()
    try:
        plan, taken = bulk.take_over(store, text, zone, actor=actor)
    except StorefrontError as error:
        messages.error(request, translated(together(error.message, error.fix)))
        return redirect("amazon-bulk-ship")
    made = taken.new + taken.changed
    messages.success(
        request,
        ngettext(
            "%(count)d parcel is taken over and ships its order.",
            "%(count)d parcels are taken over and ship their orders.",
            made,
        )
        % {"count": made},
    )
    left_out = len(plan.rejected) + plan.counts.get(RowOutcome.BAD, 0)
    if left_out:
        messages.warning(
            request,
            ngettext(
                "%(count)d row was left out: correct it and send the file again.",
                "%(count)d rows were left out: correct them and send the file again.",
                left_out,
            )
            % {"count": left_out},
        )
    return redirect("amazon-parcel-list")


@store_page
@require_safe
def bulk_example(request: HttpRequest) -> HttpResponse:
    """Return an example file to download."""
    response = HttpResponse(
        shipment_file.example(), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="shoplink-parcels.csv"'
    return response


def _show(
    request: HttpRequest,
    form: ShipFileForm,
    shown: dict[str, Any] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {"form": form, "columns": shipment_file.COLUMNS}
    if shown is not None:
        context |= shown | _rows(shown["plan"])
    name = "channels_amazon/shipping/bulk.html"
    title = _("Ship from a file")
    return page(request, name, context, title=title, status=status)


def _rows(plan: BulkPlan) -> dict[str, Any]:
    """Return the rows to show, the bad ones first."""
    kinds = {
        RowOutcome.BAD: ("error", _("Left out")),
        RowOutcome.WAITS: ("waiting", _("Waits")),
        RowOutcome.KNOWN: ("off", _("Nothing to do")),
        RowOutcome.SHIPS: ("ok", _("Ships")),
    }
    counts = plan.counts
    shown = [
        (*kinds[outcome], row)
        for outcome in kinds
        for row in [one for one in plan.rows if one.outcome == outcome][:SHOWN_ROWS]
    ]
    return {
        "rows": shown,
        "rejected": plan.rejected[:SHOWN_ROWS],
        "more": len(plan.rows) + len(plan.rejected) > len(shown) + SHOWN_ROWS,
        "good": len(plan.good),
        "ships": counts.get(RowOutcome.SHIPS, 0),
        "waits": counts.get(RowOutcome.WAITS, 0),
        "known": counts.get(RowOutcome.KNOWN, 0),
        "bad": counts.get(RowOutcome.BAD, 0) + len(plan.rejected),
    }
