"""The first sign-in: leads from nothing to a store that can connect; views layer.

What is done is read from the rows each time, so it can be left and resumed anywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from channels_amazon.forms import parameters
from channels_amazon.forms.local_times import name_of, readers_zone
from channels_amazon.forms.setup import (
    MOST_BYTES,
    CatalogueForm,
    NewStoreForm,
    OwnerForm,
    PlaceForm,
    WarehouseForm,
)
from channels_amazon.models import Store, translated
from channels_amazon.services.accounts import store_setup
from channels_amazon.services.accounts.store_setup import NEEDED, Step, StoreDraft
from channels_amazon.services.catalog.product_import import (
    ImportOptions,
    ImportResult,
    import_catalogue,
)
from channels_amazon.storefronts.catalogue import StorefrontError
from channels_amazon.storefronts.csv_file import read_lines
from channels_amazon.views import local_time
from channels_amazon.views.base import (
    OWNERS,
    get_mine,
    page,
    require_owner,
    store_page,
    stores_with_role,
    takes_upload,
)
from channels_amazon.wording import together

_SHOWN_REJECTED = 20
_TEMPLATE = "channels_amazon/operations/setup.html"


@store_page
@require_http_methods(["GET", "HEAD", "POST"])
def setup(request: HttpRequest) -> HttpResponse:
    """Make a store, or lead on to the one that lacks something."""
    user: Any = request.user
    stores = stores_with_role(request, OWNERS)
    if request.method == "POST":
        return _make_store(request)
    wants_another = parameters.NEW.is_given(request)
    if not wants_another and (store := _next_store(stores)) is not None:
        return redirect("amazon-setup-store", store.pk)
    if not user.is_superuser:
        return _show(request, None, {})
    initial = {
        "owner": user.pk,
        "time_zone": name_of(readers_zone()),
        "language": getattr(request, "LANGUAGE_CODE", "en"),
        "currency": "USD",
        "plan": Store.Plan.ENTERPRISE,
    }
    return _show(request, None, {Step.STORE: NewStoreForm(initial=initial)})


@takes_upload(MOST_BYTES)
@store_page
@require_http_methods(["GET", "HEAD", "POST"])
def setup_store(request: HttpRequest, store_id: int) -> HttpResponse:
    """Show what the store has and lacks, and take what is filled in."""
    store = get_mine(Store, request, pk=store_id)
    require_owner(request, store)
    if request.method != "POST":
        return _show(request, store, _forms(store))
    name = request.POST.get("step", "")
    take = _TAKEN.get(name)
    if take is None:
        return redirect("amazon-setup-store", store.pk)
    if name == Step.OWNER:
        _require_host(request)
    form = _form_of(name, request)
    if form.is_valid():
        try:
            take(request, store, form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        except StorefrontError as error:
            form.add_error("file", translated(together(error.message, error.fix)))
        else:
            return _led_on(store, form.cleaned_data.get("language", ""))
    return _show(request, store, _forms(store) | {Step(name): form}, status=422)


def _make_store(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    _require_host(request)
    form = NewStoreForm(request.POST)
    if form.is_valid():
        draft = StoreDraft(**form.cleaned_data, actor=user.get_username())
        try:
            store, _is_new = store_setup.create_store(draft)
            local_time.note(request)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _led_on(store, draft.language)
    return _show(request, None, {Step.STORE: form}, status=422)


def _require_host(request: HttpRequest) -> None:
    user: Any = request.user
    if not user.is_superuser:
        raise PermissionDenied(_("Only whoever runs this installation opens a store."))


def _next_store(stores: QuerySet[Store]) -> Store | None:
    """Return the first store that lacks something, else the first there is."""
    return store_setup.first_lacking(stores) or stores.first()


def _led_on(store: Store, language: str) -> HttpResponse:
    """Lead back to the page, which goes on in the language that was chosen."""
    response = redirect("amazon-setup-store", store.pk)
    if language:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            samesite="Lax",
        )
    return response


def _forms(store: Store) -> dict[Step, Form]:
    """Return the form of each step that may still be taken."""
    done = store_setup.done_steps(store)
    place = {
        "time_zone": store.time_zone or name_of(readers_zone()),
        "language": store.language,
        "currency": store.currency,
    }
    forms: dict[Step, Form] = {
        Step.OWNER: OwnerForm(auto_id="owner_%s"),
        Step.PLACE: PlaceForm(initial=place, auto_id="place_%s"),
        Step.WAREHOUSE: WarehouseForm(auto_id="warehouse_%s"),
        Step.CATALOGUE: CatalogueForm(auto_id="catalogue_%s"),
    }
    return {step: form for step, form in forms.items() if step not in done}


def _form_of(name: str, request: HttpRequest) -> Form:
    kinds: dict[str, type[Form]] = {
        Step.OWNER: OwnerForm,
        Step.PLACE: PlaceForm,
        Step.WAREHOUSE: WarehouseForm,
        Step.CATALOGUE: CatalogueForm,
    }
    return kinds[name](request.POST, request.FILES, auto_id=f"{name}_%s")


def _take_owner(request: HttpRequest, store: Store, data: dict[str, Any]) -> None:
    store_setup.set_owner(store, data["owner"])


def _take_place(request: HttpRequest, store: Store, data: dict[str, Any]) -> None:
    store_setup.set_place(store, **data)
    local_time.note(request)


def _take_warehouse(request: HttpRequest, store: Store, data: dict[str, Any]) -> None:
    store_setup.open_first_warehouse(store, data["name"], data["country_code"])


def _take_catalogue(request: HttpRequest, store: Store, data: dict[str, Any]) -> None:
    options = ImportOptions(actor=request.user.get_username(), creates_warehouses=False)
    result = import_catalogue(store, read_lines(data["file"]), options)
    _tell(request, result)


_TAKEN: dict[str, Callable[[HttpRequest, Store, dict[str, Any]], None]] = {
    Step.OWNER: _take_owner,
    Step.PLACE: _take_place,
    Step.WAREHOUSE: _take_warehouse,
    Step.CATALOGUE: _take_catalogue,
}


def _tell(request: HttpRequest, result: ImportResult) -> None:
    known = result.created + result.updated + result.unchanged
    said = ngettext(
        "%(count)d product is known now.", "%(count)d products are known now.", known
    )
    messages.success(request, said % {"count": known})
    for row in result.rejected[:_SHOWN_REJECTED]:
        where = _("Line %(line)d was left out: %(reason)s.")
        reason = translated(row.reason)
        messages.warning(request, where % {"line": row.line, "reason": reason})
    if len(result.rejected) > _SHOWN_REJECTED:
        more = len(result.rejected) - _SHOWN_REJECTED
        said = ngettext(
            "%(count)d more line was left out.",
            "%(count)d more lines were left out.",
            more,
        )
        messages.warning(request, said % {"count": more})


def _show(
    request: HttpRequest,
    store: Store | None,
    forms: dict[Step, Form],
    *,
    status: int = 200,
) -> HttpResponse:
    user: Any = request.user
    done = store_setup.done_steps(store) if store else set()
    titles = {
        Step.STORE: _("Store"),
        Step.OWNER: _("Owner"),
        Step.PLACE: _("Time zone and language"),
        Step.WAREHOUSE: _("Warehouse"),
        Step.CATALOGUE: _("Catalogue"),
        Step.CONNECT: _("Amazon"),
    }
    missing = [step for step in Step if step not in done]
    context = {
        "store": store,
        "steps": [(step, titles[step], step in done) for step in titles],
        "current": missing[0] if missing else None,
        "forms": {step.value: form for step, form in forms.items()},
        "is_ready": done.issuperset(NEEDED),
        "is_connected": Step.CONNECT in done,
        "has_catalogue": Step.CATALOGUE in done,
        "may_make": user.is_superuser,
        "connect": f"{reverse('amazon-connect')}?store={store.pk if store else ''}",
    }
    return page(request, _TEMPLATE, context, title=_("Set up"), status=status)
