"""Keeps which order reports are needed, and what became of each; services layer.

One row is a report from the need for it (`wanted`) over Amazon's request to what it
proved. Each step is a compare-and-set on the row's state, so that two processes never
note one thing twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from channels_amazon.models import AmazonAccount, OrderReport, SyncJob, label
from channels_amazon.rules.order_reports.requesting import (
    MOST_ATTEMPTS,
    RETRY_AFTER,
    clipped,
)
from channels_amazon.services.diagnostics.entries import Entry, Level, clean, record
from channels_amazon.services.jobs import lifecycle
from channels_amazon.services.jobs.coalescing import AT_ONCE, FollowUps
from channels_amazon.wording import sentence

Purpose = OrderReport.Purpose
State = OrderReport.State

# These two prove completeness: an order that they show missing is a gap.
PROOFS: tuple[str, ...] = (Purpose.DAILY, Purpose.OUTAGE)
# While a backlog grows, its next part is requested before the last one is there.
SEVERAL = (Purpose.BACKLOG,)
# So many of the last reports tell how long Amazon takes.
_SAMPLE = 5


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a report did not come, for people."""

    code: str
    message: str
    fix: str = field(default="")


def want_report(
    account: AmazonAccount, *, purpose: Purpose, starts_at: datetime, ends_at: datetime
) -> OrderReport | None:
    """Note that a report of the orders changed in the span is needed; wake its job.

    A report of the same purpose that is not requested yet is widened; but for SEVERAL,
    only one of a purpose is open at a time. Returns None where another one was
    requested that does not cover the span: call it again after the time that
    `rules/order_reports/requesting.py` gives for the purpose. What is older than Amazon
    reports is cut off.
    """
    starts_at, ends_at = clipped(starts_at, ends_at)
    try:
        with transaction.atomic():
            report = _widen(account, purpose, starts_at, ends_at)
            if report is None:
                return None
            if purpose == Purpose.FIRST_PULL:
                # The first pull is not done before its report is read.
                SyncJob.objects.filter(
                    account=account, kind=SyncJob.Kind.ORDER_REPORTS
                ).update(first_done_at=None)
            lifecycle.wake(account.pk, SyncJob.Kind.ORDER_REPORTS)
    except IntegrityError:
        # Another process noted one of this purpose first: ours comes later.
        return None
    return report


def begin_request(report: OrderReport) -> bool:
    """Note that Amazon is about to be asked; False when another process does so.

    Should the answer be lost, the report is looked for among those made since then.
    """
    now = timezone.now()
    wanted = OrderReport.objects.filter(
        pk=report.pk, state=State.WANTED, attempts=report.attempts
    )
    if not wanted.update(requested_at=now, attempts=F("attempts") + 1):
        return False
    report.requested_at = now
    report.attempts += 1
    return True


def withdraw_request(report: OrderReport) -> None:
    """Note that Amazon surely did not get the request, so that no report can exist."""
    OrderReport.objects.filter(pk=report.pk, state=State.WANTED).update(
        requested_at=None, attempts=report.attempts - 1
    )


def note_requested(report: OrderReport, report_id: str, next_poll_at: datetime) -> bool:
    """Note under which id Amazon makes the report, and when to ask for its state."""
    asked = OrderReport.objects.filter(pk=report.pk, state=State.WANTED)
    return bool(
        asked.update(
            state=State.REQUESTED,
            report_id=report_id[:80],
            next_poll_at=next_poll_at,
            error_code="",
            error_message="",
        )
    )


def poll_later(report: OrderReport, at: datetime) -> None:
    """Note when to ask Amazon for its state again."""
    OrderReport.objects.filter(pk=report.pk, state=report.state).update(next_poll_at=at)


def poll_now(report_id: str, follow_ups: FollowUps = AT_ONCE) -> bool:
    """Have its state read at once, since Amazon says that it has ended.

    Returns whether that was still waited for.
    """
    asked = OrderReport.objects.filter(report_id=report_id, state=State.REQUESTED)
    report = asked.first()
    if report is None:
        return False
    asked.update(next_poll_at=timezone.now())
    follow_ups.wake(report.account_id, SyncJob.Kind.ORDER_REPORTS)
    return True


def account_of(report_id: str, seller_id: str) -> AmazonAccount | None:
    """Return the account that asked Amazon for this report, None for another's.

    Without a seller its id alone tells, where only one account has a report of it.
    """
    reports = OrderReport.objects.filter(report_id=report_id)
    if seller_id:
        reports = reports.filter(account__seller_id=seller_id)
    found = list(reports.select_related("account__store")[:2])
    is_told = bool(found) and (bool(seller_id) or len(found) == 1)
    return found[0].account if is_told else None


def note_ready(report: OrderReport, document_id: str, took: timedelta | None) -> bool:
    """Note that the document is there, and how long Amazon took for it."""
    now = timezone.now()
    ready_at = now
    if took is not None and report.requested_at is not None:
        ready_at = min(now, report.requested_at + max(took, timedelta(0)))
    made = OrderReport.objects.filter(pk=report.pk, state=State.REQUESTED)
    return bool(
        made.update(
            state=State.READY,
            document_id=document_id[:200],
            ready_at=ready_at,
            next_poll_at=None,
        )
    )


def note_empty(report: OrderReport) -> bool:
    """Note that no order changed in the span: that is a proof too."""
    now = timezone.now()
    made = OrderReport.objects.filter(pk=report.pk, state=State.REQUESTED)
    return bool(
        made.update(state=State.EMPTY, ready_at=now, read_at=now, next_poll_at=None)
    )


def note_failed(report: OrderReport, failure: Failure, *, is_final: bool) -> bool:
    """Note why the report did not come; it is asked for anew unless that `is_final`.

    Returns whether it is given up, which the diagnostic log then says.
    """
    gives_up = is_final or report.attempts >= MOST_ATTEMPTS
    moved = OrderReport.objects.filter(pk=report.pk, state=report.state).update(
        state=State.FAILED if gives_up else State.WANTED,
        report_id="",
        document_id="",
        requested_at=None,
        ready_at=None,
        next_poll_at=None if gives_up else timezone.now() + RETRY_AFTER,
        # The next one lists the orders anew; what was found missing stays counted.
        cursor=0,
        orders_seen=0,
        orders_known=0,
        orders_changed=0,
        error_code=clean(failure.code, 60),
        error_message=clean(failure.message, 500),
    )
    if not (moved and gives_up):
        return False
    record(
        Entry(
            code=failure.code,
            level=Level.WARNING,
            account=report.account,
            reference=report.report_id,
            message=sentence(
                "The report “%(purpose)s” was given up: %(reason)s",
                purpose=label_of(report),
                reason=failure.message,
            ),
            fix=failure.fix
            or sentence(
                "Nothing is lost by it: the sweep reads the same orders, more slowly."
            ),
        )
    )
    return True


def usual_time(account: AmazonAccount) -> timedelta | None:
    """Return how long Amazon took for the account's last reports, None for the first.

    The median, since one slow report says little.
    """
    made = OrderReport.objects.filter(
        account=account, requested_at__isnull=False, ready_at__isnull=False
    )
    times = made.exclude(state=State.FAILED).values_list("requested_at", "ready_at")
    spans = [
        max((ready_at - requested_at).total_seconds(), 0.0)
        for requested_at, ready_at in times[:_SAMPLE]
        if requested_at is not None and ready_at is not None
    ]
    return timedelta(seconds=median(spans)) if spans else None


def open_reports(account: AmazonAccount) -> list[OrderReport]:
    """Return what is still to be done, the most urgent purpose first."""
    urgency = (
        Purpose.BACKLOG,
        Purpose.SWEEP,
        Purpose.OUTAGE,
        Purpose.FIRST_PULL,
        Purpose.DAILY,
    )
    found = OrderReport.objects.filter(account=account, state__in=OrderReport.OPEN)
    return sorted(
        found.select_related("account"),
        key=lambda report: (urgency.index(Purpose(report.purpose)), report.pk),
    )


def label_of(report: OrderReport) -> str:
    """Return the report's purpose as a sentence's part."""
    return label(Purpose(report.purpose).label)


def _widen(
    account: AmazonAccount, purpose: Purpose, starts_at: datetime, ends_at: datetime
) -> OrderReport | None:
    rows = OrderReport.objects.select_for_update(of=("self",)).order_by("pk")
    found = list(
        rows.filter(account=account, purpose=purpose, state__in=OrderReport.OPEN)
    )
    for report in found:
        if report.starts_at <= starts_at and ends_at <= report.ends_at:
            return report
    wanted = [report for report in found if report.state == State.WANTED]
    if not wanted and (purpose in SEVERAL or not found):
        made: OrderReport = OrderReport.objects.create(
            account=account, purpose=purpose, starts_at=starts_at, ends_at=ends_at
        )
        return made
    if not wanted or wanted[-1].requested_at is not None:
        return None
    report = wanted[-1]
    report.starts_at, report.ends_at = clipped(
        min(report.starts_at, starts_at), max(report.ends_at, ends_at)
    )
    report.save(update_fields=["starts_at", "ends_at"])
    return report
