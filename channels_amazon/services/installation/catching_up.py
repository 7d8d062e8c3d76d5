"""Tells which accounts still have to be read before quantities rise; services layer.

When that is so is said once, in `rules/installation/behind.py`; the state ends by what
proves it: the sweep, or a report, has passed the moment at which the work began.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from channels_amazon.models import (
    PUSH_HELD,
    AmazonAccount,
    Installation,
    Listing,
    OrderReport,
    SyncJob,
)
from channels_amazon.rules.installation import behind
from channels_amazon.rules.installation.behind import BehindCause, ReadSpan
from channels_amazon.services.diagnostics.entries import Entry, Level, record
from channels_amazon.services.installation import guard
from channels_amazon.services.jobs import lifecycle
from channels_amazon.wording import sentence

# Both compare every order of their span with ours.
_PROOFS = (OrderReport.Purpose.OUTAGE, OrderReport.Purpose.DAILY)


@dataclass(frozen=True, slots=True)
class CatchUp:
    """How far an account that is behind was read, and how far it must be; UTC."""

    account_id: int
    cause: BehindCause
    read_up_to: datetime
    until: datetime


def is_behind(account: AmazonAccount) -> bool:
    """Tell whether the account still has to be read up to when the work began."""
    return account.pk in catch_ups([account])


def behind_since(account: AmazonAccount) -> tuple[BehindCause, datetime] | None:
    """Return why and up to when (UTC) the account has to be read; None for never.

    That is the later of what holds for the whole installation and for it alone.
    """
    state = guard.state()
    found = []
    if state.behind_at is not None and state.behind_cause is not None:
        found.append((state.behind_cause, state.behind_at))
    if account.behind_at is not None:
        found.append((BehindCause.NOT_READ, account.behind_at))
    return max(found, key=lambda one: one[1], default=None)


def catch_ups(accounts: Iterable[AmazonAccount]) -> dict[int, CatchUp]:
    """Return how far those of the accounts are that are behind; mostly none.

    Where none was left unread this asks the database nothing.
    """
    marks = {
        account.pk: mark
        for account in accounts
        if (mark := behind_since(account)) is not None
    }
    if not marks:
        return {}
    waters = _low_waters(marks)
    late = {pk: water for pk, water in waters.items() if water < marks[pk][1]}
    if not late:
        return {}
    spans = _reports(late, min(late.values()))
    return {
        pk: CatchUp(pk, cause, behind.read_up_to(water, spans[pk]), until)
        for pk, water in late.items()
        for cause, until in [marks[pk]]
        if behind.is_behind(until, water, spans[pk])
    }


def end_of(account: AmazonAccount) -> None:
    """Let the account's quantities go, which was read up to what held them."""
    row = AmazonAccount.objects.filter(pk=account.pk, behind_at=account.behind_at)
    if account.behind_at is not None and row.update(behind_at=None):
        account.behind_at = None
    release([account.pk])


def read_up_to(account: AmazonAccount, low_water: datetime) -> datetime:
    """Return up to when the account was read, by a report beyond its sweep too."""
    spans = _reports([account.pk], low_water)
    return behind.read_up_to(low_water, spans[account.pk])


def release(account_ids: Collection[int]) -> int:
    """Let the quantities go that waited for these accounts; return how many."""
    held = Listing.objects.filter(account__in=account_ids, push_code=PUSH_HELD)
    released = 0
    with transaction.atomic():
        accounts = sorted(set(held.order_by().values_list("account_id", flat=True)))
        if accounts:
            released = held.update(push_code="", push_error="", push_after=None)
            lifecycle.wake_pairs([(pk, SyncJob.Kind.STOCK_PUSH) for pk in accounts])
    return released


def end_where_read() -> bool:
    """End the state once no account is behind; tell whether it ended.

    Asked once a minute. What waits for an account that was read is released. One that
    needs authorisation was not read either: it is behind until it was.
    """
    at = guard.state().behind_at
    row = Installation.objects.first()
    if row is None or row.behind_at is None or at != row.behind_at:
        # It has not begun: whoever begins the work writes since when.
        return False
    waiting = AmazonAccount.objects.filter(
        pk__in=Listing.objects.filter(push_code=PUSH_HELD).values("account_id")
    )
    late = catch_ups(AmazonAccount.objects.not_disconnected().only("pk", "behind_at"))
    release({pk for pk in waiting.values_list("pk", flat=True) if pk not in late})
    if late:
        return False
    ended = Installation.objects.filter(pk=row.pk, behind_at=row.behind_at).update(
        behind_cause="", behind_at=None
    )
    guard.forget()
    if ended:
        record(
            Entry(
                code="installation.caught_up",
                level=Level.INFO,
                message=sentence(
                    "All orders up to %(time)s were read: quantities are raised again.",
                    time=f"{row.behind_at:%Y-%m-%d %H:%M:%S} UTC",
                ),
            )
        )
    return bool(ended)


def _low_waters(account_ids: Iterable[int]) -> dict[int, datetime]:
    """Return up to when each account's sweep has read, where its first pull is done."""
    jobs = SyncJob.objects.filter(
        account__in=list(account_ids), kind=SyncJob.Kind.ORDER_SWEEP
    ).order_by()
    found = {
        # As sync/orders/sweep_cursor.py stores it.
        pk: cursor.get("low_water", "")
        for pk, cursor in jobs.values_list("account_id", "cursor")
    }
    return {pk: datetime.fromisoformat(text) for pk, text in found.items() if text}


def _reports(
    account_ids: Iterable[int], since: datetime
) -> defaultdict[int, list[ReadSpan]]:
    spans: defaultdict[int, list[ReadSpan]] = defaultdict(list)
    rows = OrderReport.objects.filter(
        account__in=list(account_ids),
        purpose__in=_PROOFS,
        state__in=OrderReport.PROVEN,
        ends_at__gt=since,
    ).order_by()
    for pk, start, end in rows.values_list("account_id", "starts_at", "ends_at"):
        spans[pk].append(ReadSpan(start, end))
    return spans
