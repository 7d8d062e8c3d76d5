"""What an earlier version left in JSON columns is read, and work goes on from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse
from pytest_django import DjangoDbBlocker, Settings

from channels_amazon.models import (
    AmazonAccount,
    Listing,
    Order,
    StoreOrder,
    SyncJob,
    SyncRun,
)
from channels_amazon.rules.orders.latency_steps import LatencyStep
from channels_amazon.services.orders.latency import distributions
from channels_amazon.sync.orders.sweep_cursor import read_cursor
from channels_amazon.sync.runtime import runner
from tests import earlier_version as before
from tests.upgrading import migrate, scratch_database
from tests.views.scene import signed_in

if TYPE_CHECKING:
    from channels_amazon.emulator.server import Emulator

START = "0007_report_parts"
Kind = SyncJob.Kind
PAGES = (
    "amazon-overview",
    "amazon-order-list",
    "amazon-stock-list",
    "amazon-store-order-list",
    "amazon-log-list",
)
ACCOUNT_PAGES = ("amazon-status", "amazon-account-progress")


@pytest.fixture(scope="module")
def upgraded(
    running_emulator: Emulator,
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[None]:
    """Make an installation of the earlier version and upgrade it, once for all."""
    running_emulator.control("reset")
    folder: Path = tmp_path_factory.mktemp("upgrade")
    with django_db_blocker.unblock(), scratch_database(folder):
        before.install(migrate(START), running_emulator)
        migrate()
        yield


@pytest.fixture
def account(
    upgraded: None, running_emulator: Emulator, settings: Settings
) -> AmazonAccount:
    """Give the account that was upgraded; it can call the emulator.

    Not by the usual fixture: a reset would take back the consent of before.
    """
    for name, value in running_emulator.settings().items():
        setattr(settings, name, value)
    return AmazonAccount.objects.get()


def ended(account: AmazonAccount, kind: str) -> SyncJob:
    """Run the account's job, which must end well; return it as it stands then."""
    run = runner.run_kind(account, kind)
    assert run is not None
    assert (run.state, run.code) == (SyncRun.State.DONE, "")
    return SyncJob.objects.get(account=account, kind=kind)


@pytest.mark.parametrize("page", [*PAGES, *ACCOUNT_PAGES])
def test_page_shows_what_was_there(account: AmazonAccount, page: str) -> None:
    client = signed_in(get_user_model().objects.get())
    args = [account.pk] if page in ACCOUNT_PAGES else []

    assert client.get(reverse(page, args=args)).status_code == 200


def test_reasons_are_read_as_they_were_written(account: AmazonAccount) -> None:
    order, listing = (
        StoreOrder.objects.get(),
        Listing.objects.get(seller_sku=before.SKU),
    )

    (preview,) = order.why.previews
    assert (order.why.reason, order.why.refused) == (before.REASON, (before.REASON,))
    assert (preview.asked_at, preview.said) == (before.DAY_AGO, "No.")
    assert listing.desired_why == before.DESIRED_WHY


def test_latency_keeps_its_counts(account: AmazonAccount) -> None:
    found = distributions(account, before.NOW).day[LatencyStep(before.STEP)]

    assert found[: len(before.BINS)] == before.BINS
    assert sum(found) == sum(before.BINS)


@pytest.mark.parametrize("kind", [Kind.LISTINGS, Kind.FBA_STOCK, Kind.MCF_ORDERS])
def test_job_goes_on_at_its_cursor(account: AmazonAccount, kind: str) -> None:
    assert ended(account, kind).progress["rows"] >= before.PROGRESS["rows"]


def test_sweep_ends_the_pass_that_was_open(account: AmazonAccount) -> None:
    stands = read_cursor(ended(account, Kind.ORDER_SWEEP).cursor)

    assert (stands.under_way, stands.low_water) == (None, before.EDGE)


def test_order_that_waited_is_fetched(account: AmazonAccount) -> None:
    ended(account, Kind.ORDER_FETCH)

    # The one that was there; others came by the sweep.
    assert Order.objects.earliest("pk").completed_at is not None
