"""What the overview draws anew once a minute: orders, speed, stock, pushes; views."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from channels_amazon.models import Listing, StockLevel
from channels_amazon.services.health.attention import AttentionRows
from channels_amazon.services.stock.at_risk import Risk, StockRisk, stock_at_risk
from channels_amazon.services.stock.last_pushes import last_pushes
from channels_amazon.views.attention import attention_rows
from channels_amazon.views.base import is_fragment, mine, page, store_page
from channels_amazon.views.operations.hours import hours_part
from channels_amazon.views.operations.latency_hours import latency_hours_part

# How each risk looks, and the word.
_RISKS: Mapping[Risk, tuple[str, Promise]] = {
    Risk.BELOW_ZERO: ("error", gettext_lazy("Below zero")),
    Risk.OVERSTATED: ("waiting", gettext_lazy("Amazon offers too many")),
    Risk.SOLD_OUT: ("warning", gettext_lazy("Sold out")),
    Risk.FEW_LEFT: ("warning", gettext_lazy("Few left")),
}


@dataclass(frozen=True, slots=True)
class RiskRow:
    """A stock at risk: its state as shape and word, and what is wrong in a sentence."""

    risk: StockRisk
    kind: str
    word: str
    says: str


@store_page
@require_safe
def overview_hours(request: HttpRequest) -> HttpResponse:
    """Return the drawings anew; whoever opens their address is led to its page."""
    if not is_fragment(request):
        return redirect("amazon-overview")
    context = drawn_parts(request, attention_rows(request), timezone.now())
    template = "channels_amazon/operations/parts/overview_drawn.html"
    return page(request, template, context)


def drawn_parts(
    request: HttpRequest, rows: AttentionRows, now: datetime
) -> dict[str, Any]:
    """Return what the overview shows of orders, speed, stock and pushes."""
    live = [row.pk for row in rows.accounts.values() if not row.is_disconnected]
    works = rows.facts.is_worker_alive and not rows.facts.is_paused
    return {
        **hours_part(rows, now),
        **latency_hours_part(live, now, works=works),
        **_stock_part(request, live, now),
    }


def _stock_part(request: HttpRequest, live: list[int], now: datetime) -> dict[str, Any]:
    listings = mine(Listing, request).filter(account__in=live)
    levels: Any = mine(StockLevel, request)
    risks = stock_at_risk(levels, listings, now)
    return {
        "risks": [_risk_row(one) for one in risks.rows],
        "more_risks": risks.has_more,
        "pushes": last_pushes(live),
        "push_waiting": listings.waiting_for_push().capped_count(),
        "push_refused": listings.push_refused().capped_count(),
    }


def _risk_row(one: StockRisk) -> RiskRow:
    kind, word = _RISKS[one.risk]
    # What waits is sent within seconds, what was refused may stay as it is for long.
    kind = "error" if one.risk is Risk.OVERSTATED and one.is_refused else kind
    return RiskRow(one, kind, str(word), _says(one))


def _says(one: StockRisk) -> str:
    if one.risk is Risk.BELOW_ZERO:
        more = -one.units
        text = ngettext(
            "%(count)d unit more left %(place)s than was counted.",
            "%(count)d units more left %(place)s than were counted.",
            more,
        )
        return text % {"count": more, "place": one.place}
    if one.risk is Risk.OVERSTATED:
        text = _("Amazon still offers %(offered)d, and %(units)d can be sold.")
        if one.is_refused:
            text = _(
                "Amazon still offers %(offered)d, and %(units)d can be sold: it "
                "refused the new number."
            )
        return text % {"offered": one.offered or 0, "units": one.units}
    if one.risk is Risk.SOLD_OUT:
        return _("None can be sold any more.")
    text = ngettext(
        "%(count)d unit can still be sold.",
        "%(count)d units can still be sold.",
        one.units,
    )
    return text % {"count": one.units}
