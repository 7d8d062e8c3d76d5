"""Takes a file of store orders in, or shows what it would bring; views layer."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from channels_amazon.forms.local_times import as_words
from channels_amazon.forms.store_orders import MOST_BYTES, StoreOrderFileForm
from channels_amazon.models import translated
from channels_amazon.services.accounts.user_settings import note_file_zone, settings_of
from channels_amazon.services.mcf.store_order_import import (
    StoreOrderImport,
    import_store_orders,
)
from channels_amazon.storefronts.catalogue import StorefrontError
from channels_amazon.storefronts.store_order_file import COLUMNS, decoded, read_orders
from channels_amazon.views.base import (
    OPERATORS,
    operated_stores,
    page,
    store_page,
    stores_with_role,
    takes_upload,
)
from channels_amazon.wording import together


@takes_upload(MOST_BYTES)
@store_page
@require_http_methods(["GET", "HEAD", "POST"])
def store_order_import(request: HttpRequest) -> HttpResponse:
    """Show the form; with a file, what became of it or would become."""
    bound = request.method == "POST"
    stores = operated_stores(request) if bound else stores_with_role(request, OPERATORS)
    form = StoreOrderFileForm(
        stores,
        request.POST if bound else None,
        request.FILES if bound else None,
        file_zone=settings_of(request.user).file_time_zone,
    )
    result = _imported(request, form) if bound and form.is_valid() else None
    context = {
        "form": form,
        "stores": stores,
        "result": result,
        "zone_words": as_words(form.cleaned_data["zone"]) if result else "",
        "columns": ", ".join(COLUMNS),
    }
    return page(
        request,
        "channels_amazon/mcf/store_order_import.html",
        context,
        title=_("Import store orders"),
        status=422 if form.errors else 200,
    )


def _imported(
    request: HttpRequest, form: StoreOrderFileForm
) -> StoreOrderImport | None:
    zone: ZoneInfo = form.cleaned_data["zone"]
    note_file_zone(request.user, zone.key)
    try:
        return import_store_orders(
            form.cleaned_data["store"],
            read_orders(decoded(form.cleaned_data["file"]), zone),
            actor=request.user.get_username(),
            is_dry="import" not in request.POST,
        )
    except StorefrontError as error:
        form.add_error("file", translated(together(error.message, error.fix)))
        return None
