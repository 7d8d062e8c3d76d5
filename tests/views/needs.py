"""Makes states of stores, each with what it needs of a person, counted by hand.

What is expected is noted where the rows are made, and never asked of the code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from django.utils import timezone

from channels_amazon.models import (
    AmazonAccount,
    Heartbeat,
    Order,
    Permission,
    ReadingIssue,
    Shipment,
    Store,
    SyncJob,
)
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.jobs import heartbeats
from tests import builders
from tests.health.rows import (
    make_below_zero,
    make_drift,
    make_endpoint,
    make_ownerless_parcel,
    make_report,
    make_shipment,
)
from tests.views.scene import make_quarantined

Kind = SyncJob.Kind
HOUR = timedelta(hours=1)


@dataclass
class State:
    """A state, and how often each thing in it needs a person."""

    accounts: list[AmazonAccount] = field(default_factory=list)
    own: dict[int, Counter[str]] = field(default_factory=dict)
    shared: dict[int, Counter[str]] = field(default_factory=dict)
    installation: Counter[str] = field(default_factory=Counter)
    pulling: set[int] = field(default_factory=set)

    @property
    def live(self) -> list[AmazonAccount]:
        """Return the accounts that are not disconnected."""
        return [one for one in self.accounts if not one.is_disconnected]

    def needs_of(self, account: AmazonAccount) -> Counter[str]:
        """Return what the page of one account says."""
        if account.is_disconnected:
            return Counter()
        theirs = Counter(self.installation)
        if not account.subscription_id:
            theirs.pop("consumer", None)
        return self.own[account.pk] + self.shared[account.store_id] + theirs

    def common_of(self, account: AmazonAccount) -> int:
        """Return how much of that another account's page says too."""
        others = [one for one in self.live if one.pk != account.pk]
        theirs: Counter[str] = Counter()
        for name, number in self.installation.items():
            heard = [one for one in others if name != "consumer" or one.subscription_id]
            if heard and (name != "consumer" or account.subscription_id):
                theirs[name] += number
        if any(one.store_id == account.store_id for one in others):
            theirs += self.shared[account.store_id]
        return theirs.total()

    def needs(self) -> Counter[str]:
        """Return what a page of all accounts says."""
        if not self.live:
            return Counter()
        found = Counter(self.installation)
        if not any(one.subscription_id for one in self.live):
            found.pop("consumer", None)
        for account in self.live:
            found += self.own[account.pk]
        for store_id in {one.store_id for one in self.live}:
            found += self.shared[store_id]
        return found


def make_state(stores: list[Store], rng: Random) -> State:
    """Make some accounts of the stores, and rows that need a person, or none."""
    state = State()
    _processes(state, rng)
    for store in stores:
        state.shared[store.pk] = Counter()
    for region in rng.sample(["na", "eu", "fe"], rng.randint(1, 2)):
        _account(state, rng.choice(stores), region, rng)
    for store_id in {one.store_id for one in state.accounts}:
        account = next(one for one in state.accounts if one.store_id == store_id)
        for name, make in rng.sample(sorted(SHARED.items()), rng.choice([0, 0, 1, 2])):
            state.shared[store_id][name] += make(account, rng)
    return state


def _processes(state: State, rng: Random) -> None:
    Heartbeat.objects.all().delete()
    for kind in Process:
        heartbeats.beat(kind)
    for name, kind in (("worker", Process.QUEUE), ("consumer", Process.CONSUMER)):
        if rng.random() < 0.15:
            Heartbeat.objects.filter(kind=kind).delete()
            state.installation[name] += 1
    if rng.random() < 0.05:
        Heartbeat.objects.filter(kind=Process.SUPERVISOR).update(
            detail={"keys": ["of another one"]}
        )
        state.installation["keys"] += 1


def _account(state: State, store: Store, region: str, rng: Random) -> None:
    standing = rng.choices(
        ["connected", "needs_authorization", "disconnected"], [6, 2, 1]
    )[0]
    account = builders.make_account(
        store,
        region=region,
        state=standing,
        subscription_id="" if rng.random() < 0.2 else f"sub-{builders.number()}",
    )
    state.accounts.append(account)
    own = state.own[account.pk] = Counter()
    own["revoked"] += standing == "needs_authorization"
    own["not subscribed"] += account.is_connected and not account.subscription_id
    _noise(account)
    if rng.random() < 0.15:
        builders.make_job(account, kind=Kind.LISTINGS)
        if account.is_connected:
            state.pulling.add(account.pk)
    for name, make in rng.sample(sorted(OWN.items()), rng.choice([0, 0, 1, 2, 4])):
        number = make(account, rng)
        if not account.is_connected and name in OF_CONNECTED:
            continue
        if account.pk in state.pulling and name in OF_READ:
            continue
        own[name] += number
    account.refresh_from_db()
    if not account.is_live:
        # What Amazon shows of it is nobody's business of ours.
        own.pop("drift", None)


def _noise(account: AmazonAccount) -> None:
    """Make rows that need nobody."""
    builders.make_order(account)
    past = timezone.now() - 3 * HOUR
    builders.make_order(account, ship_by=past, status=Order.Status.SHIPPED)
    builders.make_order(account, ship_by=past, fulfilled_by="amazon")
    builders.make_order(account, cancel_requested=True, status=Order.Status.CANCELLED)
    shipped = builders.make_order(account, status=Order.Status.CANCELLED)
    _package(shipped, Shipment.State.REFUSED)
    builders.make_listing(account, push_due=True)


def _package(order: Order, state: str) -> None:
    Shipment.objects.create(
        order=order,
        package_reference=1,
        carrier_code="UPS",
        tracking_number=f"1Z{builders.number()}",
        shipped_at=timezone.now(),
        state=state,
    )


Make = Callable[[AmazonAccount, Random], int]


def _orders(**over: Any) -> Make:
    def make(account: AmazonAccount, rng: Random) -> int:
        number = rng.randint(1, 3)
        for _ in range(number):
            builders.make_order(account, **over)
        return number

    return make


def _once(build: Callable[[AmazonAccount], Any]) -> Make:
    def make(account: AmazonAccount, rng: Random) -> int:
        build(account)
        return 1

    return make


def _due(hours: float) -> Make:
    def make(account: AmazonAccount, rng: Random) -> int:
        number = rng.randint(1, 3)
        for _ in range(number):
            builders.make_order(account, ship_by=timezone.now() + hours * HOUR)
        return number

    return make


def _refused(account: AmazonAccount) -> None:
    _package(builders.make_order(account), Shipment.State.REFUSED)


def _refused_edit(account: AmazonAccount) -> None:
    order = builders.make_order(account, status=Order.Status.SHIPPED)
    _package(order, Shipment.State.REFUSED)
    order.shipments.update(confirmed_at=timezone.now())


def _job(kind: str, **over: Any) -> Make:
    over = {"first_done_at": timezone.now()} | over
    return _once(lambda account: builders.make_job(account, kind=kind, **over))


def _permission(account: AmazonAccount) -> None:
    Permission.objects.create(
        participation=account.participations.get(),
        name=Permission.Name.SHIPPING,
        state=Permission.State.MISSING,
        checked_at=timezone.now(),
    )


def _ends(account: AmazonAccount) -> None:
    account.authorized_at = timezone.now() - timedelta(days=350)
    account.save()


def _not_live(account: AmazonAccount) -> None:
    variant = builders.make_variant(account.store)
    for over in ({"variant": variant}, {}, {"is_mfn": False, "is_fba": True}):
        builders.make_listing(account, **over)
    account.live_at = None
    account.save()


def _issue(account: AmazonAccount) -> None:
    now = timezone.now()
    for cause in ("no_progress", "refused"):
        ReadingIssue.objects.create(
            account=account,
            kind=Kind.FBA_STOCK,
            marketplace_id=f"M-{cause}",
            cause=cause,
            reason="It goes round.",
            first_at=now,
            last_at=now,
            retry_at=now,
        )


OWN: dict[str, Make] = {
    "late": _due(-2),
    "due": _due(5),
    "unmatched": _orders(has_unmatched=True),
    "shortage": _orders(has_shortage=True),
    "cancel": _orders(cancel_requested=True),
    "quarantined order": _orders(
        status=Order.Status.PENDING,
        stale_since=timezone.now(),
        quarantine_code="orders.unreadable",
    ),
    "message": _once(make_quarantined),
    "report rows": lambda account, rng: make_report(account).rows_quarantined,
    "refused package": _once(_refused),
    "refused edit": _once(_refused_edit),
    "not shown": _once(make_shipment),
    "refused push": _once(
        lambda account: builders.make_listing(account, push_due=True, push_code="BAD")
    ),
    "drift": _once(make_drift),
    "blocked job": _job(Kind.FBA_STOCK, blocked_code="x", blocked_message="No role."),
    "not live": _once(_not_live),
    "failing job": _job(Kind.STOCK_PUSH, attempts=5),
    "refused search": _job(
        Kind.ORDER_SWEEP, cursor={"refused_since": "2026-11-01T00:00:00+00:00"}
    ),
    "permission": _once(_permission),
    "ends": _once(_ends),
    "issue": _once(_issue),
}
# Of an account that lost its authorisation these are consequences.
OF_CONNECTED = {"blocked job", "failing job", "not live", "ends"}
# Before all was read once nobody can do it.
OF_READ = {"not live"}


def _refused_parcel(account: AmazonAccount) -> None:
    order = builders.make_order(account, status=Order.Status.CANCELLED)
    builders.make_parcel(order, state="refused")


SHARED: dict[str, Make] = {
    "refused parcel": _once(_refused_parcel),
    "unknown parcel": _once(lambda account: make_ownerless_parcel(account, 2)),
    "below zero": _once(make_below_zero),
    "endpoint": _once(make_endpoint),
}
