"""Does a worker run, and can the queue be reached? health layer."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext_lazy

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, Level, well
from channels_amazon.health.registry import Cost, check
from channels_amazon.models import SyncJob, SyncRun, translated
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.health import processes
from channels_amazon.services.health.processes import ProcessState
from channels_amazon.services.jobs import queue
from channels_amazon.services.jobs.registry import label_of
from channels_amazon.spapi.redact import redact_text
from channels_amazon.wording import sentence

# A lease that ran out is taken over by the next drain; this is time enough for one.
GRACE = timedelta(seconds=30)
LOOK_BACK = timedelta(minutes=15)
START = "manage.py worker"


@check(
    "worker",
    group="queue",
    order=1,
    title=gettext_lazy("Broker and worker"),
    cost=Cost.HOST,
)
def run(context: CheckContext) -> list[Finding]:
    """Reach the broker, look for signs of life, then for work that got stuck."""
    state = processes.state_of(Process.QUEUE, context.now)
    found = [*_broker(), *_worker(context, state), *_stuck(context)]
    return found or [
        well(
            sentence("A worker runs, and tasks come through the queue."),
            last_beat_at=state.last_beat_at,
            from_host=state.host,
        )
    ]


def _broker() -> list[Finding]:
    said = queue.broker_error()
    if not said:
        return []
    place = redact_text(settings.REDIS_URL.rpartition("@")[2]) or sentence(
        "the database"
    )
    return [
        Finding(
            code="queue.broker_unreachable",
            cause=sentence(
                "The task queue's broker (%(place)s) cannot be reached.", place=place
            ),
            fix=sentence(
                "Start the broker, or correct REDIS_URL and restart Shoplink."
            ),
            evidence={"address": place, "error": said},
        )
    ]


def _worker(context: CheckContext, state: ProcessState) -> list[Finding]:
    if state.is_alive:
        return []
    seen = {"last_beat_at": state.last_beat_at, "last_host": state.host}
    if processes.is_alive(Process.SUPERVISOR, context.now):
        return [
            Finding(
                code="queue.worker_stuck",
                cause=sentence("The worker runs, but no task comes through its queue."),
                fix=sentence(
                    "Its supervisor restarts the queue by itself. If this stays, stop "
                    "and start “manage.py worker”."
                ),
                evidence=seen | {"about": "queue"},
            )
        ]
    return [
        Finding(
            code="queue.no_worker",
            cause=sentence(
                "No worker runs: nothing is fetched from Amazon or sent to it."
            ),
            fix=sentence("Start one on this server: %(command)s", command=START),
            evidence=seen | {"command": START},
        )
    ]


def _stuck(context: CheckContext) -> list[Finding]:
    """Find jobs whose process died: still held, or released a while ago."""
    account = context.account
    held = SyncJob.objects.filter(account=account, lease_until__lt=context.now - GRACE)
    lines = [
        sentence(
            "%(job)s, held since %(time)s by a process that has gone",
            job=label_of(job.kind),
            time=job.lease_until or context.now,
        )
        for job in held
    ]
    died = SyncRun.objects.filter(
        account=account,
        state=SyncRun.State.ABANDONED,
        code="queue.worker_stuck",
        finished_at__gte=context.now - LOOK_BACK,
    )
    lines += [
        sentence(
            "%(job)s, begun at %(time)s, was released and goes on",
            job=label_of(run.kind),
            time=run.started_at,
        )
        for run in died[:5]
    ]
    if not lines:
        return []
    return [
        Finding(
            code="queue.worker_stuck",
            level=Level.ERROR if held else Level.WARNING,
            cause=sentence("A process ended or hung in the middle of a job."),
            fix=sentence(
                "The job is released by itself as soon as a worker runs. If it comes "
                "again, read the worker's log at that time; memory is a usual cause."
            ),
            evidence={"about": "leases", "jobs": [translated(line) for line in lines]},
            is_past=not held,
        )
    ]
