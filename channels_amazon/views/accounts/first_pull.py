"""The first pull as it goes on: steps with counts; views layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from channels_amazon.models import (
    AmazonAccount,
    FirstPass,
    JobProgress,
    SyncJob,
    translated,
)
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.catalog import unread_sites
from channels_amazon.services.health.processes import is_alive
from channels_amazon.services.jobs import registry, status
from channels_amazon.services.jobs.status import JobState
from channels_amazon.views.base import (
    can_manage,
    get_mine,
    is_fragment,
    mine,
    page,
    store_page,
)


@dataclass(frozen=True, slots=True)
class PullStep:
    """One job's first pass: its state, what it has done, what it waits for.

    `done` is None for one that ended before its counts were kept: what later passes
    count is none of its own.
    """

    name: str
    kind: str
    word: str
    done: FirstPass | None
    note: str
    job: SyncJob

    @property
    def is_stopped(self) -> bool:
        """Tell whether somebody has to act before it goes on."""
        return bool(self.job.blocked_code)


@store_page
@require_safe
def progress(request: HttpRequest, account_id: int) -> HttpResponse:
    """Show the steps of the first pull; the fragment keeps itself fresh."""
    accounts = mine(AmazonAccount, request).select_related("store")
    account = get_mine(accounts, request, pk=account_id)
    now = timezone.now()
    lines = status.job_lines(account, now)
    # The other jobs only follow changes: they fill nothing.
    first = {one.kind for one in registry.reconcilers() if one.first_pull is not None}
    lines = [line for line in lines if line.job.kind in first]
    jobs = [line.job for line in lines]
    ended = [job.first_done_at for job in jobs if job.first_done_at]
    is_again = status.first_pull_done(jobs) and max(ended) < account.authorized_at
    steps = [step(line, is_again=is_again) for line in lines]
    blocked = [item for item in steps if item.is_stopped]
    context = {
        "account": account,
        "steps": steps,
        "done": sum(bool(item.job.first_done_at) for item in steps),
        "blocked": blocked,
        # What all of them say is said once.
        "blocked_why": _said_by_all(blocked),
        "can_manage": can_manage(request.user, account.store),
        "failing": [
            item
            for item in steps
            if not item.job.first_done_at and item.job.attempts >= status.FAILING_AFTER
        ],
        "is_finished": status.first_pull_done(jobs),
        # It was read once before the authorisation that it has now.
        "is_again": is_again,
        "waiting_until": waiting_until(steps, now),
        "worker_alive": is_alive(Process.QUEUE, now),
        "reading_issues": unread_sites.issue_lines(account),
    }
    name = "parts/first_pull_live.html" if is_fragment(request) else "first_pull.html"
    title = _("Authorised again") if is_again else _("First pull")
    return page(request, f"channels_amazon/accounts/{name}", context, title=title)


def step(line: status.JobLine, *, is_again: bool = False) -> PullStep:
    """Return the step that a job's first pass is.

    `is_again`: the account was authorised again, so that the job goes on anew.
    """
    kind, word = state_words(line, is_again=is_again)
    progress: JobProgress = line.job.progress
    is_over = line.job.first_done_at is not None
    return PullStep(
        name=str(registry.title_of(line.job.kind)),
        kind=kind,
        word=word,
        done=progress.get("first") if is_over else _so_far(progress),
        note="" if is_over else progress.get("note", ""),
        job=line.job,
    )


def _so_far(progress: JobProgress) -> FirstPass:
    done = FirstPass(rows=progress.get("rows", 0), calls=progress.get("calls", 0))
    if "total" in progress:
        done["total"] = progress["total"]
    return done


def _said_by_all(blocked: list[PullStep]) -> str:
    """Return the one reason for which several steps are stopped, "" for none such."""
    reasons = {str(item.job.blocked_message) for item in blocked}
    is_shared = len(blocked) > 1 and len(reasons) == 1
    return translated(blocked[0].job.blocked_message) if is_shared else ""


def state_words(line: status.JobLine, *, is_again: bool) -> tuple[str, str]:
    """Return the shape and the word of a first pass."""
    is_over = line.job.first_done_at is not None and not is_again
    if line.job.blocked_code and not is_over:
        return "error", _("Stopped")
    if line.job.first_done_at:
        return "ok", _("Done")
    words = {
        JobState.RUNNING: ("busy", _("Working")),
        JobState.WAITING: ("waiting", _("Waiting for quota")),
        JobState.FAILING: ("warning", _("Fails again and again")),
        JobState.RETRYING: ("warning", _("Failed, will retry")),
    }
    return words.get(line.state, ("off", _("Not begun")))


def waiting_until(steps: list[PullStep], now: datetime) -> datetime | None:
    """Return until when the first pull waits for Amazon's quota, if it does."""
    times = [
        step.job.waiting_until
        for step in steps
        if step.job.waiting_until and step.job.waiting_until > now
    ]
    return min(times, default=None)
