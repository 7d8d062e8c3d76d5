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
from channels_amazon.views.shipping.kept_entries import entered_for, forget, keep
from channels_amazon.views.shipping.selected_messages import tell

Outcome = SelectionOutcome


@store_page
def ship_selected(request: HttpRequest) -> HttpResponse:
    """Show what shipping the chosen orders would do, or do what was shown.

    The address names the orders, so that the page survives a reload and a sign-in;
    every answer to its form leads to a page.
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
    if shared.is_valid() and "confirm" in request.POST:
        plans = _with_errors(plan_orders(chosen, drafts_of(forms, shared)), forms)
        plans = ship_orders(plans, shared.marks(), actor=request.user.get_username())
        tell(request, plans)
        if any(plan.is_done for plan in plans):
            return _go_on(request, (shared, forms), plans, later)
    keep(request, chosen, [shared, *forms])
    return redirect(request.get_full_path())


def _show_kept(
    request: HttpRequest, chosen: Sequence[ChosenOrder], context: dict[str, Any]
) -> HttpResponse:
    """Show the orders, and what would become of what was entered for them before."""
    kept = entered_for(request, chosen)
    if kept is None:
        return _show(request, SharedForm(), _forms(chosen), context)
    shared, forms = SharedForm(kept["data"]), _forms(chosen, kept["data"])
    if not shared.is_valid():
        return _show(request, shared, forms, context)
    plans = _with_errors(plan_orders(chosen, drafts_of(forms, shared)), forms)
    for form, plan in zip(forms, plans, strict=True):
        form.plan = plan
    context |= {"is_planned": True, "is_rest": kept["is_rest"]}
    return _show(request, shared, forms, context)


def _go_on(
    request: HttpRequest,
    entered: tuple[SharedForm, Sequence[ChosenForm]],
    plans: Sequence[PlannedOrder],
    later: Sequence[int],
) -> HttpResponse:
    """Lead to the orders of the plans that can still ship, or else to the list.

    Those that were chosen and had no place on the page come after them.
    """
    shared, forms = entered
    forget(request, [one.chosen for one in plans])
    rest = [one.chosen for one in plans if not one.is_done and not one.chosen.refusal]
    if not rest and not later:
        return redirect(f"{reverse('amazon-order-list')}?show={OrderShow.TO_SHIP}")
    left = [one.order.pk for one in rest]
    theirs = [form for form in forms if form.chosen.order.pk in left]
    if rest:
        keep(request, rest, [shared, *theirs], is_rest=True)
    return redirect(_address(request, [*left, *later]))


def _address(request: HttpRequest, order_ids: Sequence[int]) -> str:
    query = "&".join(f"{parameters.ORDER.name}={pk}" for pk in order_ids)
    return f"{request.path}?{query}"


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
) -> HttpResponse:
    open_forms = [one for one in forms if not one.chosen.refusal]
    plans = [one.plan for one in open_forms if one.plan is not None]
    counts = Counter(plan.outcome for plan in plans)
    context |= {
        "shared": shared,
        "forms": open_forms,
        # Whoever goes back to the page of what was confirmed reads what was sent.
        "packed": [one for one in forms if one.chosen.is_packed],
        "has_packages": any(one.chosen.packages for one in forms),
        "refused": [
            one for one in forms if one.chosen.refusal and not one.chosen.is_packed
        ],
        "seen": " ".join(one.mark for one in plans if one.outcome is Outcome.SHIPS),
        "ready": counts[Outcome.SHIPS],
        "asking": counts[Outcome.ASKS],
        "warned": sum(bool(one.warnings) for one in plans),
        "left_out": len(plans) - counts[Outcome.SHIPS] - counts[Outcome.ASKS],
        "address": request.get_full_path(),
        "most": MOST_ORDERS,
    }
    name = "channels_amazon/shipping/selected.html"
    return page(request, name, context, title=_("Ship the chosen orders"))
