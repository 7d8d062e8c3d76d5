"""Wishes for reports: one open of a purpose, widened, woken, never noted twice."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from channels_amazon.models import AmazonAccount, Notification, OrderReport, SyncJob
from channels_amazon.services.notifications import inbox
from channels_amazon.services.order_reports import requests
from channels_amazon.services.order_reports.requests import Purpose, State
from tests.builders import make_account, make_job, number
from tests.messages import START, iso, message

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def account() -> AmazonAccount:
    """Give an account whose job of reports is not due."""
    account = make_account()
    make_job(account, kind=SyncJob.Kind.ORDER_REPORTS, due_at=timezone.now() + HOUR)
    return account


def want(
    account: AmazonAccount, start: float, end: float, purpose: Purpose = Purpose.OUTAGE
) -> OrderReport | None:
    """Want a report of hours counted from START."""
    return requests.want_report(
        account,
        purpose=purpose,
        starts_at=START + start * HOUR,
        ends_at=START + end * HOUR,
    )


def span(report: OrderReport) -> tuple[datetime, datetime]:
    """Return the span as it is stored."""
    report.refresh_from_db()
    return report.starts_at, report.ends_at


def test_wish_wakes_the_job(account: AmazonAccount) -> None:
    assert want(account, 0, 1)

    assert SyncJob.objects.get().due_at <= timezone.now()


def test_second_wish_widens_the_first(account: AmazonAccount) -> None:
    first = want(account, 5, 6)
    second = want(account, 3, 5)

    assert first is not None
    assert first == second
    assert span(first) == (START + 3 * HOUR, START + 6 * HOUR)


def test_wish_of_another_purpose_is_a_report_of_its_own(
    account: AmazonAccount,
) -> None:
    assert want(account, 5, 6) != want(account, 5, 6, Purpose.DAILY)


def test_wish_waits_for_a_report_that_does_not_cover_it(
    account: AmazonAccount,
) -> None:
    first = want(account, 5, 6)
    assert first is not None
    assert requests.begin_request(first)

    assert want(account, 5.2, 5.8) == first
    assert want(account, 5, 7) is None
    assert span(first) == (START + 5 * HOUR, START + 6 * HOUR)


def test_longer_span_than_amazon_reports_is_cut(account: AmazonAccount) -> None:
    report = want(account, -24 * 40, 0)

    assert report is not None
    assert span(report) == (START - timedelta(days=30), START)


def test_request_is_begun_once(account: AmazonAccount) -> None:
    report = want(account, 0, 1)
    assert report is not None
    same = OrderReport.objects.get()

    assert requests.begin_request(report)
    assert not requests.begin_request(same)


def test_first_pull_is_not_done_before_its_report(account: AmazonAccount) -> None:
    SyncJob.objects.update(first_done_at=timezone.now())

    want(account, 0, 1, Purpose.FIRST_PULL)

    assert SyncJob.objects.get().first_done_at is None


def test_usual_time_is_the_median(account: AmazonAccount) -> None:
    assert requests.usual_time(account) is None
    for seconds in (10, 30, 500):
        OrderReport.objects.create(
            account=account,
            purpose=Purpose.DAILY,
            state=State.READ,
            starts_at=START,
            ends_at=START + HOUR,
            requested_at=START,
            ready_at=START + timedelta(seconds=seconds),
        )

    assert requests.usual_time(account) == timedelta(seconds=30)


def finished(account: AmazonAccount, report_id: str) -> Notification:
    """Take in Amazon's message that a report has ended; return its row."""
    note = f"note-{number()}"
    body = {
        "notificationVersion": "1.0",
        "notificationType": "REPORT_PROCESSING_FINISHED",
        "payloadVersion": "2020-09-04",
        "eventTime": iso(START),
        "payload": {
            "reportProcessingFinishedNotification": {
                "sellerId": account.seller_id,
                "accountId": f"amzn1.merchant.o.{account.seller_id}",
                "reportId": report_id,
                "reportType": "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL",
                "processingStatus": "DONE",
                "reportDocumentId": "amzn1.spdoc.1",
            }
        },
        "notificationMetadata": {
            "applicationId": "app-id",
            "subscriptionId": "subscription-id",
            "publishTime": iso(START),
            "notificationId": note,
        },
    }
    inbox.accept([message(body)])
    row: Notification = Notification.objects.get(notification_id=note)
    return row


def test_end_of_a_report_has_it_looked_at(account: AmazonAccount) -> None:
    report = want(account, 0, 1)
    assert report is not None
    later = timezone.now() + HOUR
    requests.begin_request(report)
    requests.note_requested(report, "5001", later)
    SyncJob.objects.update(due_at=later, rank=later)

    assert finished(account, "5001").state == Notification.State.APPLIED

    report.refresh_from_db()
    assert report.next_poll_at is not None
    assert report.next_poll_at <= timezone.now()
    assert SyncJob.objects.get().due_at <= timezone.now()
    requests.note_ready(report, "amzn1.spdoc.1", None)
    assert finished(account, "5001").state == Notification.State.STALE


def test_end_of_a_report_that_is_not_ours_is_ignored(account: AmazonAccount) -> None:
    assert finished(account, "77").state == Notification.State.IGNORED
