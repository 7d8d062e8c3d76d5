"""What Amazon refuses (403) blocks a job only where a probe finds the role missing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from channels_amazon.emulator.model.roles import AMAZON_FULFILLMENT, PRODUCT_LISTING
from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AmazonAccount,
    Credential,
    DiagnosticEntry,
    Permission,
    SyncJob,
    SyncRun,
)
from channels_amazon.services.accounts import access_denial
from channels_amazon.services.accounts.permission_probes import probe
from channels_amazon.services.accounts.permissions import missing_code
from channels_amazon.services.amazon_client.factory import client_for
from channels_amazon.sync.runtime import runner
from tests.amazon_proxy import AmazonProxy, Spoiler, answers, html, refusal
from tests.builders import make_account, make_job
from tests.sync.running import run_through

pytestmark = pytest.mark.django_db

Kind = SyncJob.Kind
Name = Permission.Name
State = Permission.State
DENIED = refusal(403, "Unauthorized", "Access to requested resource is denied.")
FBA_MISSING = missing_code(Name.FULFILLMENT_INVENTORY)


@pytest.fixture
def account(amazon_proxy: AmazonProxy, emulator: Emulator) -> AmazonAccount:
    """Give an account all of whose calls pass the proxy."""
    return make_account(emulator=emulator)


def run(account: AmazonAccount, kind: str) -> tuple[SyncJob, SyncRun]:
    """Run the job; return both rows."""
    made = runner.run_kind(account, kind)
    assert made is not None
    return SyncJob.objects.get(account=account, kind=kind), made


def states(account: AmazonAccount) -> dict[str, str]:
    """Return the state of each permission that a probe said something of."""
    rows = Permission.objects.filter(participation__account=account)
    return dict(rows.values_list("name", "state"))


def grant(emulator: Emulator, *roles: str) -> None:
    """Add the roles to the application, and authorise it again."""
    emulator.control("roles", add=list(roles))
    Credential.objects.update(refresh_token=emulator.refresh_token("na"))
    emulator.control("expire_tokens")


@pytest.mark.parametrize(
    ("kind", "operation"),
    [
        (Kind.LISTINGS, "searchListingsItems"),
        (Kind.FBA_STOCK, "getInventorySummaries"),
        (Kind.PARTICIPATIONS, "getMarketplaceParticipations"),
    ],
)
def test_refusals_of_an_operation_alone_block_nothing(
    account: AmazonAccount, amazon_proxy: AmazonProxy, kind: str, operation: str
) -> None:
    # The probe of FBA stock asks by SKU.
    amazon_proxy.spoil(
        operation, DENIED, where=lambda asked: "sellerSkus" not in asked.query
    )

    for _ in range(3):
        job, made = run(account, kind)
        assert (made.state, made.code) == ("failed", "amazon.access_denied")
        assert job.blocked_code == ""
        assert job.due_at <= timezone.now() + timedelta(minutes=1)
    assert State.MISSING not in states(account).values()
    entry = DiagnosticEntry.objects.filter(code="amazon.access_denied").get()
    assert "Access to requested resource is denied" in entry.message

    amazon_proxy.mend()
    job, made = run(account, kind)
    assert (made.state, job.attempts) == ("done", 0)


def test_missing_role_blocks_after_a_probe_that_jobs_share(
    account: AmazonAccount, amazon_proxy: AmazonProxy, emulator: Emulator
) -> None:
    emulator.control("roles", remove=[AMAZON_FULFILLMENT, PRODUCT_LISTING])

    for kind in (Kind.FBA_STOCK, Kind.FBA_STOCK):
        job, made = run(account, kind)
        assert (made.state, job.blocked_code) == ("blocked", FBA_MISSING)

    assert amazon_proxy.count("getFulfillmentOrder") == 2
    assert not amazon_proxy.count("getOrder")
    assert DiagnosticEntry.objects.filter(code=FBA_MISSING).exists()
    assert states(account) == {Name.FULFILLMENT_INVENTORY: State.MISSING}


def test_blocked_jobs_go_on_when_a_probe_is_answered(
    account: AmazonAccount, emulator: Emulator
) -> None:
    emulator.control("roles", remove=[AMAZON_FULFILLMENT, PRODUCT_LISTING])
    run(account, Kind.FBA_STOCK)
    permissions, _made = run(account, Kind.PERMISSIONS)
    assert permissions.due_at <= timezone.now() + timedelta(minutes=5)

    grant(emulator, AMAZON_FULFILLMENT, PRODUCT_LISTING)
    run(account, Kind.PERMISSIONS)

    job = SyncJob.objects.get(kind=Kind.FBA_STOCK)
    assert (job.blocked_code, job.attempts) == ("", 0)
    assert job.due_at <= timezone.now()
    assert set(states(account).values()) == {State.GRANTED}


def test_job_that_works_again_frees_the_others(
    account: AmazonAccount, emulator: Emulator
) -> None:
    code = {"blocked_code": FBA_MISSING, "blocked_message": "Refused."}
    make_job(account, kind=Kind.FBA_STOCK, **code)
    make_job(account, kind=Kind.MCF_ORDERS, **code)
    make_job(account, kind=Kind.STOCK_PUSH, blocked_code="store.plan")

    run_through(account, Kind.FBA_STOCK)

    codes = dict(SyncJob.objects.values_list("kind", "blocked_code"))
    assert codes[Kind.FBA_STOCK] == codes[Kind.MCF_ORDERS] == ""
    assert codes[Kind.STOCK_PUSH] == "store.plan"


def test_secret_that_works_again_frees_every_job_it_had_blocked(
    account: AmazonAccount,
) -> None:
    for kind in (Kind.PARTICIPATIONS, Kind.LISTINGS, Kind.STOCK_PUSH):
        make_job(account, kind=kind, blocked_code="client.secret_invalid")

    run(account, Kind.PARTICIPATIONS)

    assert not SyncJob.objects.exclude(blocked_code="").exists()


def test_blocked_job_with_nothing_to_do_proves_nothing_of_others(
    account: AmazonAccount,
) -> None:
    for kind in (Kind.ORDER_FETCH, Kind.SHIPMENTS):
        make_job(account, kind=kind, blocked_code="client.secret_invalid")

    run(account, Kind.ORDER_FETCH)

    blocked = SyncJob.objects.exclude(blocked_code="")
    # Not even of itself: it has asked Amazon nothing.
    assert {job.kind for job in blocked} == {Kind.ORDER_FETCH, Kind.SHIPMENTS}


def test_run_that_waits_for_quota_frees_nothing_and_forgets_no_failure(
    account: AmazonAccount, amazon_proxy: AmazonProxy
) -> None:
    make_job(account, kind=Kind.FBA_STOCK, blocked_code=FBA_MISSING, attempts=2)
    amazon_proxy.spoil("getInventorySummaries", refusal(429, "QuotaExceeded"))

    job, made = run(account, Kind.FBA_STOCK)

    assert made.state == "waiting"
    assert (job.blocked_code, job.attempts) == (FBA_MISSING, 2)


UNPROVEN: dict[str, Spoiler] = {
    "unknown path": answers(403, {"message": "Missing Authentication Token"}),
    "unknown path, enveloped": refusal(403, "MissingAuthenticationToken"),
    "page": html(403),
    "empty": answers(403),
    "firewall": answers(403, {"message": "Forbidden"}),
    "not found, without a word": answers(404),
    "broken token": answers(
        403,
        {
            "errors": [
                {
                    "code": "Unauthorized",
                    "message": "Access to requested resource is denied.",
                    "details": "The access token you provided has expired.",
                }
            ]
        },
    ),
}


@pytest.mark.parametrize("name", UNPROVEN)
def test_what_amazon_did_not_judge_proves_no_permission(
    account: AmazonAccount, amazon_proxy: AmazonProxy, name: str
) -> None:
    amazon_proxy.spoil("searchListingsItems", DENIED)
    amazon_proxy.spoil("searchCatalogItems", UNPROVEN[name])

    job, made = run(account, Kind.LISTINGS)

    assert (made.state, job.blocked_code) == ("failed", "")
    assert states(account).get(Name.CATALOG_ITEMS) in {None, State.UNKNOWN}


@pytest.mark.parametrize("name", ["unknown path", "empty", "broken token"])
def test_probe_calls_what_is_not_amazons_answer_not_known(
    account: AmazonAccount, amazon_proxy: AmazonProxy, name: str
) -> None:
    amazon_proxy.spoil("*", UNPROVEN[name])

    run(account, Kind.PERMISSIONS)

    assert set(states(account).values()) == {State.UNKNOWN}
    amazon_proxy.mend()
    run(account, Kind.PERMISSIONS)
    assert set(states(account).values()) == {State.GRANTED}


def test_probe_of_one_permission_costs_one_call_each_way(
    account: AmazonAccount, amazon_proxy: AmazonProxy
) -> None:
    client = client_for(account)
    found = [
        access_denial.look_into(account, client, Name.CATALOG_ITEMS) for _ in range(5)
    ]

    assert found == [State.GRANTED] * 5
    assert amazon_proxy.count("searchCatalogItems") == 1
    sites = [site.marketplace_id for site in account.participations.all()]
    assert {one.name for one in probe(client, sites, (Name.ORDERS,))} == {Name.ORDERS}
