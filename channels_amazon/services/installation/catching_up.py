"""Tells which accounts still have to be read before quantities rise; services layer.

When that is so is said once, in `rules/installation/behind.py`; the state ends by what
proves it: the sweep, or a report, has passed the time up to which was to be read. What
holds for all is kept with the installation, what holds for one account with its row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from channels_amazon.models import (
    PUSH_HELD,
    AmazonAccount,
    Installation,
    Listing,
    OrderReport,
    SyncJob,
)
from channels_amazon.rules.installation import behind
from channels_amazon.rules.installation.behind import BehindCause, Mark, ReadSpan
from channels_amazon.services.diagnostics.entries import Entry, Level, record
from channels_amazon.services.installation import guard
from channels_amazon.services.jobs import lifecycle, unread
from channels_amazon.wording import sentence

# Both compare every order of their span with ours.
_PROOFS = (OrderReport.Purpose.OUTAGE, OrderReport.Purpose.DAILY)


@dataclass(frozen=True, slots=True)
class CatchUp:
    """How far an account that is behind was read, and how far it must be; UTC.

    `since` is when it fell behind; one whose sweep is stopped must be read up to now.
    """

    account_id: int
    cause: BehindCause
    read_up_to: datetime
    until: datetime
    since: datetime


@dataclass(frozen=True, slots=True)
class Reading:
    """Up to when everything of an account was read (UTC), and whether that stands."""

    up_to: datetime
    is_stopped: bool


def readings(accounts: Iterable[AmazonAccount]) -> dict[int, Reading]:
    """Return how far each account was read, but those in their first pull."""
    by_pk = {account.pk: account for account in accounts}
    sweeps = {pk: (low_water, code) for pk, low_water, code in _sweeps(by_pk)}
    if not sweeps:
        return {}
    spans = _reports(sweeps, min(low_water for low_water, _code in sweeps.values()))
    return {
        pk: Reading(
            behind.read_up_to(low_water, spans[pk]),
            is_blocked or not by_pk[pk].is_connected,
        )
        for pk, (low_water, is_blocked) in sweeps.items()
    }


def is_behind(account: AmazonAccount) -> bool:
    """Tell whether the account still has to be read before its quantities rise."""
    return catch_up(account) is not None


def catch_up(account: AmazonAccount) -> CatchUp | None:
    """Return how far the account is, None where it is not behind."""
    return catch_ups([account]).get(account.pk)


def catch_ups(accounts: Iterable[AmazonAccount]) -> dict[int, CatchUp]:
    """Return how far those of the accounts are that are behind; mostly none.

    Where none was left unread this asks the database nothing.
    """
    marked = {account.pk: account for account in accounts if _is_marked(account)}
    if not marked:
        return {}
    now = timezone.now()
    late: dict[int, tuple[datetime, Mark]] = {}
    for pk, low_water, is_stopped in _sweeps(marked):
        mark = behind.mark_of(
            now,
            installation=_installation_mark(),
            marked_at=marked[pk].behind_at,
            is_stopped=is_stopped or not marked[pk].is_connected,
        )
        if mark is not None and low_water < mark.until:
            late[pk] = (low_water, mark)
    if not late:
        return {}
    spans = _reports(late, min(low_water for low_water, _mark in late.values()))
    return {
        pk: CatchUp(
            account_id=pk,
            cause=mark.cause,
            read_up_to=behind.read_up_to(low_water, spans[pk]),
            until=mark.until,
            since=mark.since,
        )
        for pk, (low_water, mark) in late.items()
        if behind.is_behind(mark.until, low_water, spans[pk])
    }


def end_of(account: AmazonAccount) -> None:
    """Let the account's quantities go once it was read up to what held them.

    Call it when its sweep has got further. One that was marked anew since `account` was
    read is still behind.
    """
    if not _is_marked(account) or is_behind(account):
        return
    with transaction.atomic():
        if unread.unmark(account):
            release([account.pk])


def is_read_since_restore(account: AmazonAccount) -> bool:
    """Tell whether the account was read up to when the database was restored last.

    What was sent to Amazon between the backup and then is not known before.
    """
    row = guard.state().installation
    if row is None or row.restored_at is None:
        return True
    for _pk, low_water, _is_stopped in _sweeps([account.pk]):
        spans = _reports([account.pk], low_water)[account.pk]
        return not behind.is_behind(row.restored_at, low_water, spans)
    # It is in its first pull, which has its own rules.
    return True


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
    """End the state once no account is behind by it; tell whether it ended.

    Asked once a minute. What waits for an account that was read is released. One that
    cannot be read, since its sweep is stopped, is not waited for: the mark becomes its
    own, so that the others ask nothing any more.
    """
    at = guard.state().behind_at
    row = Installation.objects.first()
    if row is None or row.behind_at is None or at != row.behind_at:
        # It has not begun: whoever begins the work writes since when.
        return False
    waiting = AmazonAccount.objects.filter(
        pk__in=Listing.objects.filter(push_code=PUSH_HELD).values("account_id")
    )
    late = catch_ups(
        AmazonAccount.objects.not_disconnected().only("pk", "state", "behind_at")
    )
    release({pk for pk in waiting.values_list("pk", flat=True) if pk not in late})
    if any(one.cause != BehindCause.NOT_READ for one in late.values()):
        return False
    with transaction.atomic():
        unread.mark_at(late, row.behind_at)
        ended = Installation.objects.filter(pk=row.pk, behind_at=row.behind_at).update(
            behind_cause="", behind_at=None
        )
        if ended:
            _record_end(row.behind_at, is_whole=not late)
    guard.forget()
    return bool(ended)


def _record_end(until: datetime, *, is_whole: bool) -> None:
    message = (
        sentence(
            "All orders up to %(time)s were read: quantities are raised again.",
            time=until,
        )
        if is_whole
        else sentence(
            "All orders up to %(time)s were read, except those of accounts whose order "
            "sweep is stopped: the quantities of the others are raised again.",
            time=until,
        )
    )
    record(Entry(code="installation.caught_up", level=Level.INFO, message=message))


def _installation_mark() -> tuple[BehindCause, datetime] | None:
    state = guard.state()
    if state.behind_at is None or state.behind_cause is None:
        return None
    return state.behind_cause, state.behind_at


def _is_marked(account: AmazonAccount) -> bool:
    return account.behind_at is not None or _installation_mark() is not None


def _sweeps(account_ids: Iterable[int]) -> Iterator[tuple[int, datetime, bool]]:
    """Give up to when each account's sweep has read, and whether it is stopped now.

    An account in its first pull is left out.
    """
    jobs = SyncJob.objects.filter(
        account__in=list(account_ids), kind=SyncJob.Kind.ORDER_SWEEP
    ).order_by()
    for pk, cursor, code in jobs.values_list("account_id", "cursor", "blocked_code"):
        # As sync/orders/sweep_cursor.py stores it.
        if text := cursor.get("low_water", ""):
            yield pk, datetime.fromisoformat(text), bool(code)


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
