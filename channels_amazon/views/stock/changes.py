"""Counts, adjusts and moves a variant's stock from its page; views layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from channels_amazon.errors import ShoplinkError
from channels_amazon.forms.stock import (
    AdjustForm,
    StockChangeForm,
    StockForm,
    TransferForm,
)
from channels_amazon.models import StockMovement, Variant
from channels_amazon.services.stock import changes
from channels_amazon.services.stock.changes import ShortStockError
from channels_amazon.views.base import get_mine, mine, require_operator, store_page
from channels_amazon.views.stock.stock import show_variant, with_numbers


@store_page
@require_POST
def stock_set(request: HttpRequest, variant_id: int) -> HttpResponse:
    """Record a count: the units of a variant that are in a warehouse now."""
    return _changed(request, variant_id, StockForm, _count)


@store_page
@require_POST
def stock_adjust(request: HttpRequest, variant_id: int) -> HttpResponse:
    """Add units to a warehouse or take some away, for a reason."""
    return _changed(request, variant_id, AdjustForm, _adjust)


@store_page
@require_POST
def stock_transfer(request: HttpRequest, variant_id: int) -> HttpResponse:
    """Move units from one warehouse to another."""
    return _changed(request, variant_id, TransferForm, _transfer)


def _changed(
    request: HttpRequest,
    variant_id: int,
    form_class: type[StockChangeForm],
    change: Callable[[Any, str], str],
) -> HttpResponse:
    """Do what the form says, or show the variant's page with what hinders it."""
    variant = get_mine(with_numbers(mine(Variant, request)), request, pk=variant_id)
    require_operator(request, variant.store)
    form = form_class(variant, request.POST)
    if not form.is_valid():
        return show_variant(request, variant, form=form)
    try:
        said = change(form, request.user.get_username())
    except ShoplinkError as error:
        if isinstance(error, ShortStockError):
            form.ask(error.shortfalls)
        form.add_error(None, error.message)
        return show_variant(request, variant, form=form)
    messages.success(request, said)
    return redirect("amazon-stock-detail", variant.pk)


def _count(form: StockForm, actor: str) -> str:
    quantity = form.cleaned_data["quantity"]
    place = form.cleaned_data["warehouse"]
    changes.count(form.variant, place, quantity, form.change(actor))
    text = ngettext(
        "Counted: %(count)d unit on hand.",
        "Counted: %(count)d units on hand.",
        quantity,
    )
    return text % {"count": quantity}


def _adjust(form: AdjustForm, actor: str) -> str:
    units = form.cleaned_data["units"]
    place = form.cleaned_data["warehouse"]
    cause = StockMovement.Cause(form.cleaned_data["cause"])
    changes.adjust(form.variant, place, units, cause, form.change(actor))
    text = _("Adjusted in %(warehouse)s: %(units)s (%(cause)s).")
    values = {"warehouse": place.name, "units": f"{units:+d}", "cause": cause.label}
    return text % values


def _transfer(form: TransferForm, actor: str) -> str:
    units = form.cleaned_data["units"]
    source, target = form.cleaned_data["warehouse"], form.cleaned_data["target"]
    changes.transfer(form.variant, source, target, units, form.change(actor))
    text = ngettext(
        "%(count)d unit was moved from %(source)s to %(target)s.",
        "%(count)d units were moved from %(source)s to %(target)s.",
        units,
    )
    return text % {"count": units, "source": source.name, "target": target.name}
