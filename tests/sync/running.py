"""Runs one job as a worker would, until it is through."""

from __future__ import annotations

import time

from django.utils import timezone

from channels_amazon.models import AmazonAccount, SyncJob, SyncRun
from channels_amazon.sync.runtime import runner

State = SyncRun.State


def run_through(account: AmazonAccount, kind: str) -> SyncRun:
    """Run the job until its pass is complete or cannot go on; return the last run."""
    for _ in range(20):
        made = runner.run_kind(account, kind)
        assert made is not None
        job = SyncJob.objects.get(account=account, kind=kind)
        if made.state == State.WAITING:
            # Quota that is back in a moment, as a worker would find it.
            time.sleep(max((job.due_at - timezone.now()).total_seconds(), 0))
        elif made.state != State.DONE or not job.progress["open"]:
            return made
    raise AssertionError("The pass did not end.")
