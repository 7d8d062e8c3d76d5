"""Keeps which marketplaces a job cannot read, and tells people; services layer.

A row is there for as long as the trouble lasts, and the first reading that ends well
takes it back. So a job fails for one marketplace and goes on with the next, and what
Amazon says of the account for good fails nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.models import (
    AmazonAccount,
    ApiCall,
    ReadingIssue,
    SyncRun,
)
from channels_amazon.services.diagnostics.entries import Entry, Level, clean, record
from channels_amazon.services.jobs import registry
from channels_amazon.services.jobs.backoff import pass_backoff
from channels_amazon.wording import Sentence, sentence

Cause = ReadingIssue.Cause

# Amazon may say something else of the account one day: asked so often at most.
FACT_AGAIN = timedelta(days=1)
# Amazon's ids to quote in a case: so many are kept, the newest first.
MOST_REQUEST_IDS = 5

NO_PROGRESS = "sync.no_progress"
CODES: dict[str, str] = {
    Cause.NO_PROGRESS: NO_PROGRESS,
    Cause.FAULTY: "amazon.invalid_request",
    Cause.REFUSED: "marketplace.refused",
}
FIX = sentence(
    "It is tried again by itself, more and more rarely; everything else goes on. If it "
    "lasts, open a case with Amazon and quote the request ids."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingFailure:
    """What a reading met: its cause, a sentence or Amazon's words, and the evidence.

    `grown_in` is in how long the quota grows back that it has cost.
    """

    cause: str
    reason: str
    operation: str
    amazon_code: str = ""
    request_ids: Sequence[str] = field(default_factory=tuple)
    grown_in: timedelta = timedelta(0)


def issues_of(account: AmazonAccount, kind: str) -> QuerySet[ReadingIssue]:
    """Return what the job of `kind` cannot read now."""
    rows: QuerySet[ReadingIssue] = ReadingIssue.objects.filter(
        account=account, kind=kind
    )
    return rows


def faults() -> QuerySet[ReadingIssue]:
    """Return what keeps accounts' rows from being read, what is a fact apart."""
    rows: QuerySet[ReadingIssue] = ReadingIssue.objects.exclude(cause=Cause.REFUSED)
    return rows


def note_issue(
    account: AmazonAccount,
    kind: str,
    marketplace_id: str,
    seen: ReadingFailure,
    run: SyncRun | None = None,
) -> ReadingIssue:
    """Note what a reading met, and when to try again; the first time is logged.

    It rests until what it has cost is there again: a trouble that lasts would else use
    up what the operation's other callers need.
    """
    now = timezone.now()
    with transaction.atomic():
        issue = issues_of(account, kind).filter(marketplace_id=marketplace_id).first()
        is_new = issue is None or issue.cause != seen.cause
        if issue is None:
            issue = ReadingIssue(
                account=account, kind=kind, marketplace_id=marketplace_id, times=0
            )
        if is_new:
            issue.first_at, issue.times = now, 0
        issue.cause, issue.reason = seen.cause, clean(seen.reason, 500)
        issue.operation = seen.operation
        issue.amazon_code = clean(seen.amazon_code, 80)
        issue.request_ids = list(seen.request_ids)[:MOST_REQUEST_IDS]
        issue.times += 1
        issue.last_at = now
        issue.retry_at = now + max(_rest(issue), seen.grown_in)
        issue.save()
        if is_new:
            _log(issue, run)
    return issue


def close_issues(
    account: AmazonAccount,
    kind: str,
    marketplace_ids: Collection[str],
    run: SyncRun | None = None,
) -> None:
    """Take back what was noted of these marketplaces, since they were read."""
    for issue in issues_of(account, kind).filter(marketplace_id__in=marketplace_ids):
        with transaction.atomic():
            if not ReadingIssue.objects.filter(pk=issue.pk).delete()[0]:
                continue
            record(
                Entry(
                    code=CODES[issue.cause],
                    level=Level.INFO,
                    account=account,
                    run=run,
                    reference=issue.marketplace_id,
                    message=_read_again(issue),
                )
            )


def forget_other_marketplaces(
    account: AmazonAccount, kind: str, marketplace_ids: Collection[str]
) -> None:
    """Drop what was noted of marketplaces that are not synchronised any more."""
    issues_of(account, kind).exclude(marketplace_id__in=marketplace_ids).delete()


def request_ids(run: SyncRun, operation: str) -> list[str]:
    """Return Amazon's ids of the run's last requests of that operation."""
    calls = ApiCall.objects.filter(run=run, operation=operation).exclude(request_id="")
    ids = calls.order_by("-pk").values_list("request_id", flat=True)
    return list(ids[:MOST_REQUEST_IDS])


def told(issue: ReadingIssue) -> Sentence:
    """Return the sentence that tells of an issue."""
    job, site = registry.label_of(issue.kind), site_of(issue)
    if issue.cause == Cause.NO_PROGRESS and not site:
        return sentence(
            "“%(job)s” gets no further: %(reason)s", job=job, reason=issue.reason
        )
    if issue.cause == Cause.NO_PROGRESS:
        return sentence(
            "“%(job)s” gets no further in %(site)s: %(reason)s",
            job=job,
            site=site,
            reason=issue.reason,
        )
    if issue.cause == Cause.FAULTY:
        return sentence(
            "Amazon refuses what “%(job)s” asks for in %(site)s, though it takes a "
            "simpler request: “%(words)s”",
            job=job,
            site=site,
            words=issue.reason,
        )
    return sentence(
        "Amazon refuses “%(job)s” in %(site)s, however little is asked for: "
        "“%(words)s”",
        job=job,
        site=site,
        words=issue.reason,
    )


def _rest(issue: ReadingIssue) -> timedelta:
    return FACT_AGAIN if issue.is_fact else pass_backoff(issue.times)


def _log(issue: ReadingIssue, run: SyncRun | None) -> None:
    record(
        Entry(
            code=CODES[issue.cause],
            level=Level.INFO if issue.is_fact else Level.WARNING,
            account=issue.account,
            run=run,
            reference=issue.marketplace_id,
            request_id=next(iter(issue.request_ids), ""),
            message=told(issue),
            fix=fix_of(issue),
        )
    )


def fix_of(issue: ReadingIssue) -> Sentence:
    """Return what to do about an issue."""
    if not issue.is_fact:
        return FIX
    return sentence(
        "Nothing, if the account does not use it there. Else open a case with Amazon "
        "and quote the request ids. It is asked again once a day."
    )


def _read_again(issue: ReadingIssue) -> Sentence:
    job, site = registry.label_of(issue.kind), site_of(issue)
    if not site:
        return sentence("“%(job)s” reads everything again.", job=job)
    return sentence("“%(job)s” reads %(site)s again.", job=job, site=site)


def site_of(issue: ReadingIssue) -> str:
    """Return the marketplace's country, "" where a job reads all of them in one."""
    place = MARKETPLACES.get(issue.marketplace_id)
    return place.country_code if place else issue.marketplace_id


def is_resting(issue: ReadingIssue, now: datetime) -> bool:
    """Tell whether the issue's time to try again has not come."""
    return bool(issue.retry_at > now)
