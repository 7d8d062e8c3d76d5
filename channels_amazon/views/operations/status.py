"""The connection status of an account: does it run, how late is it; views layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from channels_amazon.forms import parameters
from channels_amazon.models import (
    AccessToken,
    AmazonAccount,
    Credential,
    HealthReport,
    Notification,
    Order,
    Permission,
)
from channels_amazon.rules.health.attention import LATE_ORDERS
from channels_amazon.services.accounts import permissions
from channels_amazon.services.amazon_client import quota_status
from channels_amazon.services.catalog import unread_sites
from channels_amazon.services.health import processes
from channels_amazon.services.health.last_problems import last_problems
from channels_amazon.services.jobs import status as job_status
from channels_amazon.services.orders import counts
from channels_amazon.views.accounts.accounts import card
from channels_amazon.views.accounts.last_viewed import last_viewed, remember_viewed
from channels_amazon.views.accounts.tabs import account_tabs
from channels_amazon.views.attention import (
    attention_rows,
    first_line,
    numbers_beside,
)
from channels_amazon.views.base import (
    can_manage,
    can_operate,
    get_mine,
    is_fragment,
    mine,
    page,
    store_page,
)
from channels_amazon.views.operations.hours import is_pulling
from channels_amazon.views.operations.latency import latency_part
from channels_amazon.views.operations.open_issues import open_problems
from channels_amazon.views.order_reports.reconciliation import completeness_part
from channels_amazon.views.standstill import standstill_of, why_halted


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """When the refresh token was stored, and whether an access token is at hand."""

    stored_at: datetime | None
    access_expires_at: datetime | None
    access_is_valid: bool


@dataclass(frozen=True, slots=True)
class NotificationFacts:
    """When the last notification came; of the last day how many ended how."""

    last_at: datetime | None
    counts: list[tuple[str | Promise, int]]


def _address(account: AmazonAccount) -> str:
    return reverse("amazon-status", args=[account.pk])


@store_page
@require_safe
def status_index(request: HttpRequest) -> HttpResponse:
    """Lead to the status of the account looked at last, else of the first one."""
    account = last_viewed(request)
    if account is None:
        return redirect("amazon-account-list")
    return redirect("amazon-status", account.pk)


@store_page
@require_safe
def status(request: HttpRequest, account_id: int) -> HttpResponse:
    """Show token, permissions, processes, jobs, notifications, quota, problems."""
    accounts = mine(AmazonAccount, request).select_related("store", "application")
    account = get_mine(accounts, request, pk=account_id)
    remember_viewed(request, account)
    now = timezone.now()
    context = live_part(account, now) | _needed(request, account)
    context |= {
        "can_operate": can_operate(request.user, account.store),
        "can_manage": can_manage(request.user, account.store),
    }
    if is_fragment(request):
        return page(
            request, "channels_amazon/operations/parts/status_live.html", context
        )
    context |= {
        "tabs": account_tabs(request, account, _address),
        "card": card(account, context["can_manage"], now),
        "token": token_facts(account, now),
        "permission_names": Permission.Name.labels,
        "permission_rows": permissions.permission_rows(account),
        "queue_configured": bool(settings.SQS_QUEUE_ARN and settings.SQS_QUEUE_URL),
    }
    context |= latency_part(account, now, parameters.SPAN.of(request))
    title = _("Connection status")
    return page(request, "channels_amazon/operations/status.html", context, title=title)


def _needed(request: HttpRequest, account: AmazonAccount) -> dict[str, Any]:
    """Return what the account needs, and the number of all accounts' needs."""
    rows = attention_rows(request)
    needed = rows.attention_of(account)
    lives = rows.facts.is_worker_alive
    return {
        "first_line": first_line(needed, rows, rows.shared()),
        "problems": open_problems(needed, rows, account),
        "numbers_beside": numbers_beside(rows),
        "is_fragment": is_fragment(request),
        "works": lives and not rows.facts.is_paused,
        "halted_why": why_halted(account, is_worker_alive=lives),
        "standstill": standstill_of(account, is_worker_alive=lives),
        "is_pulling": is_pulling(account, rows),
        "are_orders_on_time": not any(one.need in LATE_ORDERS for one in needed.told),
    }


def live_part(account: AmazonAccount, now: datetime) -> dict[str, Any]:
    """Return what changes by itself while the page is open."""
    orders = Order.objects.filter(account=account)
    jobs = job_status.job_lines(account, now)
    return {
        "account": account,
        "now": now,
        "latency": counts.latency(orders, now),
        "jobs": jobs,
        "job_groups": job_status.job_groups(jobs),
        "reading_issues": unread_sites.issue_lines(account),
        "quota": quota_status.quota_lines(account, now),
        "processes": processes.all_states(now),
        "notifications": notification_facts(account, now),
        "report": HealthReport.objects.filter(account=account).first(),
        **completeness_part(account, now),
        "stock_waiting": account.listings.waiting_for_push().capped_count(),
        "last_problems": last_problems(account, [line.job for line in jobs], now),
    }


def token_facts(account: AmazonAccount, now: datetime) -> TokenFacts:
    """Return when the tokens were renewed, without reading any of them."""
    stored = Credential.objects.filter(account=account)
    access = AccessToken.objects.filter(subject=account.quota_subject)
    expires_at = access.values_list("expires_at", flat=True).first()
    return TokenFacts(
        stored_at=stored.values_list("updated_at", flat=True).first(),
        access_expires_at=expires_at,
        access_is_valid=bool(expires_at and expires_at > now),
    )


def notification_facts(account: AmazonAccount, now: datetime) -> NotificationFacts:
    """Return the last notification and what became of the last day's."""
    rows = Notification.objects.filter(account=account)
    day = rows.filter(received_at__gt=now - timedelta(days=1)).order_by()
    found = dict(day.values_list("state").annotate(count=Count("pk")))
    return NotificationFacts(
        last_at=rows.aggregate(last=Max("received_at"))["last"],
        counts=[
            (state.label, found[state])
            for state in Notification.State
            if state in found
        ],
    )
