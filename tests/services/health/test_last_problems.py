"""A problem that is over leaves the last problems; what nobody proves over stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from channels_amazon.models import (
    AmazonAccount,
    DiagnosticEntry,
    Notification,
    Order,
    SyncJob,
    SyncRun,
)
from channels_amazon.services.health.last_problems import (
    LOOKED_AT,
    SHOWN,
    last_problems,
)
from channels_amazon.services.jobs.reading_issues import (
    NO_PROGRESS,
    Cause,
    ReadingFailure,
    issues_of,
    note_issue,
)
from tests import builders
from tests.health.rows import make_below_zero
from tests.views.scene import make_quarantined, make_refused

pytestmark = pytest.mark.django_db

US = "ATVPDKIKX0DER"


@pytest.fixture
def account() -> AmazonAccount:
    return builders.make_account()


def told(account: AmazonAccount) -> list[str]:
    """Return the codes of the problems that are open, the newest first."""
    jobs = SyncJob.objects.filter(account=account)
    found = last_problems(account, jobs, timezone.now())
    return [entry.code for entry in found.entries]


def make_run(account: AmazonAccount, **over: Any) -> SyncRun:
    """Make a job with a run of a minute ago."""
    job = builders.make_job(account, **over)
    at = timezone.now() - timedelta(minutes=1)
    run: SyncRun = job.runs.create(account=account, kind=job.kind, started_at=at)
    return run


@pytest.mark.parametrize(
    ("job", "is_over"),
    [
        ({"last_ok_at": timezone.now() + timedelta(days=1)}, True),
        ({"last_ok_at": timezone.now() - timedelta(days=1)}, False),
        ({}, False),
        ({"last_ok_at": timezone.now() + timedelta(days=1), "attempts": 1}, False),
        (
            {"last_ok_at": timezone.now() + timedelta(days=1), "blocked_code": "x"},
            False,
        ),
    ],
)
def test_failed_run_is_over_once_its_job_ended_well(
    account: AmazonAccount, job: dict[str, Any], is_over: bool
) -> None:
    run = make_run(account, **job)
    builders.make_entry(account, run=run, code="amazon.unavailable")

    assert (told(account) == []) == is_over


def test_job_that_died_is_over_once_every_job_ended_well(
    account: AmazonAccount,
) -> None:
    builders.make_entry(account, code="job.failing")
    later = timezone.now() + timedelta(minutes=1)
    builders.make_job(account, last_ok_at=later)
    other = builders.make_job(account, kind=SyncJob.Kind.PERMISSIONS, attempts=3)
    assert told(account) == ["job.failing"]

    SyncJob.objects.filter(pk=other.pk).update(attempts=0, last_ok_at=later)
    assert told(account) == []


@pytest.mark.parametrize(
    "trouble",
    [
        {"quarantine_code": "orders.unreadable", "stale_since": timezone.now()},
        {"has_unmatched": True},
        {"has_shortage": True},
        {"cancel_requested": True},
        {"status": "unknown"},
        {"fulfilled_by": Order.FulfilledBy.UNKNOWN},
    ],
)
def test_problem_of_an_order_is_open_for_as_long_as_its_row_says_so(
    account: AmazonAccount, trouble: dict[str, Any]
) -> None:
    order = builders.make_order(account, **trouble)
    builders.make_entry(account, code="orders.x", reference=order.amazon_order_id)
    assert told(account) == ["orders.x"]

    well = builders.make_order(account)
    type(order).objects.filter(pk=order.pk).update(
        **{name: getattr(well, name) for name in trouble}
    )
    assert told(account) == []


def test_refused_package_is_over_once_it_is_sent_again(account: AmazonAccount) -> None:
    order = builders.make_order(account)
    package = make_refused(order)
    builders.make_entry(
        account, code="shipment.refused", reference=order.amazon_order_id
    )
    assert told(account) == ["shipment.refused"]

    package.state = package.State.CONFIRMED
    package.save()
    assert told(account) == []


def test_refused_parcel_is_over_once_it_is_discarded(account: AmazonAccount) -> None:
    order = builders.make_order(account)
    parcel = builders.make_parcel(order, state="refused")
    builders.make_entry(account, code="parcel.x", reference=order.amazon_order_id)
    assert told(account) == ["parcel.x"]

    parcel.delete()
    assert told(account) == []


def test_stock_below_zero_is_over_once_it_is_counted(account: AmazonAccount) -> None:
    make_below_zero(account)
    variant = account.listings.get().variant
    order = builders.make_order(account, lines=({"variant": variant},))
    builders.make_entry(
        account, code="shipments.below_zero", reference=order.amazon_order_id
    )
    assert told(account) == ["shipments.below_zero"]

    assert variant is not None
    variant.levels.update(on_hand=3)
    assert told(account) == []


@pytest.mark.parametrize(
    "code", ["orders.cancelled_after_packing", "orders.unreadable_detail"]
)
def test_what_an_order_does_not_keep_is_never_called_over(
    account: AmazonAccount, code: str
) -> None:
    order = builders.make_order(account)
    builders.make_entry(account, code=code, reference=order.amazon_order_id)

    assert told(account) == [code]


def test_refused_quantity_is_over_once_amazon_takes_it(account: AmazonAccount) -> None:
    listing = builders.make_listing(account, push_due=True, push_code="INVALID")
    builders.make_entry(
        account, code="stock.push_refused", reference=listing.seller_sku
    )
    assert told(account) == ["stock.push_refused"]

    listing.push_due, listing.push_code = False, ""
    listing.save()
    assert told(account) == []


@pytest.mark.parametrize("by_order", [True, False])
def test_message_is_over_once_it_left_quarantine(
    account: AmazonAccount, by_order: bool
) -> None:
    message = make_quarantined(account)
    about = message.amazon_order_id if by_order else message.notification_id
    if by_order:
        # The order itself is well: its message is not.
        builders.make_order(account, amazon_order_id=about)
    builders.make_entry(account, code="notifications.wrong_schema", reference=about)
    assert told(account) == ["notifications.wrong_schema"]

    Notification.objects.update(state=Notification.State.APPLIED)
    assert told(account) == []


def test_marketplace_that_is_read_again_is_no_problem(account: AmazonAccount) -> None:
    seen = ReadingFailure(
        cause=Cause.NO_PROGRESS, reason="It goes round.", operation="searchOrders"
    )
    note_issue(account, SyncJob.Kind.LISTINGS, US, seen)
    assert told(account) == [NO_PROGRESS]

    issues_of(account, SyncJob.Kind.LISTINGS).delete()
    assert told(account) == []


def test_what_no_row_tells_of_stays(account: AmazonAccount) -> None:
    builders.make_entry(account, code="orders.gap", reference="report-1")
    builders.make_entry(account, code="installation.behind", level="warning")
    builders.make_entry(account, code="account.connected", level="info")

    assert told(account) == ["installation.behind", "orders.gap"]


def test_open_problem_is_not_hidden_behind_newer_ones_that_are_over(
    account: AmazonAccount, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    builders.make_entry(account, code="orders.gap")
    order = builders.make_order(account)
    DiagnosticEntry.objects.bulk_create(
        DiagnosticEntry(
            account=account,
            store=account.store,
            at=timezone.now(),
            level="error",
            code="orders.x",
            reference=order.amazon_order_id,
        )
        for _place in range(3 * SHOWN)
    )

    with django_assert_max_num_queries(6):
        found = last_problems(account, [], timezone.now())
    assert [entry.code for entry in found.entries] == ["orders.gap"]
    assert found.solved == 3 * SHOWN
    assert found.solved < LOOKED_AT
