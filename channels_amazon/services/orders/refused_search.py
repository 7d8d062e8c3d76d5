"""Tells people that Amazon refuses to list orders, and that it does no more; services.

Since when is kept by the sweep, in its job's cursor under REFUSED_SINCE.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet

from channels_amazon.models import AmazonAccount, SyncJob
from channels_amazon.services.diagnostics.entries import Entry, Level, record
from channels_amazon.spapi.errors import AccessDenied
from channels_amazon.wording import sentence

REFUSED_SINCE = "refused_since"
CODE = "orders.search_refused"

REFUSED = sentence(
    "Amazon refuses to list orders, though the permission is there. A report brings "
    "them instead, some minutes later, until it lists them again."
)


def refused_jobs() -> QuerySet[SyncJob]:
    """Return the sweeps for which reports stand in."""
    jobs: QuerySet[SyncJob] = SyncJob.objects.filter(
        kind=SyncJob.Kind.ORDER_SWEEP, cursor__has_key=REFUSED_SINCE
    )
    return jobs.exclude(**{f"cursor__{REFUSED_SINCE}": ""})


def refused_since(accounts: Sequence[AmazonAccount]) -> dict[int, datetime]:
    """Return since when (UTC) Amazon refuses to list orders, by account's key."""
    jobs = refused_jobs().filter(account__in=accounts)
    return {
        account_id: datetime.fromisoformat(cursor[REFUSED_SINCE])
        for account_id, cursor in jobs.values_list("account_id", "cursor")
    }


def record_refused(account: AmazonAccount, error: AccessDenied) -> None:
    """Log that reports stand in for the sweep from now on."""
    record(
        Entry(
            code=CODE,
            level=Level.WARNING,
            account=account,
            request_id=error.request_id,
            message=REFUSED,
            fix=sentence(
                "Nothing is lost by it. If it stays, ask Amazon's developer support "
                "with the request id."
            ),
        )
    )


def record_works(account: AmazonAccount) -> None:
    """Log that the sweep reads pages again."""
    record(
        Entry(
            code="orders.search_works",
            level=Level.INFO,
            account=account,
            message=sentence("Amazon lists orders again: the sweep reads its pages."),
        )
    )
