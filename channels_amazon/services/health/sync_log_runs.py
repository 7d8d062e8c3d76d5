"""Finds the runs that a Last Sync Log can tell of, and the one it is; services layer.

An event may start a run each second, and each is no more than one order's. So the last
sync is the last run of a job that reads again and again of its own accord, or what went
wrong since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import OuterRef, Subquery

from channels_amazon.models import AmazonAccount, SyncJob, SyncRun
from channels_amazon.services.diagnostics.export import LogKind
from channels_amazon.services.diagnostics.trouble import TROUBLE
from channels_amazon.services.jobs import registry
from channels_amazon.services.jobs.queue import TASK_SECONDS

# Of each job so many are looked at, and so many of all are offered: each job's newest,
# then whatever is newest.
OF_A_JOB = 5
OFFERED = 20
# No run takes longer: its worker is ended before.
_LONGEST = timedelta(seconds=TASK_SECONDS)


@dataclass(frozen=True, slots=True)
class RecentRuns:
    """The account's newest runs, each job's together, the newest first.

    `last_sync` is the one that people ask about first; None where nothing ever ran.
    """

    by_job: Sequence[Sequence[SyncRun]]
    last_sync: SyncRun | None


def recent_runs(account: AmazonAccount) -> RecentRuns:
    """Return the runs to choose from, in three statements however many there are."""
    of_jobs = _newest_of_jobs(account)
    everything = sorted((run for runs in of_jobs for run in runs), key=_age)
    firsts = [runs[0] for runs in of_jobs]
    others = [run for run in everything if run not in firsts]
    offered = {run.pk for run in (*firsts, *others)[:OFFERED]}
    kept = ([run for run in runs if run.pk in offered] for runs in of_jobs)
    return RecentRuns([runs for runs in kept if runs], _last_sync(account, everything))


def last_sync(account: AmazonAccount) -> SyncRun | None:
    """Return the last run of the regular sync, or the last that failed since."""
    return recent_runs(account).last_sync


def run_of(account: AmazonAccount, run_id: int) -> SyncRun | None:
    """Return the account's run of this id, None where it has none."""
    runs = SyncRun.objects.select_related("job").filter(account=account, pk=run_id)
    found: SyncRun | None = runs.first()
    return found


def is_newer(run: SyncRun, other: SyncRun) -> bool:
    """Tell whether `run` began after the other one."""
    return _age(run) < _age(other)


def _newest_of_jobs(account: AmazonAccount) -> list[list[SyncRun]]:
    """Return the newest runs of each job that has any, in the order of the jobs."""
    newest = SyncRun.objects.filter(job=OuterRef("pk")).order_by("-pk").values("pk")
    # Each is one step in the index of job and id.
    places = {
        f"run_{place}": Subquery(newest[place : place + 1]) for place in range(OF_A_JOB)
    }
    jobs = SyncJob.objects.filter(account=account).annotate(**places).order_by("kind")
    ids = {kind: found for kind, *found in jobs.values_list("kind", *places)}
    runs = (
        SyncRun.objects.select_related("job")
        .defer("detail")
        .in_bulk([pk for found in ids.values() for pk in found if pk is not None])
    )
    order = registry.kinds()
    kinds = sorted(ids, key=lambda kind: order.index(kind) if kind in order else 99)
    of_jobs = ([runs[pk] for pk in ids[kind] if pk in runs] for kind in kinds)
    return [sorted(found, key=_age) for found in of_jobs if found]


def _last_sync(account: AmazonAccount, newest: Sequence[SyncRun]) -> SyncRun | None:
    regular = registry.regular_kinds()
    last = next((run for run in newest if run.kind in regular), None)
    if last is None:
        return newest[0] if newest else None
    failed = (
        SyncRun.objects.filter(TROUBLE[LogKind.RUNS], account=account)
        .filter(started_at__gt=last.started_at - _LONGEST)
        .filter(finished_at__gt=last.finished_at or last.started_at)
        .exclude(pk=last.pk)
        .select_related("job")
        .defer("detail")
        .order_by("-started_at", "-pk")
    )
    since: SyncRun | None = failed.first()
    return since or last


def _age(run: SyncRun) -> tuple[float, int]:
    return -run.started_at.timestamp(), -run.pk
