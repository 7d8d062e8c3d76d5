"""The store's parcels: which wait, which need a person; views layer."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from channels_amazon.forms import parameters
from channels_amazon.forms.shipping import ParcelFilter
from channels_amazon.models import (
    AmazonAccount,
    Parcel,
    ShipTemplate,
)
from channels_amazon.services.shipping import parcels
from channels_amazon.views.base import (
    OPERATORS,
    get_mine,
    mine,
    require_operator,
    store_page,
    stores_with_role,
)
from channels_amazon.views.lists import ListPage, list_page
from channels_amazon.views.pagination import newest_first

ROWS = 50
PARCELS = ListPage(
    title=gettext_lazy("Parcels"),
    template="shipping/parcel_list.html",
    rows="shipping/parts/parcel_rows.html",
    url_name="amazon-parcel-list",
    refresh_seconds=5,
)


@store_page
@require_safe
def parcel_list(request: HttpRequest) -> HttpResponse:
    """Show the parcels that the address's filter lets through, newest first."""
    accounts = list(mine(AmazonAccount, request))
    form = ParcelFilter(parameters.filter_data(request), accounts)
    own = mine(Parcel, request)
    shown = newest_first(
        form.narrow(own).select_related("order", "shipment", "template", "store"),
        parameters.AFTER.of(request),
        ROWS,
    )
    operated = stores_with_role(request, OPERATORS)
    context = {
        "waiting": own.filter(state=Parcel.State.WAITING).capped_count(),
        "refused": own.filter(state=Parcel.State.REFUSED).capped_count(),
        "has_template": mine(ShipTemplate, request).filter(is_active=True).exists(),
        "operated": set(operated.values_list("pk", flat=True)),
        "here": request.get_full_path(),
    }
    return list_page(request, PARCELS, shown, context, form=form)


@store_page
@require_POST
def parcel_retry(request: HttpRequest, parcel_id: int) -> HttpResponse:
    """Queue a parcel for packing again, as after its problem was fixed."""
    parcel = get_mine(_parcels(request), request, pk=parcel_id)
    require_operator(request, parcel.store)
    if parcels.retry_parcel(parcel, actor=request.user.get_username()):
        messages.success(request, _("The parcel is taken up again."))
    else:
        messages.warning(request, _("The parcel is in a package already."))
    return _back(request)


@store_page
@require_POST
def parcel_discard(request: HttpRequest, parcel_id: int) -> HttpResponse:
    """Discard a parcel that is in no shipment."""
    parcel = get_mine(_parcels(request), request, pk=parcel_id)
    require_operator(request, parcel.store)
    # A second click finds the parcel discarded already: that is a success too.
    is_gone = parcel.state == Parcel.State.DROPPED or parcels.discard_parcel(parcel)
    if is_gone:
        messages.success(request, _("The parcel is discarded."))
    else:
        messages.warning(request, _("The parcel is in a package already."))
    return _back(request)


def _parcels(request: HttpRequest) -> QuerySet[Parcel]:
    return mine(Parcel, request).select_related("store", "order")


def _back(request: HttpRequest) -> HttpResponse:
    """Return to the list as it was filtered."""
    here = request.POST.get("here", "")
    if here.startswith("/") and url_has_allowed_host_and_scheme(here, None):
        return HttpResponseRedirect(here)
    return redirect(reverse("amazon-parcel-list"))
