"""The exchange rates that a store needs, and those entered by hand; views layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from channels_amazon.forms import parameters
from channels_amazon.forms.exchange_rates import ManualRateForm, RemoveRateForm
from channels_amazon.models import ManualRate, Store, translated
from channels_amazon.rules.health.liveness import Process
from channels_amazon.rules.pricing.rates import NoRate, RateSource
from channels_amazon.services.health.processes import is_alive
from channels_amazon.services.pricing import fetching
from channels_amazon.services.pricing.history import history_csv
from channels_amazon.services.pricing.manual import (
    manual_rows,
    plain,
    remove_manual_rate,
    set_manual_rate,
)
from channels_amazon.services.pricing.standing import (
    NeededRate,
    RateStanding,
    standing_of_rates,
)
from channels_amazon.views.base import (
    can_operate,
    get_mine,
    mine,
    page,
    require_operator,
    store_page,
)

TEMPLATE = "channels_amazon/pricing/exchange_rates.html"
# Whose word a rate is.
_SOURCES: dict[RateSource, Promise] = {
    RateSource.EUROPEAN_CENTRAL_BANK: gettext_lazy("European Central Bank"),
    RateSource.MANUAL: gettext_lazy("Entered by hand"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRow:
    """A currency on the page: its rate with source and age, or why there is none.

    `manual` is the rate by hand in force, `form` the one that removes it.
    """

    needed: NeededRate = field(kw_only=False)
    manual: ManualRate | None
    form: RemoveRateForm | None
    value: str = ""
    source: Promise | str = ""
    day: date | None = None
    age: int | None = None
    problem: str = ""


@store_page
@require_safe
def exchange_rates(request: HttpRequest) -> HttpResponse:
    """Show the rates that a store's marketplaces need, and how old they are."""
    store = _chosen_store(request)
    if store is None:
        return page(request, TEMPLATE, {}, title=_("Exchange rates"))
    return _show(request, store)


@store_page
@require_POST
def rate_set(request: HttpRequest, store_id: int) -> HttpResponse:
    """Let a rate that a person enters hold in place of the bank's."""
    store = get_mine(Store, request, pk=store_id)
    require_operator(request, store)
    form = ManualRateForm(standing_of_rates(store, timezone.now()), request.POST)
    if not form.is_valid():
        return _show(request, store, form=form)
    draft = form.draft()
    _row, is_new = set_manual_rate(store, draft, actor=request.user.get_username())
    words = {"base": draft.base, "rate": plain(draft.value), "quote": draft.quote}
    if is_new:
        text = _("From now on one %(base)s is %(rate)s %(quote)s.")
        messages.success(request, text % words)
    else:
        text = _("One %(base)s was %(rate)s %(quote)s already; nothing was changed.")
        messages.info(request, text % words)
    return _back(store)


@store_page
@require_POST
def rate_remove(request: HttpRequest, rate_id: int) -> HttpResponse:
    """End a rate that was entered by hand."""
    rates = mine(ManualRate, request).select_related("store")
    row = get_mine(rates, request, pk=rate_id)
    require_operator(request, row.store)
    form = RemoveRateForm(request.POST, prefix=str(row.pk))
    if not form.is_valid():
        return _show(request, row.store, removing=(row, form))
    if remove_manual_rate(
        row,
        reason=form.cleaned_data["reason"],
        actor=request.user.get_username(),
    ):
        messages.success(request, _("The rate is removed."))
    else:
        messages.info(request, _("The rate was removed or replaced before."))
    return _back(row.store)


@store_page
@require_POST
def rates_fetch(request: HttpRequest, store_id: int) -> HttpResponse:
    """Let a worker look for the bank's newest file."""
    store = get_mine(Store, request, pk=store_id)
    require_operator(request, store)
    now = timezone.now()
    if not fetching.request_fetch(now):
        messages.info(request, _("The file was looked for less than a minute ago."))
    elif is_alive(Process.QUEUE, now):
        text = _("The rates are being fetched: load this page again in a moment.")
        messages.success(request, text)
    else:
        text = _("No worker runs: the rates are fetched as soon as one does.")
        messages.warning(request, text)
    return _back(store)


@store_page
@require_safe
def rates_history(request: HttpRequest, store_id: int) -> HttpResponse:
    """Download the rates of the days that are kept."""
    store = get_mine(Store, request, pk=store_id)
    now = timezone.now()
    currencies = [one.currency for one in standing_of_rates(store, now).needed]
    response = HttpResponse(
        history_csv(store, currencies), content_type="text/csv; charset=utf-8"
    )
    name = f"shoplink-exchange-rates-{now:%Y%m%d-%H%M%S}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _chosen_store(request: HttpRequest) -> Store | None:
    """Return the store, or that of the account, that the address names; else one."""
    stores = mine(Store, request).order_by("name")
    store_id = parameters.STORE.number(request)
    account_id = parameters.ACCOUNT.number(request)
    named = stores.none()
    if store_id is not None:
        named = stores.filter(pk=store_id)
    elif account_id is not None:
        named = stores.filter(amazon_accounts=account_id)
    return named.first() or stores.first()


def _show(
    request: HttpRequest,
    store: Store,
    *,
    form: ManualRateForm | None = None,
    removing: tuple[ManualRate, RemoveRateForm] | None = None,
) -> HttpResponse:
    now = timezone.now()
    standing = standing_of_rates(store, now)
    operates = can_operate(request.user, store)
    if form is None and operates:
        chosen = parameters.CURRENCY.of(request)
        form = ManualRateForm(standing, currency=chosen)
    bank_day = standing.bank_day
    context: dict[str, Any] = {
        "store": store,
        "stores": mine(Store, request).order_by("name"),
        "standing": standing,
        "rows": _rows(standing, manual_rows(store), operates, removing),
        "unknown": [one.currency for one in standing.missing],
        "bank_age": standing.days_since(bank_day) if bank_day else None,
        "fetch": fetching.state_of_fetch(),
        "form": form,
        "can_operate": operates,
        "now": now,
    }
    is_refused = (form is not None and form.is_bound) or removing is not None
    title = _("Exchange rates")
    return page(
        request, TEMPLATE, context, title=title, status=422 if is_refused else 200
    )


def _rows(
    standing: RateStanding,
    manual: Mapping[str, ManualRate],
    operates: bool,
    removing: tuple[ManualRate, RemoveRateForm] | None,
) -> list[RateRow]:
    """Return a row for each currency that is needed, and for each other manual rate."""
    others = sorted(set(manual) - {one.currency for one in standing.needed})
    unneeded = [NeededRate(one, (), standing.rate_to(one)) for one in others]
    refused = {removing[0].pk: removing[1]} if removing else {}
    found = []
    for one in [*standing.needed, *unneeded]:
        row = manual.get(one.currency)
        form = None
        if row is not None and operates:
            form = refused.get(row.pk) or RemoveRateForm(prefix=str(row.pk))
        found.append(_row(standing, one, row, form))
    return found


def _row(
    standing: RateStanding,
    one: NeededRate,
    manual: ManualRate | None,
    form: RemoveRateForm | None,
) -> RateRow:
    rate = one.rate
    if isinstance(rate, NoRate):
        return RateRow(one, manual=manual, form=form, problem=translated(rate.reason))
    return RateRow(
        one,
        manual=manual,
        form=form,
        value=plain(rate.value),
        source=_SOURCES[rate.source],
        day=rate.day,
        age=standing.days_since(rate.day) if rate.day else None,
    )


def _back(store: Store) -> HttpResponse:
    return redirect(f"{reverse('amazon-exchange-rates')}?store={store.pk}")
