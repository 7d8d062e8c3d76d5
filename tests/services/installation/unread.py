"""Accounts and installations whose orders went unread for a while."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import AmazonAccount, Installation, Listing, SyncJob
from channels_amazon.rules.installation.behind import BehindCause
from channels_amazon.services.amazon_client import authorization
from channels_amazon.services.installation import guard, presence
from channels_amazon.services.jobs import lifecycle
from channels_amazon.sync.orders.sweep_cursor import SweepCursor, read_cursor
from channels_amazon.sync.runtime import runner
from tests.builders import make_account, make_warehouse

Kind = SyncJob.Kind


def make_read(emulator: Emulator) -> AmazonAccount:
    """Make an account that was read up to an hour ago."""
    row = make_account(emulator=emulator)
    make_warehouse(row.store)
    emulator.control("behaviour", accept_seconds=0)
    runner.run_kind(row, Kind.LISTINGS)
    read_to(row, timezone.now() - timedelta(hours=1))
    return row


def read_to(account: AmazonAccount, low_water: datetime) -> SyncJob:
    """Let the account's sweep have read up to then."""
    job, _is_new = SyncJob.objects.get_or_create(
        account=account, kind=Kind.ORDER_SWEEP, defaults={"due_at": timezone.now()}
    )
    cursor = SweepCursor(low_water=low_water, active_until=low_water)
    job.cursor = dict(cursor.stored())
    job.save()
    return job


def begin_behind(ago: timedelta = timedelta(0), cause: str = "restored") -> datetime:
    """Let the work have begun so long ago, behind Amazon."""
    presence.arrive()
    at = timezone.now() - ago
    restored_at = at if cause == BehindCause.RESTORED else None
    Installation.objects.all().update(
        behind_cause=cause, behind_at=at, restored_at=restored_at
    )
    guard.forget()
    return at


def shown(listing: Listing) -> Listing:
    listing.refresh_from_db()
    return listing


def lose(account: AmazonAccount) -> None:
    """Let the authorisation be lost, as an account's jobs then are stopped."""
    AmazonAccount.objects.filter(pk=account.pk).update(
        state=AmazonAccount.State.NEEDS_AUTHORIZATION
    )
    lifecycle.block_all(account, "token.revoked", "Gone.")
    account.refresh_from_db()


def regain(account: AmazonAccount) -> None:
    assert authorization.note_accepted(account.pk)
    account.refresh_from_db()


def lack_orders(account: AmazonAccount) -> None:
    job = SyncJob.objects.get(account=account, kind=Kind.ORDER_SWEEP)
    lifecycle.block(job, "permission.orders_missing", "Missing.")
    account.refresh_from_db()


def get_orders(account: AmazonAccount) -> None:
    lifecycle.unblock_from(account, ["permission.orders_missing"])
    account.refresh_from_db()


def let_pass(account: AmazonAccount, time: timedelta) -> None:
    """Let so much time go by for the account's sweep and its mark."""
    job = SyncJob.objects.get(account=account, kind=Kind.ORDER_SWEEP)
    read = read_cursor(job.cursor).low_water
    assert read is not None
    read_to(account, read - time)
    account.refresh_from_db()
    if account.behind_at is not None:
        AmazonAccount.objects.filter(pk=account.pk).update(
            behind_at=account.behind_at - time
        )
    account.refresh_from_db()
