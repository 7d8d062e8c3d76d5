"""Puts what needs a person into sentences, worst first; views layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext, ngettext

from channels_amazon.models import (
    AmazonAccount,
    Listing,
    Notification,
    Order,
    Parcel,
    Permission,
    SyncJob,
    translated,
)
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.health.processes import is_alive
from channels_amazon.services.jobs import registry
from channels_amazon.services.jobs.key_holders import holders_lacking


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: what, what to do, and where."""

    level: str
    text: str
    fix: str
    link: str
    link_text: str


def open_problems(accounts: Sequence[AmazonAccount], now: datetime) -> list[Problem]:
    """Return what is wrong with `accounts` and our own processes, errors first."""
    live = [item for item in accounts if not item.is_disconnected]
    if not live:
        return []
    found = [
        *_authorisations(live),
        *_processes(live, now),
        *_keys(now),
        *_jobs(live),
        *_late_orders(live, now),
        *_parcels(live),
        *_permissions(live),
        *_pushes(live),
        *_messages(live),
    ]
    return sorted(found, key=lambda problem: problem.level != "error")


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
    status = reverse("amazon-status", args=[accounts[0].pk])
    if not is_alive(Process.QUEUE, now):
        found.append(
            Problem(
                "error",
                gettext("No worker runs: nothing is fetched or sent."),
                gettext("Start it with “manage.py worker”."),
                status,
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
                status,
                gettext("Connection status"),
            )
        )
    return found


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


def _messages(accounts: Sequence[AmazonAccount]) -> list[Problem]:
    rows = Notification.objects.filter(
        account__in=accounts, state=Notification.State.QUARANTINED
    )
    quarantined = rows.capped_count()
    if not quarantined:
        return []
    text = ngettext(
        "%(count)d message of Amazon's is in quarantine.",
        "%(count)d messages of Amazon's are in quarantine.",
        quarantined,
    )
    return [
        Problem(
            "warning",
            text % {"count": quarantined},
            gettext("Replay or discard them; the sweep brings the orders meanwhile."),
            reverse("amazon-quarantine-list"),
            gettext("Quarantine"),
        )
    ]
