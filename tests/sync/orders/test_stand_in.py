"""Where Amazon refuses to list orders, reports bring them until it lists them again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from channels_amazon.emulator.model.roles import D2C_SHIPPING, INVENTORY
from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AmazonAccount,
    DiagnosticEntry,
    Order,
    OrderReport,
    SyncJob,
    SyncRun,
)
from channels_amazon.services.health.attention import read_attention
from channels_amazon.services.orders.refused_search import CODE, REFUSED, refused_since
from channels_amazon.spapi.operations import SEARCH_ORDERS
from channels_amazon.sync.orders import sweep
from channels_amazon.sync.orders.stand_in import NEWEST_SHOWN
from channels_amazon.sync.orders.sweep_cursor import SweepCursor, read_cursor
from channels_amazon.sync.runtime import runner
from channels_amazon.views.operations.open_issues import open_problems
from tests.amazon_proxy import AmazonProxy, refusal
from tests.builders import make_account
from tests.health.faults import codes, report_of
from tests.sync.order_reports.scene import bring
from tests.sync.running import run_through

pytestmark = pytest.mark.django_db

Kind = SyncJob.Kind
State = SyncRun.State
US = "ATVPDKIKX0DER"
DENIED = refusal(403, "Unauthorized", "Access to requested resource is denied.")


@pytest.fixture
def account(amazon_proxy: AmazonProxy, emulator: Emulator) -> AmazonAccount:
    """Give an account all of whose calls pass the proxy, its first pull done."""
    row = make_account(emulator=emulator)
    run_through(row, Kind.ORDER_SWEEP)
    return row


def sweep_once(account: AmazonAccount) -> tuple[SyncJob, SyncRun]:
    """Run the sweep; return both rows."""
    made = runner.run_kind(account, Kind.ORDER_SWEEP)
    assert made is not None
    return SyncJob.objects.get(account=account, kind=Kind.ORDER_SWEEP), made


def cursor(account: AmazonAccount) -> SweepCursor:
    """Return where the sweep stands."""
    job = SyncJob.objects.get(account=account, kind=Kind.ORDER_SWEEP)
    return read_cursor(job.cursor)


def test_report_stands_in_for_refused_pages_and_ends_with_the_refusal(
    account: AmazonAccount, amazon_proxy: AmazonProxy, emulator: Emulator
) -> None:
    before = cursor(account).low_water
    assert before is not None
    (order_id,) = emulator.place_orders(1, marketplace_id=US, fulfilled_by="MERCHANT")
    shown_by_now = timezone.now() - NEWEST_SHOWN - timedelta(seconds=30)
    emulator.state.orders[order_id].updated_at = shown_by_now
    amazon_proxy.spoil(SEARCH_ORDERS, DENIED)

    job, made = sweep_once(account)

    assert (made.state, made.message, job.blocked_code) == ("done", REFUSED, "")
    assert job.due_at <= timezone.now() + 2 * sweep.WITHOUT_EVENTS
    assert DiagnosticEntry.objects.filter(code=CODE).count() == 1
    assert cursor(account).low_water == before

    report = OrderReport.objects.get(purpose="sweep")
    bring(emulator, account, report)
    assert report.state == OrderReport.State.READ
    assert report.starts_at == before - sweep.OVERLAP
    # A report shows no change that a page would not.
    assert report.ends_at <= report.wanted_at - NEWEST_SHOWN
    assert Order.objects.filter(amazon_order_id=order_id).exists()
    sweep_once(account)
    assert cursor(account).low_water == report.ends_at > before
    # What a report brings in the sweep's place was not missing by anybody's fault.
    assert not DiagnosticEntry.objects.filter(code="orders.gap").exists()
    assert DiagnosticEntry.objects.filter(code=CODE).count() == 1

    amazon_proxy.mend()
    _job, made = sweep_once(account)
    assert (made.state, made.message) == ("done", "")
    assert cursor(account).refused_since is None
    assert DiagnosticEntry.objects.filter(code="orders.search_works").count() == 1


def test_refusal_is_on_the_overview_and_in_the_health_report(
    account: AmazonAccount, amazon_proxy: AmazonProxy
) -> None:
    amazon_proxy.spoil(SEARCH_ORDERS, DENIED)
    sweep_once(account)

    assert account.pk in refused_since([account])
    rows = read_attention([account], timezone.now())
    texts = [problem.text for problem in open_problems(rows.attention(), rows)]
    assert any("refuses to list orders" in text for text in texts)
    amazon_proxy.forget()
    assert CODE in codes(report_of(account))
    assert not amazon_proxy.count(SEARCH_ORDERS)


def test_first_pull_that_is_refused_comes_by_report(
    amazon_proxy: AmazonProxy, emulator: Emulator
) -> None:
    account = make_account(emulator=emulator)
    amazon_proxy.spoil(SEARCH_ORDERS, DENIED)

    _job, made = sweep_once(account)

    assert made.state == State.DONE
    report = OrderReport.objects.get()
    assert report.purpose == "first_pull"
    assert report.ends_at - report.starts_at > timedelta(days=29)


def test_missing_role_asks_for_no_report(
    account: AmazonAccount, emulator: Emulator
) -> None:
    emulator.control("roles", only=["Pricing"])
    emulator.control("faults", match="searchOrders", kind="forbidden")

    job, made = sweep_once(account)

    assert (made.state, job.blocked_code) == ("blocked", "permission.orders_missing")
    assert not OrderReport.objects.exists()
    assert {INVENTORY, D2C_SHIPPING}.isdisjoint(emulator.state.application.roles)
