"""What fails before Amazon judged an item leaves the item alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AccessToken,
    AmazonAccount,
    DiagnosticEntry,
    FulfillmentOrder,
    Listing,
    Order,
    Shipment,
    StoreOrder,
    SyncJob,
    SyncRun,
)
from channels_amazon.services.amazon_client.authorization import note_accepted
from channels_amazon.services.amazon_client.factory import client_for
from channels_amazon.services.catalog.listings import link_by_sku
from channels_amazon.services.stock import ledger
from channels_amazon.spapi.errors import Evidence, ServiceUnavailable
from channels_amazon.sync.runtime import runner
from channels_amazon.sync.runtime.context import RunContext
from channels_amazon.sync.runtime.outage_detector import OutageDetector
from tests.amazon_proxy import AmazonProxy, Spoiler, answers, html, reset
from tests.builders import make_account, make_job, make_variant, make_warehouse
from tests.sync.mcf import scene as mcf
from tests.sync.orders.scene import sell
from tests.sync.running import run_through
from tests.sync.shipping import scene as shipping

pytestmark = pytest.mark.django_db

Kind = SyncJob.Kind

# Where it happens, and what comes instead of Amazon's answer.
FOREIGN: dict[str, tuple[str, Spoiler]] = {
    "portal at login": ("lwa.token", html()),
    "portal at login, 403": ("lwa.token", html(403)),
    "login without token": ("lwa.token", answers(200, {})),
    "login refuses": ("lwa.token", answers(403, {"error": "access_denied"})),
    "login down": ("lwa.token", reset()),
    "portal": ("*", html()),
    "portal, 403": ("*", html(403)),
    "portal, 404": ("*", html(404)),
    "redirect": ("*", answers(302, location="http://login.example/")),
    "no envelope, 401": ("*", answers(401)),
    "no envelope, 404": ("*", answers(404)),
    "unknown path": ("*", answers(403, {"message": "Missing Authentication Token"})),
    "reset": ("*", reset()),
}


def orders(emulator: Emulator) -> AmazonAccount:
    """Make five stale orders."""
    account = make_account(emulator=emulator)
    sell(emulator, account, 5)
    return account


def orders_wait() -> list[Any]:
    """Return what the orders were held up by."""
    late = Order.objects.exclude(fetch_after=None, fetch_attempts=0)
    return [*late, *Order.objects.exclude(quarantine_code="")]


def quantities(emulator: Emulator) -> AmazonAccount:
    """Make three quantities that are to be sent."""
    account = make_account(emulator=emulator)
    warehouse = make_warehouse(account.store)
    emulator.control("behaviour", accept_seconds=0)
    runner.run_kind(account, Kind.LISTINGS)
    rows = Listing.objects.filter(account=account, is_mfn=True, is_fba=False)
    for row in rows.order_by("seller_sku")[:3]:
        variant = make_variant(account.store, sku=row.seller_sku)
        link_by_sku(account, [row.seller_sku])
        ledger.set_on_hand(variant, warehouse, 70, actor="", key=row.seller_sku)
    return account


def quantities_wait() -> list[Any]:
    """Return the listings that were held up."""
    return list(Listing.objects.exclude(push_after=None, push_attempts=0, push_code=""))


def packages(emulator: Emulator) -> AmazonAccount:
    """Make two packages that are to be confirmed."""
    account = shipping.make_shipper(emulator)
    for _ in range(2):
        shipping.ship(shipping.place(emulator, account))
    return account


def packages_wait() -> list[Any]:
    """Return the packages that were held up or refused."""
    late = Shipment.objects.filter(next_attempt_at__gt=timezone.now())
    # One attempt may have arrived: the next looks. No more of them count.
    tried = Shipment.objects.filter(attempts__gt=1)
    return [*late, *tried, *Shipment.objects.filter(state=Shipment.State.REFUSED)]


def store_orders(emulator: Emulator) -> AmazonAccount:
    """Make orders of the store that FBA is to ship, one of them decided."""
    account = mcf.connect_shop(emulator)
    mcf.promised(account)
    mcf.ordered(account)
    return account


def store_orders_wait() -> list[Any]:
    """Return what was held up or refused."""
    now = timezone.now()
    return [
        *StoreOrder.objects.filter(decide_after__gt=now),
        *FulfillmentOrder.objects.filter(next_attempt_at__gt=now),
        *FulfillmentOrder.objects.filter(attempts__gt=1),
        *FulfillmentOrder.objects.filter(state=FulfillmentOrder.State.REFUSED),
    ]


Make = Callable[[Emulator], AmazonAccount]
Wait = Callable[[], list[Any]]
JOBS: dict[str, tuple[Make, Wait]] = {
    Kind.ORDER_FETCH: (orders, orders_wait),
    Kind.STOCK_PUSH: (quantities, quantities_wait),
    Kind.SHIPMENTS: (packages, packages_wait),
    Kind.MCF_ORDERS: (store_orders, store_orders_wait),
}


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("kind", JOBS)
def test_foreign_answer_holds_up_no_item(
    amazon_proxy: AmazonProxy,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    name: str,
) -> None:
    monkeypatch.setattr("channels_amazon.spapi.retry.MAX_ATTEMPTS", 1)
    make, waiting = JOBS[kind]
    account = make(emulator)
    AccessToken.objects.all().delete()
    amazon_proxy.spoil(FOREIGN[name][0], FOREIGN[name][1])

    made = [runner.run_kind(account, kind) for _ in range(3)]

    assert {one.state for one in made if one} == {SyncRun.State.FAILED}
    assert waiting() == []
    if "portal" in name or name == "redirect":
        assert {one.code for one in made if one} == {"network.captive_portal"}

    amazon_proxy.mend()
    assert run_through(account, kind).state == SyncRun.State.DONE
    job = SyncJob.objects.get(account=account, kind=kind)
    assert (job.attempts, job.blocked_code) == (0, "")


def test_item_that_needed_no_call_says_nothing_of_amazon() -> None:
    job = make_job(kind=Kind.STOCK_PUSH)
    now = timezone.now()
    ctx = RunContext(job.account, job, "", started_at=now, deadline=now)
    outage = OutageDetector(ctx)
    taken_back: list[str] = []
    error = ServiceUnavailable("Down.", Evidence("patchListingsItem", 503))

    outage.failed(error, lambda: taken_back.append("first"))
    outage.answered()

    with pytest.raises(ServiceUnavailable):
        outage.end()
    assert taken_back == ["first"]


def test_portal_in_front_of_a_report_keeps_the_report(
    amazon_proxy: AmazonProxy, emulator: Emulator
) -> None:
    account = make_account(emulator=emulator)
    amazon_proxy.spoil("getMarketplaceParticipations", html())

    made = runner.run_kind(account, Kind.PARTICIPATIONS)

    assert made is not None
    assert (made.state, made.code) == ("failed", "network.captive_portal")
    assert account.participations.filter(is_participating=True).exists()


def test_authorisation_that_works_again_is_taken_back(emulator: Emulator) -> None:
    account = make_account(emulator=emulator)
    runner.run_kind(account, Kind.LISTINGS)
    SyncJob.objects.update(blocked_code="token.revoked", rank=None)
    AccessToken.objects.all().delete()
    AmazonAccount.objects.update(
        state=AmazonAccount.State.NEEDS_AUTHORIZATION, state_code="token.revoked"
    )

    client = client_for(account)
    client.tokens.get(client.subject)

    account.refresh_from_db()
    assert (account.state, account.state_code) == ("connected", "")
    job = SyncJob.objects.get(kind=Kind.LISTINGS)
    assert (job.blocked_code, job.rank is None) == ("", False)


def test_account_that_is_lost_again_at_once_does_not_go_to_and_fro(
    emulator: Emulator,
) -> None:
    account = make_account(emulator=emulator)
    for age, state in (
        (None, "connected"),
        (1, "needs_authorization"),
        (11, "connected"),
    ):
        AmazonAccount.objects.update(state=AmazonAccount.State.NEEDS_AUTHORIZATION)
        if age is not None:
            at = timezone.now() - timedelta(minutes=age)
            DiagnosticEntry.objects.update(at=at)
        note_accepted(account.pk)
        account.refresh_from_db()
        assert account.state == state


def test_disconnected_account_stays_so_whatever_amazon_accepts(
    emulator: Emulator,
) -> None:
    account = make_account(emulator=emulator)
    AmazonAccount.objects.update(state=AmazonAccount.State.DISCONNECTED)

    client = client_for(account)
    client.tokens.get(client.subject)

    account.refresh_from_db()
    assert account.is_disconnected
