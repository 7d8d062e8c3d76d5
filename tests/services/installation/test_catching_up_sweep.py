"""An account whose order sweep was stopped is read before its quantities rise."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    PUSH_HELD,
    AmazonAccount,
    DiagnosticEntry,
    Installation,
    Listing,
    OrderReport,
    PushState,
    SyncJob,
    SyncRun,
)
from channels_amazon.services.installation import catching_up, guard
from channels_amazon.services.jobs import lifecycle
from channels_amazon.spapi.operations import SEARCH_ORDERS
from channels_amazon.sync.orders import stand_in
from channels_amazon.sync.orders.sweep_cursor import SweepCursor
from channels_amazon.sync.runtime import runner
from tests.amazon_proxy import AmazonProxy, refusal
from tests.builders import make_account, make_user
from tests.health.faults import codes, report_of
from tests.services.installation.unread import (
    begin_behind,
    get_orders,
    lack_orders,
    let_pass,
    lose,
    make_read,
    read_to,
    regain,
    shown,
)
from tests.sync.running import run_through
from tests.sync.stock.scene import count, merchant_listings, theirs
from tests.views.scene import signed_in

pytestmark = pytest.mark.django_db

Kind = SyncJob.Kind
HOUR = timedelta(hours=1)


@pytest.fixture
def account(emulator: Emulator) -> AmazonAccount:
    """Give an account that was read up to an hour ago."""
    return make_read(emulator)


def sweep_job(account: AmazonAccount) -> SyncJob:
    """Return the account's sweep as it is now."""
    return SyncJob.objects.get(account=account, kind=Kind.ORDER_SWEEP)


def swept(account: AmazonAccount) -> AmazonAccount:
    """Run the sweep once; return the account as it is then."""
    assert run_through(account, Kind.ORDER_SWEEP).state == SyncRun.State.DONE
    account.refresh_from_db()
    return account


def hold(account: AmazonAccount) -> Listing:
    """Let a quantity of the account be held."""
    (listing,) = merchant_listings(account, 1)
    count(listing, 70)
    Listing.objects.filter(pk=listing.pk).update(
        push_code=PUSH_HELD, push_after=timezone.now() + HOUR
    )
    return shown(listing)


@pytest.mark.parametrize(("stop", "free"), [(lose, regain), (lack_orders, get_orders)])
def test_stopped_account_is_read_before_it_raises(
    emulator: Emulator,
    account: AmazonAccount,
    stop: Callable[[AmazonAccount], None],
    free: Callable[[AmazonAccount], None],
) -> None:
    up, down = merchant_listings(account, 2)
    for listing in (up, down):
        theirs(emulator, listing).quantity = 10
    stop(account)
    assert catching_up.is_behind(account)
    free(account)
    count(up, 70)
    count(down, 3)
    run_through(account, Kind.STOCK_PUSH)
    assert theirs(emulator, up).quantity == 10
    assert theirs(emulator, down).quantity == 3
    assert shown(up).push_state == PushState.HELD
    assert "installation.behind" in codes(report_of(account))

    # Amazon's search does not show that moment yet: the sweep comes again when it does.
    freed_at = swept(account).behind_at
    assert freed_at is not None
    due_at = freed_at + stand_in.NEWEST_SHOWN + timedelta(seconds=5)
    # The account's slot of a sweep without events may come sooner.
    assert sweep_job(account).due_at < due_at
    let_pass(account, due_at - timezone.now())

    assert swept(account).behind_at is None
    assert shown(up).push_state == PushState.WAITING
    run_through(account, Kind.STOCK_PUSH)
    assert theirs(emulator, up).quantity == 70


def test_account_that_never_was_stopped_is_not_behind(account: AmazonAccount) -> None:
    lifecycle.unblock(account)
    account.refresh_from_db()
    assert account.behind_at is None
    assert not catching_up.is_behind(account)


def test_sweep_freed_by_its_hourly_retry_is_read_up_to_then(
    account: AmazonAccount,
) -> None:
    """What was sold while it was stopped must be read, not only what was before."""
    lack_orders(account)
    let_pass(account, HOUR)
    began = timezone.now()

    assert sweep_job(account).blocked_code
    freed_at = swept(account).behind_at

    assert not sweep_job(account).blocked_code
    assert freed_at is not None
    assert freed_at > began
    due_at = freed_at + stand_in.NEWEST_SHOWN + timedelta(seconds=5)
    assert sweep_job(account).due_at < due_at
    let_pass(account, due_at - timezone.now())
    assert swept(account).behind_at is None


def test_report_does_not_end_it_while_the_sweep_is_stopped(
    account: AmazonAccount,
) -> None:
    lack_orders(account)
    let_pass(account, HOUR)
    assert account.behind_at is not None
    OrderReport.objects.create(
        account=account,
        purpose=OrderReport.Purpose.DAILY,
        state=OrderReport.State.READ,
        starts_at=account.behind_at - 2 * HOUR,
        ends_at=account.behind_at + HOUR / 2,
    )
    assert catching_up.is_behind(account)


def test_later_mark_of_all_does_not_speak_for_a_stopped_account(
    account: AmazonAccount,
) -> None:
    """Nothing is being read of it: that it ends by itself would be untrue."""
    begin_behind(timedelta(minutes=5))
    assert catching_up.catch_ups([account])[account.pk].cause == "restored"
    lack_orders(account)
    begin_behind()

    late = catching_up.catch_ups([account])[account.pk]

    assert late.cause == "not_read"
    assert late.until <= timezone.now()
    page = signed_in(make_user(is_superuser=True)).get(reverse("amazon-overview"))
    assert "It ends by itself" not in page.content.decode()


def test_later_of_two_marks_counts(account: AmazonAccount) -> None:
    lack_orders(account)
    get_orders(account)
    freed_at = account.behind_at
    at = begin_behind()
    late = catching_up.catch_ups([account])[account.pk]
    assert (late.cause, late.until, late.since) == ("restored", at, at)
    begin_behind(HOUR / 2)
    late = catching_up.catch_ups([account])[account.pk]
    assert (late.cause, late.until) == ("not_read", freed_at)


@pytest.mark.parametrize(("stop", "free"), [(lose, regain), (lack_orders, get_orders)])
def test_account_that_cannot_be_read_does_not_keep_the_others_behind(
    account: AmazonAccount,
    stop: Callable[[AmazonAccount], None],
    free: Callable[[AmazonAccount], None],
) -> None:
    well = make_account(account.store, region="eu")
    read_to(well, timezone.now())
    stop(account)
    begin_behind(timedelta(minutes=1))

    assert catching_up.end_where_read()

    assert Installation.objects.get().behind_at is None
    guard.state()
    with CaptureQueriesContext(connection) as asked:
        assert not catching_up.is_behind(well)
    assert not asked.captured_queries
    entry = DiagnosticEntry.objects.get(code="installation.caught_up")
    assert "except those of accounts whose order sweep" in entry.message
    account.refresh_from_db()
    assert catching_up.is_behind(account)
    free(account)
    assert catching_up.is_behind(account)


def test_account_that_is_being_read_is_waited_for(account: AmazonAccount) -> None:
    lost = make_account(account.store, region="eu")
    read_to(lost, timezone.now() - HOUR)
    lose(lost)
    begin_behind()
    assert not catching_up.end_where_read()
    read_to(account, timezone.now())
    assert catching_up.end_where_read()
    lost.refresh_from_db()
    assert lost.behind_at is not None


def test_refused_pages_do_not_keep_what_a_report_has_read(
    amazon_proxy: AmazonProxy, account: AmazonAccount
) -> None:
    """The report that stood in moves the cursor, then the next page is refused."""
    listing = hold(account)
    at = begin_behind(timedelta(minutes=10))
    report = OrderReport.objects.create(
        account=account,
        purpose=OrderReport.Purpose.SWEEP,
        state=OrderReport.State.READ,
        starts_at=at - HOUR,
        ends_at=at + timedelta(minutes=1),
    )
    job = sweep_job(account)
    cursor = SweepCursor(
        low_water=at - HOUR / 2, stand_in=report.pk, refused_since=at - HOUR
    )
    job.cursor = dict(cursor.stored())
    job.save()
    amazon_proxy.spoil(SEARCH_ORDERS, refusal(403, "Unauthorized", "Access is denied."))

    made = runner.run_kind(account, Kind.ORDER_SWEEP)

    assert made is not None
    assert made.state == SyncRun.State.DONE
    assert not catching_up.is_behind(account)
    assert shown(listing).push_state == PushState.WAITING


def test_sweep_that_knows_an_older_mark_lets_nothing_go(account: AmazonAccount) -> None:
    lack_orders(account)
    get_orders(account)
    listing = hold(account)
    job_sees = AmazonAccount.objects.get(pk=account.pk)
    lack_orders(account)
    get_orders(account)
    read_to(account, timezone.now())
    assert job_sees.behind_at != account.behind_at

    AmazonAccount.objects.filter(pk=account.pk).update(
        behind_at=timezone.now() + timedelta(seconds=1)
    )
    catching_up.end_of(job_sees)

    account.refresh_from_db()
    assert account.behind_at is not None
    assert shown(listing).push_state == PushState.HELD


@pytest.mark.django_db(transaction=True)
def test_stop_and_mark_are_one_and_lock_the_account_first(
    account: AmazonAccount,
) -> None:
    job = sweep_job(account)
    seen: list[tuple[str, bool]] = []

    def note(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        if sql.startswith("UPDATE"):
            seen.append((sql.split('"')[1], connection.in_atomic_block))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        lifecycle.block(job, "permission.orders_missing", "Missing.")

    assert seen == [
        (AmazonAccount._meta.db_table, True),
        (SyncJob._meta.db_table, True),
    ]


def run_at_once(*steps: Callable[[], object]) -> list[BaseException]:
    """Run the steps in a thread each, all beginning together; return their errors."""
    start = Barrier(len(steps))
    faults: list[BaseException] = []

    def run(step: Callable[[], object]) -> None:
        try:
            start.wait()
            step()
        except BaseException as error:  # noqa: BLE001 - the test shows it
            faults.append(error)
        finally:
            connection.close()

    threads = [Thread(target=run, args=(step,)) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return faults


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_try", range(4))
def test_sweep_that_is_stopped_while_another_run_ends_is_behind(
    account: AmazonAccount, _try: int
) -> None:
    """Whichever comes first, a stopped sweep leaves its account marked."""
    lack_orders(account)
    get_orders(account)
    listing = hold(account)
    let_pass(account, HOUR)
    read_to(account, timezone.now())
    job, as_read = sweep_job(account), AmazonAccount.objects.get(pk=account.pk)

    faults = run_at_once(
        lambda: lifecycle.block(job, "permission.orders_missing", "Missing."),
        lambda: catching_up.end_of(as_read),
    )

    assert not faults
    account.refresh_from_db()
    assert sweep_job(account).blocked_code
    assert catching_up.is_behind(account)
    # It was let go by a run that saw the account read, or is held still.
    assert (as_read.behind_at is None) == (shown(listing).push_code == "")
