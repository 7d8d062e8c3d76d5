"""Reads all-orders reports; sync layer."""

from __future__ import annotations

from datetime import timedelta

from channels_amazon.models import SyncJob
from channels_amazon.sync.context import Outcome, RunContext
from channels_amazon.sync.registry import reconciler

EVERY = timedelta(minutes=5)


@reconciler(SyncJob.Kind.ORDER_REPORTS, every=EVERY)
def reconcile(ctx: RunContext) -> Outcome:
    """Do what is due."""
    return Outcome()
