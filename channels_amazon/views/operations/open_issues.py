"""Puts what needs a person into sentences, worst first; views layer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from channels_amazon.models import (
    AmazonAccount,
    Listing,
    Order,
    Parcel,
    Permission,
    SyncJob,
    translated,
)
from channels_amazon.rules.health.liveness import Process
from channels_amazon.rules.installation.behind import BehindCause
from channels_amazon.services.health.processes import is_alive
from channels_amazon.services.installation import catching_up, guard
from channels_amazon.services.jobs import reading_issues, registry, status
from channels_amazon.services.jobs.key_holders import holders_lacking
from channels_amazon.services.orders import refused_search
from channels_amazon.views.operations import order_issues
from channels_amazon.views.operations.order_issues import Problem


def open_problems(accounts: Sequence[AmazonAccount], now: datetime) -> list[Problem]:
    """Return what is wrong with `accounts` and our own processes, errors first."""
    live = [item for item in accounts if not item.is_disconnected]
    if not live:
        return []
    found = [
        *_installation(live),
        *_authorisations(live),
        *_processes(live, now),
        *_subscriptions(live),
        *_keys(now),
        *_jobs(live),
        *_failing(live),
        *_refused_searches(live),
        *_unread(live),
        *_late_orders(live, now),
        *_parcels(live),
        *_permissions(live),
        *_pushes(live),
        *order_issues.set_aside_rows(live, now),
        *order_issues.orders(live),
        *order_issues.below_zero(live),
        *order_issues.not_shown(live, now),
        *order_issues.endpoints(live),
        *order_issues.last_reports(live),
    ]
    return sorted(found, key=lambda problem: problem.level != "error")


def _installation(accounts: Sequence[AmazonAccount]) -> list[Problem]:
    state = guard.state()
    if not state.may_work:
        return [
            Problem(
                "error",
                translated(guard.why_paused(state.standing)),
                translated(guard.FIX),
                reverse("amazon-overview"),
                gettext("Overview"),
            )
        ]
    late = catching_up.catch_ups(accounts)
    return [
        Problem(
            "warning",
            gettext(
                "The orders of %(account)s since the restore or the standstill are "
                "being read: up to %(reached)s so far, of %(until)s."
            )
            % {
                "account": account,
                "reached": _moment(late[account.pk].read_up_to),
                "until": _moment(late[account.pk].until),
            },
            gettext("It ends by itself; until then no quantity is raised."),
            reverse("amazon-status", args=[account.pk]),
            gettext("Connection status"),
        )
        for account in accounts
        # What stopped a single account's sweep has its own sentence.
        if account.pk in late and late[account.pk].cause != BehindCause.NOT_READ
    ]


def _moment(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"


def _authorisations(accounts: Sequence[AmazonAccount]) -> list[Problem]:
    return [
        Problem(
            "error",
            gettext("Amazon no longer accepts our authorisation for %(account)s.")
            % {"account": account},
            gettext("Authorise the account again; nothing is lost meanwhile."),
            reverse("amazon-status", args=[account.pk]),
            gettext("Open the account"),
        )
        for account in accounts
        if account.state == AmazonAccount.State.NEEDS_AUTHORIZATION
    ]


def _processes(accounts: Sequence[AmazonAccount], now: datetime) -> list[Problem]:
    found = []
    shown_at = reverse("amazon-status", args=[accounts[0].pk])
    if not is_alive(Process.QUEUE, now):
        found.append(
            Problem(
                "error",
                gettext("No worker runs: nothing is fetched or sent."),
                gettext("Start it with “manage.py worker”."),
                shown_at,
                gettext("Connection status"),
            )
        )
    subscribed = any(account.subscription_id for account in accounts)
    if subscribed and not is_alive(Process.CONSUMER, now):
        found.append(
            Problem(
                "error",
                gettext("Amazon's notifications are not read: orders arrive late."),
                gettext("Start the reader with “manage.py consume_notifications”."),
                shown_at,
                gettext("Connection status"),
            )
        )
    return found


def _subscriptions(accounts: Sequence[AmazonAccount]) -> list[Problem]:
    if not settings.SQS_QUEUE_URL:
        return []
    return [
        Problem(
            "warning",
            gettext("Amazon sends no events of %(account)s: its orders come later.")
            % {"account": account},
            gettext("Subscribe to them on the connection status page."),
            reverse("amazon-status", args=[account.pk]),
            gettext("Connection status"),
        )
        for account in accounts
        if account.is_connected and not account.subscription_id
    ]


def _keys(now: datetime) -> list[Problem]:
    lacking = holders_lacking(now)
    if not lacking:
        return []
    return [
        Problem(
            "error",
            gettext("Processes of Shoplink hold different FERNET_KEYS: %(process)s.")
            % {"process": lacking[0].name},
            gettext(
                "Give every process the same FERNET_KEYS, the old ones included, and "
                "restart them all: then it goes on by itself."
            ),
            reverse("amazon-health-index"),
            gettext("Health check"),
        )
    ]


def _jobs(accounts: Sequence[AmazonAccount]) -> list[Problem]:
    # A lost authorisation blocks every job: its own sentence says so already.
    connected = [account for account in accounts if account.is_connected]
    jobs = (
        SyncJob.objects.filter(account__in=connected)
        .exclude(blocked_code="")
        .select_related("account")
    )
    return [
        Problem(
            "error",
            gettext("%(job)s of %(account)s is stopped: %(why)s")
            % {
                "job": registry.title_of(job.kind),
                "account": job.account,
                "why": translated(job.blocked_message) or job.blocked_code,
            },
            "",
            reverse("amazon-status", args=[job.account_id]),
            gettext("Connection status"),
        )
        for job in jobs
    ]


def _failing(accounts: Sequence[AmazonAccount]) -> list[Problem]:
    connected = [account for account in accounts if account.is_connected]
    failing = status.failing_kinds(connected)
    return [
        Problem(
            "warning",
            ngettext(
                "%(jobs)s of %(account)s fails again and again.",
                "%(jobs)s of %(account)s fail again and again.",
                len(failing[account.pk]),
            )
            % {
                "account": account,
                "jobs": ", ".join(
                    str(registry.title_of(kind)) for kind in failing[account.pk]
                ),
            },
            gettext("It is tried again by itself; the health check names the cause."),
            reverse("amazon-status", args=[account.pk]),
            gettext("Connection status"),
        )
        for account in connected
        if account.pk in failing
    ]


def _refused_searches(accounts: Sequence[AmazonAccount]) -> list[Problem]:
    refused = refused_search.refused_since(accounts)
    return [
        Problem(
            "warning",
            gettext("%(account)s: %(why)s")
            % {"account": account, "why": translated(refused_search.REFUSED)},
            gettext("Nothing is lost by it; the log has Amazon's request id."),
            reverse("amazon-status", args=[account.pk]),
            gettext("Connection status"),
        )
        for account in accounts
        if account.pk in refused
    ]


def _unread(accounts: Sequence[AmazonAccount]) -> list[Problem]:
    return [
        Problem(
            "warning",
            translated(reading_issues.told(issue)),
            translated(reading_issues.fix_of(issue)),
            reverse("amazon-status", args=[issue.account_id]),
            gettext("Connection status"),
        )
        for issue in reading_issues.faults(accounts)
    ]


def _late_orders(accounts: Sequence[AmazonAccount], now: datetime) -> list[Problem]:
    late = Order.objects.filter(account__in=accounts).late(now).capped_count()
    if not late:
        return []
    text = ngettext(
        "%(count)d order is past its latest ship time.",
        "%(count)d orders are past their latest ship time.",
        late,
    )
    return [
        Problem(
            "error",
            text % {"count": late},
            gettext("Ship them first; what left already, confirm at once."),
            reverse("amazon-shipment-board") + "?show=overdue",
            gettext("Late shipments"),
        )
    ]


def _parcels(accounts: Sequence[AmazonAccount]) -> list[Problem]:
    stores = {account.store_id for account in accounts}
    held = Parcel.objects.filter(store__in=stores, state=Parcel.State.REFUSED)
    count = held.capped_count()
    if not count:
        return []
    text = ngettext(
        "%(count)d parcel of the store became no package.",
        "%(count)d parcels of the store became no package.",
        count,
    )
    return [
        Problem(
            "warning",
            text % {"count": count},
            gettext("Each row says why and what to do."),
            reverse("amazon-parcel-list") + "?show=refused",
            gettext("Parcels"),
        )
    ]


def _permissions(accounts: Sequence[AmazonAccount]) -> list[Problem]:
    missing: dict[tuple[int, str], list[str]] = {}
    rows = Permission.objects.filter(
        participation__account__in=accounts, state=Permission.State.MISSING
    ).select_related("participation")
    names: dict[tuple[int, str], str] = {}
    for row in rows:
        key = (row.participation.account_id, row.name)
        missing.setdefault(key, []).append(row.participation.country_code)
        names[key] = row.get_name_display()
    by_pk = {account.pk: account for account in accounts}
    return [
        Problem(
            "warning",
            gettext("Permission “%(name)s” is missing for %(account)s (%(sites)s).")
            % {
                "name": names[key],
                "account": by_pk[key[0]],
                "sites": ", ".join(sorted(sites)),
            },
            gettext("Add the role to the application, then authorise again."),
            reverse("amazon-status", args=[key[0]]) + "#permissions",
            gettext("Permissions"),
        )
        for key, sites in missing.items()
    ]


def _pushes(accounts: Sequence[AmazonAccount]) -> list[Problem]:
    listings = Listing.objects.filter(account__in=accounts)
    refused = listings.push_refused().capped_count()
    if not refused:
        return []
    text = ngettext(
        "Amazon refused the quantity of %(count)d listing.",
        "Amazon refused the quantity of %(count)d listings.",
        refused,
    )
    return [
        Problem(
            "warning",
            text % {"count": refused},
            gettext("Each row says why; it is sent again by itself."),
            reverse("amazon-stock-list") + "?show=refused",
            gettext("Show them"),
        )
    ]
