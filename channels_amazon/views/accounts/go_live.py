"""May this account push? What would be sent, the switch, what was sent; views layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from channels_amazon.forms import parameters
from channels_amazon.models import AmazonAccount, Listing, translated
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.accounts import going_live
from channels_amazon.services.accounts.going_live import CannotGoLive
from channels_amazon.services.diagnostics.export import csv_table
from channels_amazon.services.health.processes import is_alive
from channels_amazon.services.stock import first_push
from channels_amazon.views.accounts.tabs import account_tabs
from channels_amazon.views.base import (
    can_manage,
    get_mine,
    mine,
    page,
    require_owner,
    store_page,
)
from channels_amazon.views.labels import decision
from channels_amazon.views.pagination import Slice, by_text, by_time
from channels_amazon.views.standstill import quantity_standstill_of

ROWS = 50
_TEMPLATE = "channels_amazon/accounts/go_live.html"


@dataclass(frozen=True, slots=True)
class WouldSend:
    """A listing that would be sent: what Amazon shows, what it would show, and why.

    `decision` says what made it this number; `waits` that more is held until another
    account shows less.
    """

    listing: Listing
    shown: int | None
    decision: str
    waits: bool


@store_page
@require_safe
def go_live_page(request: HttpRequest, account_id: int) -> HttpResponse:
    """Show what would be sent, or what was sent since the account is live."""
    account = _account(request, account_id)
    context: dict[str, Any] = {
        "account": account,
        "tabs": account_tabs(request, account, _address),
        "can_manage": can_manage(request.user, account.store),
        "query": parameters.without(request, "after"),
    }
    if account.live_at is not None:
        context |= _since_live(request, account, account.live_at)
    else:
        context |= _before(request, account)
    return page(request, _TEMPLATE, context, title=_("Go live"))


@store_page
@require_safe
def go_live_export(request: HttpRequest, account_id: int) -> HttpResponseBase:
    """Stream what would be sent, all pages of it, as CSV."""
    account = _account(request, account_id)
    # In the language that is active now, not when the file is read.
    cells = [
        [row.seller_sku, row.old, row.new, decision(row.decided_by)]
        for row in first_push.rows_of(first_push.pending(account))
    ]
    names = [_("Seller SKU"), _("Amazon shows"), _("Would be published"), _("Why")]
    response = StreamingHttpResponse(
        csv_table(names, cells), content_type="text/csv; charset=utf-8"
    )
    name = f"shoplink-go-live-{account.pk}-{timezone.now():%Y%m%d-%H%M%S}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@store_page
@require_POST
def go_live_start(request: HttpRequest, account_id: int) -> HttpResponse:
    """Let the account's quantities go to Amazon from now on."""
    account = _account(request, account_id)
    require_owner(request, account.store)
    try:
        is_new = going_live.go_live(account, actor=request.user.get_username())
    except CannotGoLive as error:
        for text in (error.message, error.fix):
            messages.warning(request, translated(text))
    else:
        text = (
            _("%(account)s is live: its quantities are being sent to Amazon.")
            if is_new
            else _("%(account)s is live already; nothing was changed.")
        )
        messages.success(request, text % {"account": account})
    return redirect("amazon-go-live", account.pk)


@store_page
@require_POST
def go_live_pause(request: HttpRequest, account_id: int) -> HttpResponse:
    """Send no quantity of the account any more, until it goes live again."""
    account = _account(request, account_id)
    require_owner(request, account.store)
    if going_live.pause(account, actor=request.user.get_username()):
        text = _("%(account)s is paused: Amazon keeps the numbers it has.")
        messages.success(request, text % {"account": account})
    else:
        text = _("%(account)s is not live; nothing was changed.")
        messages.info(request, text % {"account": account})
    return redirect("amazon-go-live", account.pk)


def _account(request: HttpRequest, account_id: int) -> AmazonAccount:
    rows = mine(AmazonAccount, request).select_related("store")
    return get_mine(rows, request, pk=account_id)


def _address(account: AmazonAccount) -> str:
    return reverse("amazon-go-live", args=[account.pk])


def _before(request: HttpRequest, account: AmazonAccount) -> dict[str, Any]:
    wanted = first_push.pending(account)
    shown: Slice[Any] = by_text(
        wanted, "seller_sku", parameters.AFTER.of(request), ROWS
    )
    return {
        "push": first_push.first_push(account),
        "obstacle": going_live.obstacle_of(account),
        # Numbers of ours are there: it was live before.
        "was_live": Listing.objects.filter(account=account).published().exists(),
        "slice": shown,
        "rows": [_row(listing) for listing in shown.rows],
    }


def _since_live(
    request: HttpRequest, account: AmazonAccount, live_at: datetime
) -> dict[str, Any]:
    sent = first_push.sent_since(account, live_at)
    cursor = parameters.AFTER.of(request)
    works = is_alive(Process.QUEUE, timezone.now())
    return {
        "since": first_push.since_live(account, live_at),
        "standstill": quantity_standstill_of(account, is_worker_alive=works),
        "slice": by_time(sent, "acknowledged_at", cursor, ROWS, falling=True),
    }


def _row(listing: Any) -> WouldSend:
    why = listing.desired_why
    sharing = why.get("sharing")
    decided_by = sharing["decided_by"] if sharing else ""
    return WouldSend(listing, listing.shown, decision(decided_by), "part" in why)
