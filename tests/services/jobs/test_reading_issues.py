"""What cannot be read is noted once, told in people's words, and taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from channels_amazon.models import (
    AmazonAccount,
    DiagnosticEntry,
    Listing,
    ReadingIssue,
    SyncJob,
)
from channels_amazon.services.catalog.unread_sites import issue_lines
from channels_amazon.services.jobs.reading_issues import (
    FACT_AGAIN,
    Cause,
    ReadingFailure,
    close_issues,
    note_issue,
)
from tests.builders import make_account, make_job

pytestmark = pytest.mark.django_db

FBA = SyncJob.Kind.FBA_STOCK
DE, FR = "A1PA6795UKMFR9", "A13V1IB3VIYZZH"
REFUSED = ReadingFailure(
    cause=Cause.REFUSED,
    reason="Invalid Input",
    operation="getInventorySummaries",
    amazon_code="InvalidInput",
    request_ids=["one", "two"],
)
STUCK = ReadingFailure(
    cause=Cause.NO_PROGRESS, reason="It goes round.", operation="searchOrders"
)


@pytest.fixture
def account() -> AmazonAccount:
    """Give an account of which nothing is known."""
    made: AmazonAccount = make_account()
    return made


def texts(account: AmazonAccount) -> list[tuple[str, bool]]:
    """Return what people are told, and whether it is harmless."""
    return [(line.text, line.is_harmless) for line in issue_lines(account)]


def note_listings_read(account: AmazonAccount) -> None:
    """Note that all listings of the account were read."""
    make_job(account, kind=SyncJob.Kind.LISTINGS, first_done_at=timezone.now())


def test_refusal_is_a_fact_that_is_asked_again_daily(account: AmazonAccount) -> None:
    issue = note_issue(account, FBA, DE, REFUSED)
    note_issue(account, FBA, DE, REFUSED)

    assert issue.is_fact
    assert issue.retry_at - issue.last_at == FACT_AGAIN == timedelta(days=1)
    assert ReadingIssue.objects.get().times == 2
    entry = DiagnosticEntry.objects.get()
    assert (entry.code, entry.level) == ("marketplace.refused", "info")
    assert (entry.reference, entry.request_id) == (DE, "one")


def test_account_without_fba_listings_does_not_use_fba(account: AmazonAccount) -> None:
    note_listings_read(account)
    Listing.objects.create(account=account, seller_sku="A", seen_at=timezone.now())

    note_issue(account, FBA, DE, REFUSED)

    ((text, is_harmless),) = texts(account)
    assert text.startswith("This account does not use FBA in DE")
    assert "“Invalid Input”" in text
    assert is_harmless


def test_refusal_beside_fba_listings_is_not_harmless(account: AmazonAccount) -> None:
    note_listings_read(account)
    Listing.objects.create(
        account=account, seller_sku="A", seen_at=timezone.now(), is_fba=True
    )

    note_issue(account, FBA, DE, REFUSED)

    ((text, is_harmless),) = texts(account)
    assert text.startswith("Amazon refuses “FBA stock” in DE")
    assert not is_harmless


@pytest.mark.parametrize("is_read", [False, True])
def test_nothing_is_said_of_fba_before_all_listings_are_known(
    account: AmazonAccount, is_read: bool
) -> None:
    if is_read:
        note_listings_read(account)
        note_issue(account, SyncJob.Kind.LISTINGS, FR, STUCK)

    note_issue(account, FBA, DE, REFUSED)

    assert all(not harmless for _text, harmless in texts(account))


def test_other_cause_is_told_anew_and_counted_anew(account: AmazonAccount) -> None:
    for _ in range(3):
        issue = note_issue(account, FBA, DE, STUCK)
    assert (issue.times, DiagnosticEntry.objects.count()) == (3, 1)

    issue = note_issue(account, FBA, DE, REFUSED)

    assert (issue.times, issue.cause) == (1, Cause.REFUSED)
    assert DiagnosticEntry.objects.count() == 2


def test_success_takes_back_what_was_noted_there_alone(account: AmazonAccount) -> None:
    note_issue(account, FBA, DE, STUCK)
    note_issue(account, FBA, FR, STUCK)

    close_issues(account, FBA, [DE])
    close_issues(account, FBA, [DE])

    assert ReadingIssue.objects.get().marketplace_id == FR
    entry = DiagnosticEntry.objects.order_by("-pk")[0]
    assert (entry.level, entry.message) == ("info", "“FBA stock” reads DE again.")


def test_secrets_in_amazons_words_are_not_kept(account: AmazonAccount) -> None:
    reason = "Bad token Atza|IwEBIJx1y2z3SecretSecretSecret"
    issue = note_issue(
        account,
        FBA,
        DE,
        ReadingFailure(cause=Cause.FAULTY, reason=reason, operation="x"),
    )

    assert "SecretSecret" not in issue.reason
    assert "SecretSecret" not in DiagnosticEntry.objects.get().message
