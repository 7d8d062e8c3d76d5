"""Do Amazon's events come, and does somebody read them? health layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, Min, QuerySet
from django.utils.translation import gettext_lazy

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, Level, unproven, well
from channels_amazon.health.registry import check
from channels_amazon.health.signs import Signs, Subject
from channels_amazon.models import AmazonAccount, Heartbeat, Notification
from channels_amazon.rules.health.liveness import Process, dead_since
from channels_amazon.services.health import processes
from channels_amazon.services.notifications.arrival import (
    last_event_at,
    orders_to_have_event,
    orders_without_event,
)
from channels_amazon.wording import sentence

# So many orders without an event are no accident of one or two messages.
ENOUGH = 3
READ = "manage.py consume_notifications"


def _signs(of: Subject) -> Sequence[QuerySet[Any, Any]]:
    reader = Heartbeat.objects.filter(
        kind=Process.CONSUMER, beat_at__gte=dead_since(Process.CONSUMER, of.now)
    )
    subscribed = AmazonAccount.objects.filter(pk=of.account).exclude(subscription_id="")
    return [
        subscribed.exclude(Exists(reader)),
        orders_to_have_event(of.account, of.now),
    ]


@check(
    "events",
    group="queue",
    order=7,
    title=gettext_lazy("Amazon's events"),
    signs=Signs(rows=_signs),
)
def run(context: CheckContext) -> list[Finding]:
    """Look for the reader's sign of life, then for orders that no event told of."""
    if not (settings.SQS_QUEUE_URL and settings.SQS_QUEUE_ARN):
        return _reader(context) or [
            well(sentence("No queue is configured, so no events are expected."))
        ]
    found = [*_reader(context), *_silence(context)]
    return found or [_nothing_wrong(context)]


def _nothing_wrong(context: CheckContext) -> Finding:
    """Say what an event proves; without one, that Amazon's sending is not proven."""
    last = last_event_at(context.account)
    if last is not None:
        text = sentence("Amazon sends this account's events, and they are read.")
        return well(text, last_received_at=last)
    other = Notification.objects.filter(account=context.account).first()
    return unproven(
        sentence(
            "That Amazon sends this account's events is not proven: none of an order "
            "came yet."
        ),
        subscribed_at=context.account.subscribed_at,
        last_other_message_at=other.received_at if other else None,
    )


def _reader(context: CheckContext) -> list[Finding]:
    if not context.account.subscription_id:
        return []
    state = processes.state_of(Process.CONSUMER, context.now)
    if state.is_alive:
        return []
    return [
        Finding(
            code="notifications.consumer_down",
            cause=sentence(
                "Nobody reads the queue of Amazon's events: orders arrive late."
            ),
            fix=sentence("Start the reader on this server: %(command)s", command=READ),
            evidence={"last_beat_at": state.last_beat_at, "command": READ},
        )
    ]


def _silence(context: CheckContext) -> list[Finding]:
    """Find orders that came without an event, as the sweep does to run more often."""
    found = orders_without_event(context.account, context.now).aggregate(
        count=Count("pk"), since=Min("changed_at")
    )
    if not found["count"]:
        return []
    return [
        Finding(
            code="notifications.silent",
            level=Level.ERROR if found["count"] >= ENOUGH else Level.WARNING,
            cause=sentence(
                "Amazon sends no events, though orders changed since %(time)s "
                "(%(count)s): the queue's policy seems to keep Amazon out. Until an "
                "event comes, the sweep runs every few minutes.",
                count=found["count"],
                time=found["since"],
            ),
            fix=sentence(
                "Add to the queue's policy a statement that allows the principal "
                "arn:aws:iam::437568002678:root the actions sqs:SendMessage and "
                "sqs:GetQueueAttributes on the queue."
            ),
            evidence={"orders": found["count"], "since": found["since"]},
        )
    ]
