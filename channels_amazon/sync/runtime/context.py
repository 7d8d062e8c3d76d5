"""What a reconciler is given, and what it answers; sync layer."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from channels_amazon.models import (
    AmazonAccount,
    FirstPass,
    JobProgress,
    SyncJob,
    SyncRun,
)
from channels_amazon.services.amazon_client.factory import client_for
from channels_amazon.services.amazon_client.stores import CallCounter
from channels_amazon.spapi.client import SpApiClient

# Short, since a killed worker's job is free again only when its lease has run out.
LEASE_SECONDS = 15.0
# How often what the page shows of a run is written while it works.
SHOWN_EVERY = 1.0


class LeaseLost(Exception):
    """Another process has taken the job over: stop without writing anything more."""


@dataclass(frozen=True)
class Result:
    """How a reconciler ended without an error.

    `next_due` is when to run next, None for the account's next slot of the interval.
    `is_complete` is False when only a slice was done and the cursor says where to go
    on.
    """

    next_due: datetime | None = None
    message: str = ""
    is_complete: bool = True


@dataclass(slots=True)
class RunCounts:
    """What a run has done so far, by the columns of its row."""

    rows_seen: int = 0
    rows_changed: int = 0
    rows_quarantined: int = 0
    calls: int = 0


@dataclass
class RunContext:
    """One run of one job: its account, its cursor, a client, and its progress.

    `deadline` is when to hand over to other accounts: save the cursor, then return
    `Result(next_due=ctx.now(), is_complete=False)`. Every write through the context
    also prolongs the lease, and raises LeaseLost when the job is no longer ours.
    `goes_on` says that the run before left its pass open: it did a slice, waited for
    Amazon's quota, or failed.
    """

    account: AmazonAccount
    job: SyncJob
    holder: str
    started_at: datetime
    deadline: datetime
    counts: RunCounts = field(init=False, default_factory=RunCounts)
    goes_on: bool = field(init=False, default=False)
    _run: SyncRun | None = field(init=False, default=None)
    _calls_before: int = field(init=False, default=0)
    _counter: CallCounter = field(init=False, default_factory=CallCounter)
    # The claim itself was the first sign of life.
    _written_at: float = field(init=False, default_factory=time.monotonic)

    def __post_init__(self) -> None:
        # Rows add up over the slices of one pass, and start anew with the next.
        before: JobProgress = self.job.progress
        self.goes_on = bool(before.get("open"))
        if not self.goes_on:
            kept = before.get("first")
            before = JobProgress(rows=0, changed=0, quarantined=0, calls=0)
            if kept is not None:
                before["first"] = kept
        before["open"] = True
        self.job.progress = before
        self._calls_before = before.get("calls", 0)

    @property
    def run(self) -> SyncRun:
        """Return the run's row; it is written when something is first said of it.

        A run that finds nothing to do has none: most of them do, at most accounts.
        """
        if self._run is None:
            self._run = SyncRun.objects.create(
                job=self.job,
                account=self.account,
                kind=self.job.kind,
                started_at=self.started_at,
            )
        return self._run

    @property
    def has_run(self) -> bool:
        """Tell whether the run has its row already."""
        return self._run is not None

    @cached_property
    def client(self) -> SpApiClient:
        """Return the client for this account; its calls are recorded under the run.

        After a run that failed, one attempt of a call shows whether that goes on.
        """
        return client_for(
            self.account,
            run=self.run,
            counter=self._counter,
            repeats=self.job.attempts <= 1,
        )

    @property
    def cursor(self) -> dict[str, Any]:
        """Return a copy of where the job stands; empty at the start of a pass."""
        return dict(self.job.cursor)

    def now(self) -> datetime:
        """Return the present time in UTC."""
        return timezone.now()

    def has_time(self) -> bool:
        """Tell whether the run may begin another step."""
        return self.now() < self.deadline

    def save_cursor(self, cursor: Mapping[str, Any]) -> None:
        """Store where to go on; call it after the rows it stands for are written."""
        self.job.cursor = dict(cursor)
        self._write(cursor=self.job.cursor)

    def progress(
        self,
        *,
        rows: int = 0,
        changed: int = 0,
        quarantined: int = 0,
        total: int | None = None,
        note: str | None = None,
    ) -> None:
        """Add to what the page shows; `total` and `note` replace what they were.

        `rows`, `changed` and `quarantined` count since the last call of this.
        """
        self.counts.rows_seen += rows
        self.counts.rows_changed += changed
        self.counts.rows_quarantined += quarantined
        shown: JobProgress = self.job.progress
        shown["rows"] = shown.get("rows", 0) + rows
        shown["changed"] = shown.get("changed", 0) + changed
        shown["quarantined"] = shown.get("quarantined", 0) + quarantined
        if total is not None:
            shown["total"] = total
        if note is not None:
            shown["note"] = note
        if time.monotonic() - self._written_at < SHOWN_EVERY:
            return
        self.count_calls()
        self._write(progress=shown)
        SyncRun.objects.filter(pk=self.run.pk).update(**asdict(self.counts))

    def count_calls(self) -> None:
        """Take over how many calls to Amazon this run has made so far."""
        self.counts.calls = self._counter.calls
        self.job.progress["calls"] = self._calls_before + self.counts.calls

    def keep_first_pass(self) -> None:
        """Keep what the first pass did, now that it is done: later ones count anew."""
        done: JobProgress = self.job.progress
        first = FirstPass(rows=done.get("rows", 0), calls=done.get("calls", 0))
        if "total" in done:
            first["total"] = done["total"]
        done["first"] = first

    def keep_lease(self) -> None:
        """Prolong the lease; raises LeaseLost when another process has the job.

        A thread of the run prolongs it anyhow: within a second of the last time it is
        only looked at, which takes no lock.
        """
        if time.monotonic() - self._written_at >= SHOWN_EVERY:
            self._write()
        elif not self._held().exists():
            raise LeaseLost

    def _held(self) -> QuerySet[SyncJob]:
        held: QuerySet[SyncJob] = SyncJob.objects.filter(
            pk=self.job.pk, lease_holder=self.holder
        )
        return held

    def _write(self, **columns: Any) -> None:
        self._written_at = time.monotonic()
        until = self.now() + timedelta(seconds=LEASE_SECONDS)
        if not self._held().update(lease_until=until, **columns):
            raise LeaseLost
