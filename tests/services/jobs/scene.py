"""Claims and jobs as tests of the queue want them."""

from __future__ import annotations

from datetime import timedelta

from channels_amazon.models import AmazonAccount, SyncJob
from channels_amazon.services.jobs import claims, leases, registry

LEASE = 15.0
SECOND = timedelta(seconds=1)


def claim(holder: str = "me") -> SyncJob | None:
    """Give back what ran out and claim the next due job, as a drain does."""
    leases.give_back_expired()
    return next(iter(claims.claim_due(holder, LEASE)), None)


def claimed(holder: str = "me") -> SyncJob:
    """Claim the next due job, which there must be."""
    job = claim(holder)
    assert job is not None
    return job


def fresh(job: SyncJob) -> SyncJob:
    """Return the job as the database has it now."""
    return SyncJob.objects.get(pk=job.pk)


def wrong_ranks() -> list[str]:
    """Return the jobs whose rank is not what their account and due time make it."""
    return [
        f"{job}: {job.rank}, due {job.due_at}, {job.account.state}"
        for job in SyncJob.objects.select_related("account")
        if job.rank
        != (
            job.due_at - registry.head_start(job.kind)
            if job.account.state == AmazonAccount.State.CONNECTED
            else None
        )
    ]
