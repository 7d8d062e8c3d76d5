"""Ship templates: list, form, preview, switch; views layer."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.forms import BaseFormSet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from channels_amazon.errors import ShoplinkError
from channels_amazon.forms import parameters
from channels_amazon.forms.ship_templates import (
    CarrierForm,
    TemplateForm,
    carrier_formset,
    mappings_from,
    with_more_rows,
)
from channels_amazon.models import Parcel, ShipTemplate, Store
from channels_amazon.models.scope import COUNT_CAP
from channels_amazon.services.shipping import (
    template_preview as shipping_template_preview,
)
from channels_amazon.services.shipping import templates
from channels_amazon.services.shipping.template_preview import (
    PreviewOutcome,
    TemplatePreview,
)
from channels_amazon.views.base import (
    can_operate,
    get_mine,
    mine,
    operated_stores,
    page,
    require_operator,
    store_page,
)
from channels_amazon.views.shipping.template_summary import below_zero_of, rule_of


@store_page
@require_safe
def template_list(request: HttpRequest) -> HttpResponse:
    """Show the store's templates, each described in a sentence."""
    rows = templates_in_full(request)
    parcels = mine(Parcel, request)
    counts = {
        state: parcels.filter(state=state).order_by()[:COUNT_CAP].count()
        for state in (Parcel.State.WAITING, Parcel.State.REFUSED)
    }
    shown = [(row, rule_of(row)) for row in rows]
    context = {
        "rows": shown,
        "active": sum(row.is_active for row, _rule in shown),
        "waiting": counts[Parcel.State.WAITING],
        "refused": counts[Parcel.State.REFUSED],
        "can_add": any(
            can_operate(request.user, store) for store in mine(Store, request)
        ),
    }
    template = "channels_amazon/shipping/template_list.html"
    return page(request, template, context, title=_("Ship templates"))


@store_page
def template_add(request: HttpRequest) -> HttpResponse:
    """Show the form of a new template, or make the one it describes."""
    return _form_page(request, list(operated_stores(request)), None)


@store_page
def template_edit(request: HttpRequest, template_id: int) -> HttpResponse:
    """Show a template's form, or save what changed."""
    template = get_mine(templates_in_full(request), request, pk=template_id)
    require_operator(request, template.store)
    return _form_page(request, [template.store], template)


@store_page
@require_safe
def template_preview(request: HttpRequest, template_id: int) -> HttpResponse:
    """Show what the template would have done with past orders.

    A template can be switched on only after this page was seen by somebody who may.
    """
    template = get_mine(templates_in_full(request), request, pk=template_id)
    preview = shipping_template_preview.preview(template)
    operates = can_operate(request.user, template.store)
    if operates:
        templates.mark_previewed(template, version=template.updated_at)
    counts = preview.counts
    # One that left without a parcel is named where units of it are held elsewhere.
    rows = [
        row
        for row in preview.rows
        if row.outcome != PreviewOutcome.NOTHING or row.held_in
    ]
    context = {
        "template": template,
        "rule": rule_of(template),
        "preview": preview,
        "rows": rows,
        "below_zero": [below_zero_of(one) for one in preview.shortfalls],
        "ships": counts[PreviewOutcome.SHIPS],
        "held": counts[PreviewOutcome.HELD],
        "other": counts[PreviewOutcome.OTHER],
        "awaits": counts[PreviewOutcome.AWAITS],
        "nothing": counts[PreviewOutcome.NOTHING],
        "left_out": len(preview.rows) - len(rows),
        "can_operate": operates,
        "answer": _answer(preview),
    }
    name = "channels_amazon/shipping/template_preview.html"
    return page(request, name, context, title=template.name)


@store_page
@require_POST
def template_switch(request: HttpRequest, template_id: int) -> HttpResponse:
    """Switch a template on or off, as the form says."""
    template = get_mine(ShipTemplate, request, pk=template_id)
    require_operator(request, template.store)
    actor = request.user.get_username()
    if request.POST.get("on") != "1":
        templates.deactivate(template, actor=actor)
        messages.success(
            request,
            _("Switched off: parcels wait. Packages that are made are still sent."),
        )
        return redirect("amazon-ship-template-list")
    try:
        templates.activate(template, actor=actor)
    except ShoplinkError as error:
        messages.error(request, error.message)
        return redirect("amazon-ship-template-preview", template.pk)
    messages.success(request, _("Switched on: parcels ship their orders from now on."))
    return redirect("amazon-ship-template-list")


def templates_in_full(request: HttpRequest) -> Any:
    """Return the visible templates with all that their pages show."""
    return (
        mine(ShipTemplate, request)
        .select_related("store", "account", "warehouse")
        .prefetch_related("carriers")
    )


def _form_page(
    request: HttpRequest, stores: list[Store], template: ShipTemplate | None
) -> HttpResponse:
    known = templates.mappings_of(template) if template is not None else []
    if request.method != "POST":
        form = TemplateForm(stores, template=template)
        rows = carrier_formset(mappings=known, more=_begun(request))
        return _show_form(request, form, rows, template)
    if "more" in request.POST:
        data = with_more_rows(request.POST)
        form = TemplateForm(stores, data, template=template)
        return _show_form(request, form, carrier_formset(data), template)
    form = TemplateForm(stores, request.POST, template=template)
    rows = carrier_formset(request.POST)
    if not (form.is_valid() and rows.is_valid()):
        return _show_form(request, form, rows, template, status=422)
    try:
        saved = templates.save_template(
            form.cleaned_data["store"],
            form.draft(mappings_from(rows)),
            template=template,
            actor=request.user.get_username(),
        )
    except ShoplinkError as error:
        form.add_error(None, error.message)
        return _show_form(request, form, rows, template, status=422)
    messages.success(request, _("Saved. This is what it would do."))
    return redirect("amazon-ship-template-preview", saved.pk)


def _show_form(
    request: HttpRequest,
    form: TemplateForm,
    rows: BaseFormSet[CarrierForm],
    template: ShipTemplate | None,
    *,
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": form,
        "rows": rows,
        "template": template,
        "rule": rule_of(template) if template is not None else "",
        "unknown": (
            shipping_template_preview.unknown_carriers(template)
            if template is not None
            else []
        ),
    }
    title = template.name if template is not None else _("New ship template")
    name = "channels_amazon/shipping/template_form.html"
    return page(request, name, context, title=title, status=status)


def _begun(request: HttpRequest) -> list[dict[str, str]]:
    """Return the carrier that a link names, as a row to be finished."""
    carrier = parameters.CARRIER.of(request)
    if not carrier:
        return []
    method = parameters.METHOD.of(request)
    return [{"store_carrier": carrier, "store_method": method}]


def _answer(preview: TemplatePreview) -> str:
    if not preview.rows:
        return _("There is no order yet that this template would have shipped.")
    awaits = preview.counts[PreviewOutcome.AWAITS]
    if awaits and not preview.has_data:
        return ngettext(
            "No parcel or package is known yet to judge by: of %(count)d order to "
            "ship, this says what a parcel told of it now would become.",
            "No parcel or package is known yet to judge by: of %(count)d orders to "
            "ship, this says what a parcel told of each now would become.",
            awaits,
        ) % {"count": awaits}
    if not preview.has_data:
        return ngettext(
            "There is nothing to judge by: of the one order no parcel or package is "
            "known.",
            "There is nothing to judge by: of the last %(count)d orders no parcel or "
            "package is known.",
            len(preview.rows),
        ) % {"count": len(preview.rows)}
    told = ngettext(
        "Of the last order: shipped %(ships)d (packages: %(packages)d), held for a "
        "person %(held)d.",
        "Of the last %(count)d orders it would have shipped %(ships)d (packages: "
        "%(packages)d), and held %(held)d for a person.",
        len(preview.rows),
    ) % {
        "count": len(preview.rows),
        "ships": preview.counts[PreviewOutcome.SHIPS],
        "packages": preview.shipments,
        "held": preview.counts[PreviewOutcome.HELD],
    }
    if not awaits:
        return told
    more = ngettext(
        "%(count)d order waits for its parcel.",
        "%(count)d orders wait for their parcels.",
        awaits,
    )
    return f"{told} {more % {'count': awaits}}"
