"""Tells people what cannot be read of an account, and what of it is no loss; services.

Where Amazon refuses to show FBA units, its listings tell whether the account has any.
"""

from __future__ import annotations

from dataclasses import dataclass

from channels_amazon.models import AmazonAccount, Listing, ReadingIssue, SyncJob
from channels_amazon.services.jobs.reading_issues import issues_of, site_of, told
from channels_amazon.wording import sentence


@dataclass(frozen=True, slots=True)
class IssueLine:
    """An issue as people are told of it; `is_harmless` where nothing is missing.

    `site` is the marketplace's country, "" where a job reads all of them in one.
    """

    issue: ReadingIssue
    text: str
    site: str
    is_harmless: bool


def issue_lines(account: AmazonAccount) -> list[IssueLine]:
    """Return all that cannot be read of the account, as people are told of it."""
    rows = list(ReadingIssue.objects.filter(account=account))
    is_without_fba = any(row.is_fact for row in rows) and uses_no_fba(account)
    return [_line(row, is_without_fba=is_without_fba) for row in rows]


def uses_no_fba(account: AmazonAccount) -> bool:
    """Tell whether all listings are known, and none of them is in Amazon's hands."""
    are_known = SyncJob.objects.filter(
        account=account, kind=SyncJob.Kind.LISTINGS, first_done_at__isnull=False
    ).exists()
    are_unread = issues_of(account, SyncJob.Kind.LISTINGS).exists()
    has_fba = Listing.objects.filter(account=account, is_fba=True).exists()
    return are_known and not are_unread and not has_fba


def _line(issue: ReadingIssue, *, is_without_fba: bool) -> IssueLine:
    site = site_of(issue)
    if issue.is_fact and issue.kind == SyncJob.Kind.FBA_STOCK and is_without_fba:
        text = sentence(
            "This account does not use FBA in %(site)s: none of its listings does, and "
            "Amazon refuses to show FBA units: “%(words)s”",
            site=site,
            words=issue.reason,
        )
        return IssueLine(issue, text, site, is_harmless=True)
    return IssueLine(issue, told(issue), site, is_harmless=False)
