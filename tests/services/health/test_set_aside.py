"""What was set aside is counted once, and not without end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from channels_amazon.models import OrderReport
from channels_amazon.models.scope import COUNT_CAP
from channels_amazon.services.health.set_aside import set_aside
from tests.builders import make_account
from tests.health.faults import hours_ago
from tests.health.rows import make_report

pytestmark = pytest.mark.django_db


def test_row_that_two_reports_hold_counts_once() -> None:
    account = make_account()
    make_report(account, rows_quarantined=5)
    make_report(
        account,
        purpose=OrderReport.Purpose.OUTAGE,
        starts_at=hours_ago(20),
        ends_at=hours_ago(10),
        rows_quarantined=3,
    )
    make_report(account, starts_at=hours_ago(60), ends_at=hours_ago(31))
    # Another account's reports are others, whatever their hours.
    other = make_account(account.store)
    make_report(other, rows_quarantined=4)

    assert set_aside([account], timezone.now()).report_rows == 5 + 2
    assert set_aside([account, other], timezone.now()).report_rows == 5 + 2 + 4


def test_rows_of_reports_are_counted_up_to_the_cap() -> None:
    account = make_account()
    make_report(account, rows_quarantined=COUNT_CAP + 1)
    found = set_aside([account], timezone.now())
    assert found.report_rows == COUNT_CAP
    assert found.report_read_at is not None
    assert timezone.now() - found.report_read_at < timedelta(hours=2)
