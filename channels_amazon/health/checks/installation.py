"""Is this the installation, alone at its queue, and up to date? health layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Max, Min, QuerySet
from django.utils.translation import gettext_lazy, gettext_noop

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, Level, well
from channels_amazon.health.registry import check
from channels_amazon.health.signs import Signs, Subject
from channels_amazon.rules.installation.behind import BehindCause
from channels_amazon.services.installation import catching_up, facts, guard
from channels_amazon.services.jobs.heartbeats import host_name
from channels_amazon.services.notifications.arrival import (
    orders_to_have_event,
    orders_with_lost_event,
)
from channels_amazon.wording import counted, sentence

# So many orders without their event are no accident.
ENOUGH = 3


def _is_unsettled(context: CheckContext) -> bool:
    state = guard.state()
    if not state.may_work or _no_place(state):
        return True
    return catching_up.is_behind(context.account)


def _signs(of: Subject) -> Sequence[QuerySet[Any, Any]]:
    return [orders_to_have_event(of.account, of.now)]


@check(
    "installation",
    group="host",
    order=0,
    title=gettext_lazy("Original or copy"),
    signs=Signs(rows=_signs, here=_is_unsettled),
)
def run(context: CheckContext) -> list[Finding]:
    """Look whether the work is paused, behind, or shared with somebody else."""
    # Not what is kept: a report is to say how it is now.
    guard.forget()
    state = guard.state()
    if not state.may_work:
        return [
            Finding(
                code=guard.CODE,
                cause=guard.why_paused(state.standing),
                fix=guard.FIX,
                evidence={
                    "about": "paused",
                    "standing": state.standing,
                    "from_host": host_name(),
                },
            )
        ]
    found = [*_no_place(state), *_second_reader(context), *_behind(context)]
    return found or [
        well(
            sentence("This is the installation, and it is up to date."),
            standing=state.standing,
        )
    ]


def _no_place(state: guard.GuardState) -> list[Finding]:
    """Find a host that cannot keep the file by which it is known."""
    row = state.installation
    if row is None or facts.can_write_place(row.uuid):
        return []
    path = str(facts.place_path(row.uuid))
    return [
        Finding(
            code="installation.no_place",
            level=Level.WARNING,
            cause=sentence(
                "The file by which this host is known cannot be written: %(path)s. "
                "After a restore it would be taken for another host.",
                path=path,
            ),
            fix=sentence(
                "Let the user that runs Shoplink write into that folder, and keep it "
                "over restarts."
            ),
            evidence={"about": "place", "path": path, "from_host": host_name()},
        )
    ]


def _second_reader(context: CheckContext) -> list[Finding]:
    """Find orders whose events went to somebody else, since others' events came."""
    lost = orders_with_lost_event(context.account, context.now).aggregate(
        count=Count("pk"), since=Min("changed_at"), until=Max("changed_at")
    )
    if lost["count"] < ENOUGH:
        return []
    return [
        Finding(
            code=guard.CODE,
            level=Level.WARNING,
            cause=counted(
                "Of %(count)s order that changed since %(time)s no event "
                "came here, though events of later changes did: another "
                "reader seems to take messages from the queue, such as a "
                "copy of this installation.",
                "Of %(count)s orders that changed since %(time)s no event "
                "came here, though events of later changes did: another "
                "reader seems to take messages from the queue, such as a "
                "copy of this installation.",
                lost["count"],
                time=lost["since"],
            ),
            fix=sentence(
                "Stop every other program that reads this queue (test systems, "
                "restored copies), or give it a queue of its own. The sweep brought "
                "these orders, only later."
            ),
            evidence={
                "about": "reader",
                "orders": lost["count"],
                "since": lost["since"],
                "until": lost["until"],
            },
        )
    ]


def _behind(context: CheckContext) -> list[Finding]:
    late = catching_up.catch_ups([context.account]).get(context.account.pk)
    if late is None:
        return []
    text = (
        gettext_noop(
            "The order sweep was stopped, so the orders are read first: up to "
            "%(reached)s so far, of %(until)s. Until then no quantity is raised."
        )
        if late.cause == BehindCause.NOT_READ
        else gettext_noop(
            "After a restore or a long standstill the orders are read first: up to "
            "%(reached)s so far, of %(until)s. Until then no quantity is raised."
        )
    )
    return [
        Finding(
            code="installation.behind",
            level=Level.WARNING,
            cause=sentence(
                text,
                reached=late.read_up_to,
                until=late.until,
            ),
            fix=sentence(
                "It ends by itself, unless the order sweep of this account stands "
                "still: then once that is mended."
            ),
            evidence={
                "reason": late.cause,
                "read_up_to": late.read_up_to,
                "until": late.until,
            },
        )
    ]
