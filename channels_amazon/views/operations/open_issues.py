"""Puts what needs a person into sentences, worst first; views layer.

What is needed is decided by `rules/health/attention.py`, and this only words it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext, ngettext

from channels_amazon.models import AmazonAccount, Permission, SyncJob, translated
from channels_amazon.rules.health.attention import Attention, Need, Needed
from channels_amazon.rules.installation.behind import BehindCause
from channels_amazon.rules.local_times import TO_THE_MINUTE
from channels_amazon.services.health.attention import AttentionRows
from channels_amazon.services.jobs import reading_issues, registry
from channels_amazon.services.orders import refused_search
from channels_amazon.views.local_time import local
from channels_amazon.views.operations.order_issues import COUNTED, Problem

Words = Callable[[Needed, AttentionRows], list[Problem]]


def open_problems(
    attention: Attention, rows: AttentionRows, account: AmazonAccount | None = None
) -> list[Problem]:
    """Return a line for each need, and for what ends by itself.

    Rows of several accounts are counted together.
    On the page of one `account` the lists that the lines lead to show it alone, and
    what that page itself tells more of is led to within it. That the installation is
    paused has no line: it stands above every page, with what can be done.
    """
    found: list[Problem] = []
    summed: set[tuple[Need, str]] = set()
    for one in attention.told:
        if one.need == Need.PAUSED:
            continue
        if one.need not in COUNTED:
            lines = _WORDS[one.need](one, rows)
            found += [_within_page(line) for line in lines] if account else lines
        elif (one.need, one.level) not in summed:
            summed.add((one.need, one.level))
            words = COUNTED[one.need]
            number = attention.count(one.need)
            found.append(words.problem(one.level, number, account))
    return found


def _on_status(
    one: Needed, rows: AttentionRows, text: str, fix: str, part: str
) -> Problem:
    """Return a line that leads to a part of the account's connection status."""
    pk = one.account_id or min(_live(rows))
    labels = {
        "jobs": gettext("Jobs"),
        "notifications": gettext("Order notifications"),
        "permissions": gettext("Permissions"),
        "processes": gettext("Our own processes"),
        "reading-issues": gettext("Not read from Amazon"),
        "token": gettext("Authorisation"),
    }
    link = f"{reverse('amazon-status', args=[pk])}#{part}"
    return Problem(one.level, text, fix, link, labels[part])


def _within_page(problem: Problem) -> Problem:
    """Return the line as it stands on the connection status itself."""
    _page, sign, part = problem.link.partition("#")
    return replace(problem, link=f"#{part}") if sign else problem


def _live(rows: AttentionRows) -> list[int]:
    return [pk for pk, one in rows.accounts.items() if not one.is_disconnected]


def _account(one: Needed, rows: AttentionRows) -> AmazonAccount:
    return rows.accounts[one.account_id or 0]


def _behind(one: Needed, rows: AttentionRows) -> list[Problem]:
    late = rows.late[_account(one, rows).pk]
    if late.cause == BehindCause.NOT_READ:
        pattern = gettext(
            "The orders of %(account)s that were not read while its sweep was stopped "
            "are read first: up to %(reached)s so far, of %(until)s."
        )
    else:
        pattern = gettext(
            "The orders of %(account)s since the restore or the standstill are "
            "being read: up to %(reached)s so far, of %(until)s."
        )
    text = pattern % {
        "account": _account(one, rows),
        "reached": _moment(late.read_up_to),
        "until": _moment(late.until),
    }
    fix = gettext("It ends by itself; until then no quantity is raised.")
    return [_on_status(one, rows, text, fix, "jobs")]


def _moment(time: datetime) -> str:
    return local(time, TO_THE_MINUTE)


def _revoked(one: Needed, rows: AttentionRows) -> list[Problem]:
    text = gettext("Amazon no longer accepts our authorisation for %(account)s.") % {
        "account": _account(one, rows)
    }
    fix = gettext("Authorise the account again; nothing is lost meanwhile.")
    return [_on_status(one, rows, text, fix, "token")]


def _ends(one: Needed, rows: AttentionRows) -> list[Problem]:
    account = _account(one, rows)
    text = gettext("The authorisation of %(account)s ends on %(date)s.") % {
        "account": account,
        "date": _moment(account.authorization_ends_at),
    }
    return [
        Problem(
            one.level,
            text,
            gettext("Authorise the account again; nothing is lost meanwhile."),
            f"{reverse('amazon-connect')}?account={account.pk}",
            gettext("Authorise again"),
        )
    ]


def _no_worker(one: Needed, rows: AttentionRows) -> list[Problem]:
    facts = rows.facts
    hears = any(one.is_subscribed for one in facts.accounts)
    if facts.is_consumer_alive and facts.is_queue_configured and hears:
        text = gettext(
            "No worker runs: nothing is asked of Amazon or sent to it. Its events are "
            "still taken in."
        )
    else:
        text = gettext("No worker runs: nothing is fetched or sent.")
    fix = gettext("Start it with “manage.py worker”.")
    return [_on_status(one, rows, text, fix, "processes")]


def _consumer_down(one: Needed, rows: AttentionRows) -> list[Problem]:
    text = gettext("Amazon's notifications are not read: orders arrive late.")
    fix = gettext("Start the reader with “manage.py consume_notifications”.")
    return [_on_status(one, rows, text, fix, "processes")]


def _not_subscribed(one: Needed, rows: AttentionRows) -> list[Problem]:
    text = gettext("Amazon sends no events of %(account)s: its orders come later.") % {
        "account": _account(one, rows)
    }
    fix = gettext("Subscribe to them on the connection status page.")
    return [_on_status(one, rows, text, fix, "notifications")]


def _not_live(one: Needed, rows: AttentionRows) -> list[Problem]:
    account = _account(one, rows)
    text = gettext("%(account)s is not live: no quantity is sent to Amazon.")
    return [
        Problem(
            one.level,
            text % {"account": account},
            gettext("Look at what would be sent, then go live."),
            reverse("amazon-go-live", args=[account.pk]),
            gettext("Go live"),
        )
    ]


def _keys_differ(one: Needed, rows: AttentionRows) -> list[Problem]:
    return [
        Problem(
            one.level,
            gettext("Processes of Shoplink hold different FERNET_KEYS: %(process)s.")
            % {"process": translated(rows.lacking[0].name)},
            gettext(
                "Give every process the same FERNET_KEYS, the old ones included, and "
                "restart them all: then it goes on by itself."
            ),
            reverse("amazon-health-index"),
            gettext("Health check"),
        )
    ]


def _blocked(one: Needed, rows: AttentionRows) -> list[Problem]:
    account = _account(one, rows)
    stopped: dict[str, list[str]] = {}
    for job in rows.jobs[account.pk]:
        if job.blocked_code:
            why = translated(job.blocked_message) or job.blocked_code
            stopped.setdefault(why, []).append(str(registry.title_of(job.kind)))
    return [
        _on_status(
            one,
            rows,
            ngettext(
                "%(job)s of %(account)s is stopped: %(why)s",
                "%(job)s of %(account)s are stopped: %(why)s",
                len(jobs),
            )
            % {"job": gettext(", ").join(jobs), "account": account, "why": why},
            "",
            "jobs",
        )
        for why, jobs in stopped.items()
    ]


def _failing(one: Needed, rows: AttentionRows) -> list[Problem]:
    account = _account(one, rows)
    failing: list[SyncJob] = [
        job for job in rows.jobs[account.pk] if not job.blocked_code
    ]
    text = ngettext(
        "%(jobs)s of %(account)s fails again and again.",
        "%(jobs)s of %(account)s fail again and again.",
        len(failing),
    ) % {
        "account": account,
        "jobs": gettext(", ").join(str(registry.title_of(job.kind)) for job in failing),
    }
    fix = gettext("It is tried again by itself; the health check names the cause.")
    return [_on_status(one, rows, text, fix, "jobs")]


def _search_refused(one: Needed, rows: AttentionRows) -> list[Problem]:
    text = gettext("%(account)s: %(why)s") % {
        "account": _account(one, rows),
        "why": translated(refused_search.REFUSED),
    }
    fix = gettext("Nothing is lost by it; the log has Amazon's request id.")
    return [_on_status(one, rows, text, fix, "jobs")]


def _unread(one: Needed, rows: AttentionRows) -> list[Problem]:
    return [
        _on_status(
            one,
            rows,
            translated(reading_issues.told(issue)),
            translated(reading_issues.fix_of(issue)),
            "reading-issues",
        )
        for issue in rows.issues[_account(one, rows).pk]
    ]


def _permissions(one: Needed, rows: AttentionRows) -> list[Problem]:
    account = _account(one, rows)
    return [
        _on_status(
            one,
            rows,
            gettext("Permission “%(name)s” is missing for %(account)s (%(sites)s).")
            % {
                "name": Permission.Name(missing.name).label,
                "account": account,
                "sites": ", ".join(missing.countries),
            },
            gettext("Add the role to the application, then authorise again."),
            "permissions",
        )
        for missing in rows.missing[account.pk]
    ]


def _endpoint(one: Needed, rows: AttentionRows) -> list[Problem]:
    row = rows.endpoints[one.store_id or 0]
    return [
        Problem(
            one.level,
            gettext("The address of %(store)s takes no messages: %(why)s")
            % {"store": row.store, "why": translated(row.error_message)},
            gettext("What waits is sent as soon as it answers."),
            reverse("amazon-store-endpoint"),
            gettext("Messages to the store"),
        )
    ]


def _check(one: Needed, rows: AttentionRows) -> list[Problem]:
    account = _account(one, rows)
    text = ngettext(
        "The last health check of %(account)s found %(count)d more fault.",
        "The last health check of %(account)s found %(count)d more faults.",
        one.count,
    )
    return [
        Problem(
            one.level,
            text % {"account": account, "count": one.count},
            gettext("It says what each is, and what to do."),
            reverse("amazon-health-report", args=[rows.reports[account.pk]]),
            gettext("Health check"),
        )
    ]


_WORDS: Mapping[Need, Words] = {
    Need.REVOKED: _revoked,
    Need.NO_WORKER: _no_worker,
    Need.CONSUMER_DOWN: _consumer_down,
    Need.KEYS_DIFFER: _keys_differ,
    Need.JOB_BLOCKED: _blocked,
    Need.NOT_SUBSCRIBED: _not_subscribed,
    Need.NOT_LIVE: _not_live,
    Need.AUTHORIZATION_ENDS: _ends,
    Need.PERMISSION_MISSING: _permissions,
    Need.JOB_FAILING: _failing,
    Need.UNREAD: _unread,
    Need.SEARCH_REFUSED: _search_refused,
    Need.BEHIND: _behind,
    Need.ENDPOINT_FAILING: _endpoint,
    Need.CHECK: _check,
}
