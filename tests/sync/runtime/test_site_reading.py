"""A pass that does not get on fails, and everything else goes on.

Each reader is tried with each way in which Amazon's pages may go round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import chain, count, cycle, repeat

import pytest
from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AmazonAccount,
    ApiCall,
    DiagnosticEntry,
    FbaStock,
    Offer,
    QuotaBucket,
    ReadingIssue,
    SyncJob,
    SyncRun,
)
from channels_amazon.services.jobs.backoff import LONGEST_OF_JOB
from channels_amazon.sync.runtime import runner
from channels_amazon.sync.runtime.page_trail import MOST_EMPTY, MOST_RESTARTS
from tests.amazon_proxy import AmazonProxy, Asked, Spoiler, refusal
from tests.builders import make_account, make_participation
from tests.going_round import going_round, never_ending
from tests.sync.running import run_through

pytestmark = pytest.mark.django_db

Kind = SyncJob.Kind
State = SyncRun.State
# In the order in which they are read.
DE, FR, GB = "A1PA6795UKMFR9", "A13V1IB3VIYZZH", "A1F83G8C2ARO7P"
OPERATIONS: dict[str, str] = {
    Kind.LISTINGS: "searchListingsItems",
    Kind.FBA_STOCK: "getInventorySummaries",
    Kind.ORDER_SWEEP: "searchOrders",
}
BY_SITE = (Kind.LISTINGS, Kind.FBA_STOCK)
# The dearest is a first page and a refused one for each attempt; of listings a second
# window is opened before.
MOST_CALLS = 2 * (MOST_RESTARTS + 2)


def new_tokens() -> Iterator[str]:
    """Yield tokens, each another one."""
    return (f"token {number}" for number in count())


FAULTS: dict[str, Callable[[], Spoiler]] = {
    "refused for ever": lambda: never_ending(new_tokens()),
    "the same token": lambda: going_round(repeat("again")),
    "a ring": lambda: going_round(cycle(["A", "B"])),
    "a ring after a while": lambda: going_round(chain(["1"], cycle(["A", "B"]))),
    "the same rows": lambda: going_round(new_tokens()),
    "empty pages": lambda: going_round(new_tokens(), is_empty=True),
}


@pytest.fixture
def account(emulator: Emulator, amazon_proxy: AmazonProxy) -> AmazonAccount:
    """Give a European account with three marketplaces, whose listings are one age."""
    made: AmazonAccount = make_account(
        emulator=emulator, region="eu", marketplaces=False
    )
    for site in (DE, FR, GB):
        make_participation(made, marketplace_id=site)
    # No window leads past a page that is refused.
    now = emulator.state.now() - timedelta(days=1)
    for listing in emulator.state.listings.values():
        listing.updated_at = now
    return made


def in_germany(asked: Asked) -> bool:
    """Tell whether a request is about the first marketplace, or about all."""
    return asked.query.get("marketplaceIds", DE) == DE


def spoil(proxy: AmazonProxy, kind: str, spoiler: Spoiler, **over: int) -> None:
    """Spoil a reader's pages of the first marketplace."""
    times = over.get("times")
    proxy.spoil(OPERATIONS[kind], spoiler, times=times, where=in_germany)


def job_of(account: AmazonAccount, kind: str) -> SyncJob:
    """Return the account's job."""
    job: SyncJob = SyncJob.objects.get(account=account, kind=kind)
    return job


def let_rest(kind: str) -> None:
    """Let the time pass after which the reader tries again."""
    ReadingIssue.objects.filter(kind=kind).update(retry_at=timezone.now())


def grown_in(kind: str, calls: int) -> timedelta:
    """Return in how long the reader's quota of so many calls grows back."""
    rate = QuotaBucket.objects.get(operation=OPERATIONS[kind]).rate
    return timedelta(seconds=calls / rate)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("kind", OPERATIONS)
def test_pages_that_go_round_fail_the_job(
    amazon_proxy: AmazonProxy, account: AmazonAccount, kind: str, fault: str
) -> None:
    spoil(amazon_proxy, kind, FAULTS[fault]())

    made = run_through(account, kind)

    assert (made.state, made.code) == (State.FAILED, "sync.no_progress")
    asked = [one for one in amazon_proxy.asked if one.operation == OPERATIONS[kind]]
    calls = len([one for one in asked if in_germany(one)])
    assert 2 <= calls <= MOST_CALLS
    issue = ReadingIssue.objects.get()
    # What each call took of the quota grows back before the next try.
    rest = max(timedelta(minutes=1), grown_in(kind, calls))
    assert issue.retry_at - issue.last_at == rest
    wait = job_of(account, kind).due_at - timezone.now()
    longest = min(rest, LONGEST_OF_JOB)
    assert longest - timedelta(seconds=10) < wait <= longest
    ids = ApiCall.objects.values_list("request_id", flat=True)
    assert issue.request_ids
    assert set(issue.request_ids) <= set(ids)
    entry = DiagnosticEntry.objects.get(code="sync.no_progress")
    assert entry.request_id in issue.request_ids
    assert issue.reason in entry.message


@pytest.mark.parametrize("fault", FAULTS)
def test_listings_of_the_other_marketplaces_are_read(
    amazon_proxy: AmazonProxy, account: AmazonAccount, fault: str
) -> None:
    spoil(amazon_proxy, Kind.LISTINGS, FAULTS[fault]())

    run_through(account, Kind.LISTINGS)

    read = set(Offer.objects.values_list("marketplace_id", flat=True))
    assert {FR, GB} <= read
    assert set(job_of(account, Kind.LISTINGS).cursor["done"]) == {FR, GB}
    # What was not read is not gone.
    assert not Offer.objects.filter(marketplace_id=DE, is_discoverable=False).exists()


@pytest.mark.parametrize("fault", FAULTS)
def test_fba_units_of_the_other_pools_are_read(
    amazon_proxy: AmazonProxy, account: AmazonAccount, fault: str
) -> None:
    run_through(account, Kind.FBA_STOCK)
    before = dict(FbaStock.objects.filter(pool="EU").values_list("pk", "total"))
    FbaStock.objects.filter(pool="UK").update(total=0)
    spoil(amazon_proxy, Kind.FBA_STOCK, FAULTS[fault]())

    run_through(account, Kind.FBA_STOCK)

    assert FbaStock.objects.filter(pool="UK", total__gt=0).exists()
    # FR shows the pool too, DE might show more of it: nothing is emptied.
    assert dict(FbaStock.objects.filter(pool="EU").values_list("pk", "total")) == before


@pytest.mark.parametrize("kind", OPERATIONS)
def test_reader_rests_and_then_tries_again(
    amazon_proxy: AmazonProxy, account: AmazonAccount, kind: str
) -> None:
    spoil(amazon_proxy, kind, FAULTS["the same token"]())
    run_through(account, kind)
    amazon_proxy.forget()

    # Woken before its time, it does not ask.
    made = run_through(account, kind)
    assert (made.state, made.code) == (State.FAILED, "sync.no_progress")
    assert not [one for one in amazon_proxy.asked if in_germany(one) and one.operation]

    waits = []
    for _ in range(6):
        let_rest(kind)
        run_through(account, kind)
        wait = job_of(account, kind).due_at - timezone.now()
        waits.append(round(wait.total_seconds() / 60))
    # Two pages of a search of orders have grown back in six minutes.
    first = [6, 6, 8] if kind == Kind.ORDER_SWEEP else [2, 4, 8]
    assert waits == [*first, 15, 15, 15]
    # Said once, however often it is tried.
    assert DiagnosticEntry.objects.filter(code="sync.no_progress").count() == 1


@pytest.mark.parametrize("kind", OPERATIONS)
def test_success_takes_it_back(
    amazon_proxy: AmazonProxy, account: AmazonAccount, kind: str
) -> None:
    spoil(amazon_proxy, kind, FAULTS["the same token"]())
    run_through(account, kind)
    amazon_proxy.mend()
    let_rest(kind)

    made = run_through(account, kind)

    assert (made.state, made.code) == (State.DONE, "")
    assert not ReadingIssue.objects.exists()
    assert job_of(account, kind).first_done_at is not None
    newest = DiagnosticEntry.objects.filter(code="sync.no_progress").first()
    assert newest is not None
    assert newest.level == DiagnosticEntry.Level.INFO


@pytest.mark.parametrize("kind", OPERATIONS)
def test_one_refused_token_now_and_then_begins_anew(
    amazon_proxy: AmazonProxy, account: AmazonAccount, kind: str
) -> None:
    spoil(amazon_proxy, kind, FAULTS["refused for ever"](), times=2 * MOST_RESTARTS)

    made = run_through(account, kind)

    assert made.state == State.DONE
    assert not ReadingIssue.objects.exists()
    assert not DiagnosticEntry.objects.filter(code="sync.no_progress").exists()


@pytest.mark.parametrize("kind", OPERATIONS)
def test_standstill_is_seen_over_runs_of_one_page(
    amazon_proxy: AmazonProxy,
    account: AmazonAccount,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    monkeypatch.setattr(runner, "SLICE", timedelta(0))
    spoil(amazon_proxy, kind, going_round(new_tokens(), is_empty=True))

    made = run_through(account, kind)

    assert made.code == "sync.no_progress"
    asked = [one for one in amazon_proxy.asked if one.operation == OPERATIONS[kind]]
    # A page is asked for again where the quota was not there yet.
    pages = {one.path for one in asked if in_germany(one)}
    assert len(pages) == MOST_EMPTY + 1


def test_sites_read_are_not_read_again_with_the_one_that_is_not(
    amazon_proxy: AmazonProxy, account: AmazonAccount
) -> None:
    spoil(amazon_proxy, Kind.LISTINGS, FAULTS["the same token"]())
    run_through(account, Kind.LISTINGS)
    amazon_proxy.forget()
    let_rest(Kind.LISTINGS)

    run_through(account, Kind.LISTINGS)

    asked = [one.query.get("marketplaceIds") for one in amazon_proxy.asked]
    assert set(filter(None, asked)) == {DE}


def test_sites_read_are_read_again_when_they_are_due(
    amazon_proxy: AmazonProxy, account: AmazonAccount
) -> None:
    spoil(amazon_proxy, Kind.LISTINGS, FAULTS["the same token"]())
    run_through(account, Kind.LISTINGS)
    job = job_of(account, Kind.LISTINGS)
    long_ago = (timezone.now() - timedelta(hours=6)).isoformat()
    SyncJob.objects.filter(pk=job.pk).update(
        cursor={**job.cursor, "pass_began": long_ago}
    )
    amazon_proxy.forget()

    run_through(account, Kind.LISTINGS)

    asked = [one.query.get("marketplaceIds") for one in amazon_proxy.asked]
    assert set(filter(None, asked)) == {FR, GB}


def test_issue_of_a_marketplace_that_is_left_out_ends(
    amazon_proxy: AmazonProxy, account: AmazonAccount
) -> None:
    spoil(amazon_proxy, Kind.FBA_STOCK, FAULTS["the same token"]())
    run_through(account, Kind.FBA_STOCK)
    account.participations.filter(marketplace_id=DE).update(is_selected=False)

    assert run_through(account, Kind.FBA_STOCK).state == State.DONE
    assert not ReadingIssue.objects.exists()


# -- What Amazon says of the account --------------------------------------------------

NO_FBA = "Invalid request, please check your input."


@pytest.mark.parametrize("kind", BY_SITE)
def test_lasting_refusal_is_a_fact_and_the_job_is_done(
    amazon_proxy: AmazonProxy, account: AmazonAccount, kind: str
) -> None:
    spoil(amazon_proxy, kind, refusal(400, "InvalidInput", NO_FBA))

    made = run_through(account, kind)

    assert (made.state, made.code) == (State.DONE, "")
    assert job_of(account, kind).first_done_at is not None
    issue = ReadingIssue.objects.get()
    assert (issue.cause, issue.marketplace_id, issue.reason) == ("refused", DE, NO_FBA)
    assert issue.request_ids == [one for one in issue.request_ids if one]
    asked = [one.query.get("marketplaceIds") for one in amazon_proxy.asked]
    # The request, and the least there is; the other marketplaces went on.
    assert asked.count(DE) == 2
    assert {FR, GB} <= set(asked)


@pytest.mark.parametrize("kind", BY_SITE)
def test_fact_is_asked_again_once_a_day_and_taken_back(
    amazon_proxy: AmazonProxy, account: AmazonAccount, kind: str
) -> None:
    spoil(amazon_proxy, kind, refusal(400, "InvalidInput", NO_FBA))
    run_through(account, kind)
    amazon_proxy.mend()
    amazon_proxy.forget()

    assert run_through(account, kind).state == State.DONE
    assert DE not in {one.query.get("marketplaceIds") for one in amazon_proxy.asked}

    let_rest(kind)
    assert run_through(account, kind).state == State.DONE
    assert not ReadingIssue.objects.exists()
    assert DE in {one.query.get("marketplaceIds") for one in amazon_proxy.asked}


def test_account_that_is_refused_everywhere_ends_its_first_pull(
    amazon_proxy: AmazonProxy, account: AmazonAccount
) -> None:
    amazon_proxy.spoil("getInventorySummaries", refusal(400, "InvalidInput", NO_FBA))

    assert run_through(account, Kind.FBA_STOCK).state == State.DONE

    assert job_of(account, Kind.FBA_STOCK).first_done_at is not None
    assert ReadingIssue.objects.filter(cause="refused").count() == 3


def test_request_that_alone_is_refused_is_our_fault_and_no_fact(
    amazon_proxy: AmazonProxy, account: AmazonAccount
) -> None:
    amazon_proxy.spoil(
        "getInventorySummaries",
        refusal(400, "InvalidInput", "details must not be true."),
        where=lambda asked: asked.query["details"] == "true" and in_germany(asked),
    )

    made = run_through(account, Kind.FBA_STOCK)

    assert (made.state, made.code) == (State.FAILED, "amazon.invalid_request")
    assert "details must not be true" in made.message
    assert ReadingIssue.objects.get().cause == "faulty"
    assert FbaStock.objects.filter(pool="UK", total__gt=0).exists()


@pytest.mark.parametrize("status", [413, 503])
def test_other_refusals_say_nothing_of_the_account(
    amazon_proxy: AmazonProxy, account: AmazonAccount, status: int
) -> None:
    spoil(amazon_proxy, Kind.FBA_STOCK, refusal(status, "InvalidInput"))

    assert run_through(account, Kind.FBA_STOCK).state == State.FAILED

    assert not ReadingIssue.objects.exists()


def test_units_are_not_emptied_where_amazon_refuses_a_whole_pool(
    amazon_proxy: AmazonProxy, account: AmazonAccount
) -> None:
    run_through(account, Kind.FBA_STOCK)
    before = set(FbaStock.objects.values_list("pk", "total"))
    amazon_proxy.spoil("getInventorySummaries", refusal(400, "InvalidInput", NO_FBA))

    run_through(account, Kind.FBA_STOCK)

    assert set(FbaStock.objects.values_list("pk", "total")) == before
