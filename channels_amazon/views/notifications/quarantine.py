"""The quarantine: what could not be taken in, why, and what to do; views layer."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from channels_amazon.forms import parameters
from channels_amazon.forms.parameters import without
from channels_amazon.models import Notification, Order
from channels_amazon.models.order import OrderQuerySet
from channels_amazon.models.scope import COUNT_CAP, StoreQuerySet
from channels_amazon.services.notifications import quarantine
from channels_amazon.views.attention import is_worker_alive
from channels_amazon.views.base import (
    OPERATORS,
    can_operate,
    get_mine,
    mine,
    operated_stores,
    page,
    require_operator,
    store_page,
    stores_with_role,
)
from channels_amazon.views.pagination import newest_first
from channels_amazon.views.standstill import why_halted

ROWS = 50
State = Notification.State


@dataclass(frozen=True, slots=True)
class Reason:
    """Why messages are in quarantine, by its code, and how many of them."""

    code: str
    count: int


@store_page
@require_safe
def quarantine_list(request: HttpRequest) -> HttpResponse:
    """Show the messages and the orders in quarantine."""
    waiting = quarantined_messages(request)
    reasons = reasons_of(waiting)
    reason = parameters.REASON.of(request)
    shown = waiting.filter(code=reason) if reason else waiting
    rows = shown.defer("body").select_related("account__store")
    orders = quarantined_orders(request)
    context = {
        "message_count": waiting.capped_count(),
        "order_count": orders.capped_count(),
        "reasons": reasons,
        "reason": reason,
        "slice": newest_first(rows, parameters.AFTER.of(request), ROWS),
        "orders": list(orders.select_related("account__store")[:ROWS]),
        "may_act": stores_with_role(request, OPERATORS).exists(),
        "query": without(request, "after"),
        "now": timezone.now(),
        "most": quarantine.MOST_AT_ONCE,
    }
    template = "channels_amazon/notifications/quarantine_list.html"
    return page(request, template, context, title=_("Quarantine"))


@store_page
@require_safe
def quarantine_detail(request: HttpRequest, message_id: int) -> HttpResponse:
    """Show one message: why it is in quarantine, its form, what came of a replay."""
    row = _message(request, message_id)
    context = {
        "row": row,
        "body": quarantine.shown_body(row),
        "is_waiting": row.state == State.QUARANTINED,
        "may_act": _may_act(request, row),
        "order": _order_of(request, row),
        "now": timezone.now(),
    }
    template = "channels_amazon/notifications/quarantine_detail.html"
    return page(request, template, context, title=_("Message in quarantine"))


@store_page
@require_POST
def quarantine_replay(request: HttpRequest, message_id: int) -> HttpResponse:
    """Take one message in once more."""
    row = _message(request, message_id)
    _require(request, row)
    done = quarantine.replay(row, actor=request.user.get_username())
    _say(request, Counter([done.state]))
    return redirect("amazon-quarantine-detail", row.pk)


@store_page
@require_POST
def quarantine_discard(request: HttpRequest, message_id: int) -> HttpResponse:
    """Give one message up."""
    row = _message(request, message_id)
    _require(request, row)
    quarantine.discard([row], actor=request.user.get_username())
    messages.success(request, _("The message is discarded; its row stays."))
    return redirect("amazon-quarantine-list")


@store_page
@require_POST
def quarantine_act(request: HttpRequest) -> HttpResponse:
    """Replay or discard the messages that are ticked, or all of one reason."""
    given = request.POST
    reason = parameters.REASON.posted(request)
    rows = _operated(request, quarantined_messages(request))
    if given.get("do") == "replay_reason" and reason:
        rows = rows.filter(code=reason)
    else:
        ids = [int(one[:18]) for one in given.getlist("id") if one.isdecimal()]
        rows = rows.filter(pk__in=ids[:ROWS])
    actor = request.user.get_username()
    if given.get("do") == "discard":
        gone = quarantine.discard(rows.select_related("account"), actor=actor)
        text = ngettext(
            "%(count)d message is discarded.", "%(count)d messages are discarded.", gone
        )
        messages.success(request, text % {"count": gone})
    else:
        _say(request, quarantine.replay_all(rows, actor=actor))
    return _back(reason)


@store_page
@require_POST
def order_retry(request: HttpRequest, order_id: int) -> HttpResponse:
    """Fetch an order in quarantine at once."""
    orders = mine(Order, request).select_related("account__store")
    order = get_mine(orders, request, pk=order_id)
    require_operator(request, order.account.store)
    if quarantine.try_again(order):
        lives = is_worker_alive(request)
        if why := why_halted(order.account, is_worker_alive=lives):
            text = _("The order is fetched again once something can be: %(why)s.")
            messages.warning(request, text % {"why": why})
        else:
            messages.success(request, _("The order is being fetched again."))
    else:
        messages.info(request, _("The order is no longer in quarantine."))
    return redirect("amazon-quarantine-list")


def quarantined_messages(request: HttpRequest) -> StoreQuerySet[Notification]:
    """Return the visible messages in quarantine; those of no account for superusers."""
    return mine(Notification, request).filter(state=State.QUARANTINED).defer("body")


def quarantined_orders(request: HttpRequest) -> OrderQuerySet:
    """Return the visible orders that could not be read, the newest first."""
    return mine(Order, request).in_quarantine().order_by("-pk")


def reasons_of(waiting: QuerySet[Notification]) -> list[Reason]:
    """Return each reason with how many messages have it, most first.

    Only the newest COUNT_CAP messages are counted, so that the page costs the same
    however many there are.
    """
    newest = waiting.order_by("-pk").values_list("pk", flat=True)[:COUNT_CAP]
    counted = Notification.objects.filter(pk__in=list(newest)).order_by()
    rows = counted.values_list("code").annotate(count=Count("pk"))
    found = [Reason(code, count) for code, count in rows]
    return sorted(found, key=lambda reason: -reason.count)


def _message(request: HttpRequest, message_id: int) -> Notification:
    rows = mine(Notification, request).exclude(code="", replayed_at=None).defer("body")
    return get_mine(rows.select_related("account__store"), request, pk=message_id)


def _operated(
    request: HttpRequest, rows: QuerySet[Notification]
) -> QuerySet[Notification]:
    """Return what of `rows` the user may act on."""
    if request.user.is_superuser:
        return rows
    return rows.filter(account__store__in=operated_stores(request))


def _may_act(request: HttpRequest, row: Notification) -> bool:
    if row.account is None:
        return bool(request.user.is_superuser)
    return can_operate(request.user, row.account.store)


def _require(request: HttpRequest, row: Notification) -> None:
    if row.account is not None:
        require_operator(request, row.account.store)


def _order_of(request: HttpRequest, row: Notification) -> Order | None:
    if row.account is None or not row.amazon_order_id:
        return None
    own = mine(Order, request).filter(account=row.account)
    return own.filter(amazon_order_id=row.amazon_order_id).first()


def _say(request: HttpRequest, ends: Counter[str]) -> None:
    """Say what came of a replay."""
    words = {
        State.APPLIED: _("Applied now: %(count)d."),
        State.STALE: _("Known already, so nothing changed: %(count)d."),
        State.IGNORED: _("Not of interest: %(count)d."),
        State.QUARANTINED: _("Still in quarantine, each with its reason: %(count)d."),
    }
    parts = [
        text % {"count": ends[state]} for state, text in words.items() if ends[state]
    ]
    if not parts:
        messages.info(request, _("No message was left to replay."))
    elif set(ends) == {State.QUARANTINED}:
        messages.warning(request, " ".join(parts))
    else:
        messages.success(request, " ".join(parts))


def _back(reason: str) -> HttpResponseRedirect:
    query = f"?{urlencode({'reason': reason})}" if reason else ""
    return HttpResponseRedirect(reverse("amazon-quarantine-list") + query)
