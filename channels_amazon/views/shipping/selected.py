"""Ships the orders ticked in the list: a preview, then just that; views layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from channels_amazon.forms import parameters
from channels_amazon.forms.filters import OrderShow
from channels_amazon.forms.selection import ChosenForm, SharedForm, drafts_of
from channels_amazon.models import Order
from channels_amazon.services.shipping.selection import (
    MOST_ORDERS,
    ChosenOrder,
    PlannedOrder,
    SelectionOutcome,
    plan_orders,
    read_chosen,
    ship_orders,
)
from channels_amazon.views.base import OPERATORS, operated_stores, page, store_page
from channels_amazon.views.shipping.selected_messages import tell

Outcome = SelectionOutcome
# What was entered last, in the session.
_KEPT = "ship_selected"


@store_page
def ship_selected(request: HttpRequest) -> HttpResponse:
    """Show what shipping the chosen orders would do, or do what was shown.

    The address names the orders, so that the page survives a reload and a sign-in.
    """
    operated_stores(request)
    wanted = parameters.ORDER.numbers(request)
    rows = Order.objects.with_role(request.user, OPERATORS)
    chosen = read_chosen(rows.filter(pk__in=wanted[:MOST_ORDERS]))
    later = wanted[MOST_ORDERS:]
    context = {
        "absent": len(wanted[:MOST_ORDERS]) - len(chosen),
        "wanted": len(wanted),
        "later": len(later),
        "later_address": _address(request, later),
    }
    if request.method != "POST":
        return _show_kept(request, chosen, context)
    shared, forms = SharedForm(request.POST), _forms(chosen, request.POST)
    if not shared.is_valid():
        return _show(request, shared, forms, context, status=422)
    if "confirm" not in request.POST:
        _keep(request, request.get_full_path())
        return redirect(request.get_full_path())
    plans = _with_errors(plan_orders(chosen, drafts_of(forms, shared)), forms)
    plans = ship_orders(plans, shared.marks(), actor=request.user.get_username())
    tell(request, plans)
    if any(plan.is_done for plan in plans):
        return _go_on(request, plans, later)
    return _show_plans(request, (shared, forms), plans, context)


def _show_kept(
    request: HttpRequest, chosen: Sequence[ChosenOrder], context: dict[str, Any]
) -> HttpResponse:
    """Show the orders, and what would become of what was entered for them before."""
    kept = request.session.get(_KEPT, {})
    if kept.get("address") == request.get_full_path():
        shared, forms = SharedForm(kept["data"]), _forms(chosen, kept["data"])
        if shared.is_valid():
            context["is_rest"] = kept["is_rest"]
            plans = _with_errors(plan_orders(chosen, drafts_of(forms, shared)), forms)
            return _show_plans(request, (shared, forms), plans, context)
    return _show(request, SharedForm(), _forms(chosen), context)


def _keep(request: HttpRequest, address: str, *, is_rest: bool = False) -> None:
    """Keep what was entered for the page of this address.

    A page that is an answer to a form cannot be reloaded or gone back to without
    sending the form again: each answer leads to the page instead.
    """
    data = {
        name: value
        for name, value in request.POST.items()
        if name not in {"csrfmiddlewaretoken", "seen", "confirm"}
    }
    request.session[_KEPT] = {"address": address, "data": data, "is_rest": is_rest}


def _address(request: HttpRequest, order_ids: Sequence[int]) -> str:
    query = "&".join(f"{parameters.ORDER.name}={pk}" for pk in order_ids)
    return f"{request.path}?{query}"


def _go_on(
    request: HttpRequest, plans: Sequence[PlannedOrder], later: Sequence[int]
) -> HttpResponse:
    """Lead to the orders of the plans that can still ship, or else to the list.

    Those that were chosen and had no place on the page come after them.
    """
    open_plans = (one for one in plans if not one.is_done and not one.chosen.refusal)
    rest = [one.chosen.order.pk for one in open_plans]
    if not rest:
        request.session.pop(_KEPT, None)
    if not rest and not later:
        return redirect(f"{reverse('amazon-order-list')}?show={OrderShow.TO_SHIP}")
    address = _address(request, [*rest, *later])
    if rest:
        _keep(request, address, is_rest=True)
    return redirect(address)


def _show_plans(
    request: HttpRequest,
    entered: tuple[SharedForm, Sequence[ChosenForm]],
    plans: Sequence[PlannedOrder],
    context: dict[str, Any],
) -> HttpResponse:
    shared, forms = entered
    for form, plan in zip(forms, plans, strict=True):
        form.plan = plan
    return _show(request, shared, forms, context | {"is_planned": True})


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


def _show(
    request: HttpRequest,
    shared: SharedForm,
    forms: Sequence[ChosenForm],
    context: dict[str, Any],
    *,
    status: int = 200,
) -> HttpResponse:
    open_forms = [one for one in forms if not one.chosen.refusal]
    plans = [one.plan for one in open_forms if one.plan is not None]
    counts = Counter(plan.outcome for plan in plans)
    context |= {
        "shared": shared,
        "forms": open_forms,
        "refused": [one for one in forms if one.chosen.refusal],
        "seen": " ".join(one.mark for one in plans if one.outcome is Outcome.SHIPS),
        "ready": counts[Outcome.SHIPS],
        "asking": counts[Outcome.ASKS],
        "warned": sum(bool(one.warnings) for one in plans),
        "left_out": len(plans) - counts[Outcome.SHIPS] - counts[Outcome.ASKS],
        "address": request.get_full_path(),
        "most": MOST_ORDERS,
    }
    name = "channels_amazon/shipping/selected.html"
    title = _("Ship the chosen orders")
    return page(request, name, context, title=title, status=status)
