"""Ships the orders ticked in the list: a preview, then just that; views layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels_amazon.forms import parameters
from channels_amazon.forms.filters import OrderShow
from channels_amazon.forms.selection import ChosenForm, SharedForm, drafts_of
from channels_amazon.models import Order
from channels_amazon.services.installation import guard
from channels_amazon.services.shipping.selection import (
    DONE,
    MOST_ORDERS,
    ChosenOrder,
    PlannedOrder,
    SelectionOutcome,
    plan_orders,
    read_chosen,
    ship_orders,
)
from channels_amazon.views.base import OPERATORS, operated_stores, page, store_page

Outcome = SelectionOutcome


@store_page
def ship_selected(request: HttpRequest) -> HttpResponse:
    """Show what shipping the chosen orders would do, or do what was shown.

    The address names the orders, so that the page survives a reload and a sign-in.
    """
    operated_stores(request)
    wanted = parameters.ORDER.numbers(request)
    rows = Order.objects.with_role(request.user, OPERATORS)
    chosen = read_chosen(rows.filter(pk__in=wanted[:MOST_ORDERS]))
    absent = len(wanted[:MOST_ORDERS]) - len(chosen)
    context = {"absent": absent, "too_many": max(0, len(wanted) - MOST_ORDERS)}
    if request.method != "POST":
        return _show(request, SharedForm(), _forms(chosen), context)
    shared, forms = SharedForm(request.POST), _forms(chosen, request.POST)
    if not shared.is_valid():
        return _show(request, shared, forms, context, status=422)
    plans = _with_errors(plan_orders(chosen, drafts_of(forms, shared)), forms)
    context["is_planned"] = True
    if "confirm" in request.POST:
        plans = ship_orders(plans, shared.marks(), actor=request.user.get_username())
        made = _tell(request, plans)
        rest = [one for one in plans if not one.chosen.refusal]
        if made and all(plan.outcome in DONE for plan in rest):
            return redirect(f"{reverse('amazon-order-list')}?show={OrderShow.TO_SHIP}")
    for form, plan in zip(forms, plans, strict=True):
        form.plan = plan
    return _show(request, shared, forms, context)


def _forms(chosen: Sequence[ChosenOrder], data: Any = None) -> list[ChosenForm]:
    return [ChosenForm(one, data) for one in chosen]


def _with_errors(
    plans: Sequence[PlannedOrder], forms: Sequence[ChosenForm]
) -> list[PlannedOrder]:
    """Return the plans, that of an invalid form with what is wrong with it."""
    return [
        plan
        if form.is_valid() or plan.chosen.refusal
        else replace(plan, outcome=Outcome.REFUSED, reason=_first_error(form))
        for plan, form in zip(plans, forms, strict=True)
    ]


def _first_error(form: ChosenForm) -> str:
    return str(next(iter(form.errors.values()))[0])


def _tell(request: HttpRequest, plans: Sequence[PlannedOrder]) -> int:
    """Say how many packages go to Amazon, or wait in a paused installation.

    A package that a first click made counts for the second one too.
    """
    made = sum(plan.outcome in DONE for plan in plans)
    if not made:
        messages.warning(request, _("Nothing was shipped."))
    elif guard.may_work():
        text = ngettext(
            "%(count)d package is being confirmed to Amazon.",
            "%(count)d packages are being confirmed to Amazon.",
            made,
        )
        messages.success(request, text % {"count": made})
    else:
        text = ngettext(
            "%(count)d package is kept. Nothing is sent to Amazon while this "
            "installation is paused.",
            "%(count)d packages are kept. Nothing is sent to Amazon while this "
            "installation is paused.",
            made,
        )
        messages.warning(request, text % {"count": made})
    return made


def _show(
    request: HttpRequest,
    shared: SharedForm,
    forms: Sequence[ChosenForm],
    context: dict[str, Any],
    *,
    status: int = 200,
) -> HttpResponse:
    open_forms = [one for one in forms if not _is_settled(one)]
    plans = [one.plan for one in open_forms if one.plan is not None]
    counts = Counter(plan.outcome for plan in plans)
    context |= {
        "shared": shared,
        "forms": open_forms,
        "refused": [one for one in forms if one.chosen.refusal],
        "seen": " ".join(one.mark for one in plans if one.outcome is Outcome.SHIPS),
        "ready": counts[Outcome.SHIPS],
        "asking": counts[Outcome.ASKS],
        "left_out": len(plans) - counts[Outcome.SHIPS] - counts[Outcome.ASKS],
        "address": request.get_full_path(),
        "most": MOST_ORDERS,
    }
    name = "channels_amazon/shipping/selected.html"
    title = _("Ship the chosen orders")
    return page(request, name, context, title=title, status=status)


def _is_settled(form: ChosenForm) -> bool:
    """Tell whether nothing can be entered for the order: it is done, or cannot be."""
    is_shipped = form.plan is not None and form.plan.outcome is Outcome.SHIPPED
    return is_shipped or bool(form.chosen.refusal)
