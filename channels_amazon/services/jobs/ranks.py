"""Works out a job's place in the line for a worker; services layer.

The rank is when the job is due less the head start of its kind; the smallest is taken
first, so that nothing starves. It is NULL for a job that no worker may take, since its
account is not connected: only connecting the account gives it a rank again. So whoever
moves `due_at` moves `rank` by one of these, and a claim needs no join to the account.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Case, DateTimeField, Exists, OuterRef, Value, When

from channels_amazon.models import AmazonAccount
from channels_amazon.services.jobs import registry


def rank_at(kind: str, due_at: datetime) -> datetime:
    """Return the rank of a job of `kind` that is due then."""
    return due_at - registry.head_start(kind)


def ranks_at(due_at: datetime) -> Case:
    """Return the rank, in SQL, of jobs of any kinds that are due then."""
    ahead = [one for one in registry.reconcilers() if one.head_start]
    return Case(
        *(When(kind=one.kind, then=Value(due_at - one.head_start)) for one in ahead),
        default=Value(due_at),
        output_field=DateTimeField(),
    )


def unless_stopped(rank: Any) -> Case:
    """Return the rank, in SQL, or NULL for a job that has none now."""
    return Case(
        When(rank__isnull=True, then=Value(None)),
        default=rank,
        output_field=DateTimeField(),
    )


def if_connected(rank: Any) -> Case:
    """Return the rank, in SQL, or NULL where the job's account is not connected."""
    connected = AmazonAccount.objects.filter(
        pk=OuterRef("account_id"), state=AmazonAccount.State.CONNECTED
    )
    return Case(
        When(Exists(connected), then=rank),
        default=Value(None),
        output_field=DateTimeField(),
    )
