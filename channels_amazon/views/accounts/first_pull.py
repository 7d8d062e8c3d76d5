"""The first pull as it goes on: steps with counts; views layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from channels_amazon.models import AmazonAccount, JobProgress, SyncJob
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.catalog import unread_sites
from channels_amazon.services.health.processes import is_alive
from channels_amazon.services.jobs import registry, status
from channels_amazon.services.jobs.status import JobState
from channels_amazon.views.base import get_mine, is_fragment, mine, page, store_page


@dataclass(frozen=True, slots=True)
class PullStep:
    """One job's first pass: its state, what it has done, what it waits for."""

    name: str
    kind: str
    word: str
    rows: int
    total: int | None
    calls: int
    note: str
    job: SyncJob


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
    steps = [step(line) for line in lines if line.job.kind in first]
    jobs = [item.job for item in steps]
    ended = [job.first_done_at for job in jobs if job.first_done_at]
    is_again = status.first_pull_done(jobs) and max(ended) < account.authorized_at
    context = {
        "account": account,
        "steps": steps,
        "done": sum(bool(item.job.first_done_at) for item in steps),
        "blocked": [item for item in steps if item.job.blocked_code],
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


def step(line: status.JobLine) -> PullStep:
    """Return the step that a job's first pass is."""
    kind, word = state_words(line)
    done: JobProgress = line.job.progress
    return PullStep(
        name=str(registry.title_of(line.job.kind)),
        kind=kind,
        word=word,
        rows=done.get("rows", 0),
        total=done.get("total"),
        calls=done.get("calls", 0),
        note=done.get("note", ""),
        job=line.job,
    )


def state_words(line: status.JobLine) -> tuple[str, str]:
    """Return the shape and the word of a first pass."""
    if line.job.blocked_code:
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
