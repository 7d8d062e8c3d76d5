"""Tells what became of chosen orders, each one by its id; views layer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels_amazon.models import Order
from channels_amazon.services.shipping.selection import PlannedOrder, SelectionOutcome
from channels_amazon.views.attention import is_worker_alive
from channels_amazon.views.standstill import standstill_of


def tell(request: HttpRequest, plans: Sequence[PlannedOrder]) -> None:
    """Say which orders ship, which did before, and which do not and why."""
    sent = [one for one in plans if one.outcome is SelectionOutcome.SHIPPED]
    before = [
        one
        for one in plans
        if one.is_done and one.outcome is not SelectionOutcome.SHIPPED
    ]
    _tell_sent(request, sent)
    if not sent and not before:
        messages.warning(request, _("Nothing was shipped."))
    if before:
        messages.info(request, _with_orders(_made_before(len(before)), before))
    left: dict[str, list[PlannedOrder]] = defaultdict(list)
    for plan in plans:
        if not plan.is_done:
            left[plan.reason].append(plan)
    for reason, those in left.items():
        text = ngettext(
            "%(count)d order was not sent. %(reason)s",
            "%(count)d orders were not sent. %(reason)s",
            len(those),
        )
        said = text % {"count": len(those), "reason": reason}
        messages.warning(request, _with_orders(said, those))


def _tell_sent(request: HttpRequest, sent: Sequence[PlannedOrder]) -> None:
    """Say which packages go to Amazon, and which wait here for what."""
    waiting: dict[str, list[PlannedOrder]] = defaultdict(list)
    lives = is_worker_alive(request)
    for plan in sent:
        standstill = standstill_of(plan.chosen.order.account, is_worker_alive=lives)
        waiting[standstill.text if standstill else ""].append(plan)
    if gone := waiting.pop("", []):
        messages.success(request, _with_orders(_made(len(gone)), gone))
    for why, kept in waiting.items():
        said = " ".join((_made_kept(len(kept)), why))
        messages.warning(request, _with_orders(said, kept))


def _made(count: int) -> str:
    text = ngettext(
        "%(count)d package is being confirmed to Amazon.",
        "%(count)d packages are being confirmed to Amazon.",
        count,
    )
    return text % {"count": count}


def _made_kept(count: int) -> str:
    text = ngettext("%(count)d package is kept.", "%(count)d packages are kept.", count)
    return text % {"count": count}


def _made_before(count: int) -> str:
    text = ngettext(
        "%(count)d order was shipped before: its package with this tracking number is "
        "there already.",
        "%(count)d orders were shipped before: their packages with these tracking "
        "numbers are there already.",
        count,
    )
    return text % {"count": count}


def _with_orders(text: str, plans: Sequence[PlannedOrder]) -> str:
    """Return the text and links to the orders it is about."""
    return format_html(
        "{} {}",
        text,
        format_html_join(
            " · ",
            '<a href="{}">{}</a>',
            map(_link, (plan.chosen.order for plan in plans)),
        ),
    )


def _link(order: Order) -> tuple[str, str]:
    return reverse("amazon-order-detail", args=[order.pk]), order.amazon_order_id
