"""Can Amazon's events reach our queue? health layer."""

from __future__ import annotations

from contextlib import closing

from django.conf import settings
from django.utils.translation import gettext_lazy

from channels_amazon.errors import ShoplinkError
from channels_amazon.health import queue_advice
from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, Level, evidence_of, well
from channels_amazon.health.registry import Cost, check
from channels_amazon.services.installation import guard
from channels_amazon.services.notifications.inbox import queue_region
from channels_amazon.spapi.apis import notifications
from channels_amazon.spapi.errors import NotFound
from channels_amazon.spapi.sqs import Queue, QueueTrouble, SqsError
from channels_amazon.wording import sentence

# Seconds for a connection, and for an answer: a person waits for the report.
QUEUE_SECONDS = 4.0


@check(
    "notifications",
    group="queue",
    order=5,
    title=gettext_lazy("Amazon's notifications"),
    cost=Cost.CALLS,
)
def run(context: CheckContext) -> list[Finding]:
    """Look at settings, queue and subscription."""
    if not (settings.SQS_QUEUE_URL and settings.SQS_QUEUE_ARN):
        return [_not_configured()]
    found = _queue(context)
    try:
        found += _subscription(context)
    except ShoplinkError:
        if not found:
            raise
    return found or [
        well(
            sentence("The queue can be read, and Amazon has the subscription."),
            subscribed_at=context.account.subscribed_at,
        )
    ]


def _not_configured() -> Finding:
    names = [
        name
        for name in ("SQS_QUEUE_URL", "SQS_QUEUE_ARN")
        if not getattr(settings, name)
    ]
    return Finding(
        code="notifications.not_configured",
        level=Level.WARNING,
        cause=sentence(
            "No queue for Amazon's events is configured: orders come by the sweep "
            "alone, some minutes late instead of within seconds."
        ),
        fix=sentence(
            "Create an SQS queue that Amazon may send to, set SQS_QUEUE_URL and "
            "SQS_QUEUE_ARN, restart, then subscribe on the connection status page."
        ),
        evidence={"settings": names},
    )


def _queue(context: CheckContext) -> list[Finding]:
    guard.require_running()
    try:
        with closing(
            Queue(settings.SQS_QUEUE_URL, queue_region(), patience=QUEUE_SECONDS)
        ) as queue:
            queue.depth()
    except SqsError as error:
        trouble = queue_advice.trouble_of(error)
        return [
            Finding(
                code=error.code,
                cause=sentence(
                    "The queue of Amazon's events cannot be read: %(why)s",
                    why=error.message,
                ),
                fix=queue_advice.fix_of(trouble),
                evidence={
                    "queue": settings.SQS_QUEUE_URL,
                    "aws_code": error.aws_code,
                    "seen": trouble.value,
                },
                because=_shared_fault(context, trouble),
            )
        ]
    return []


def _shared_fault(context: CheckContext, trouble: QueueTrouble) -> str:
    """Return the fault of the way to Amazon that is the queue's too, "" for none."""
    if trouble not in queue_advice.SHARED_STEPS:
        return ""
    broken = [route.broken for route in context.routes().values()]
    is_same = any(step is not None and step.fault == trouble for step in broken)
    return f"network.{trouble}" if is_same else ""


def _subscription(context: CheckContext) -> list[Finding]:
    """Ask Amazon for the subscription, and compare it with what we know of it."""
    account = context.account
    seen: dict[str, object] = {"subscribed_at": account.subscribed_at}
    if account.subscription_id:
        context.require_token()
        try:
            theirs = notifications.get_subscription(context.client)
        except NotFound as error:
            seen |= evidence_of(error)
        else:
            if theirs.destination_id == account.destination_id:
                return []
            seen |= {"destination": theirs.destination_id}
    return [
        Finding(
            code="notifications.subscription_missing",
            level=Level.ERROR if account.subscription_id else Level.WARNING,
            cause=(
                sentence("Amazon no longer sends this account's events to our queue.")
                if account.subscription_id
                else sentence("Amazon is not yet asked to send this account's events.")
            ),
            fix=sentence(
                "Subscribe with the button. Until then orders come by the sweep."
            ),
            fix_action="amazon-subscribe",
            evidence=seen,
        )
    ]
