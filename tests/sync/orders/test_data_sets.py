"""Buyer and recipient are asked for only where the role is there or not known."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from channels_amazon.emulator.model.roles import D2C_SHIPPING
from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AmazonAccount,
    Order,
    OrderPersonalData,
    Permission,
    SyncJob,
)
from channels_amazon.services.accounts.permission_probes import ProbeResult
from channels_amazon.services.accounts.permissions import upsert_permissions
from channels_amazon.services.orders import data_sets
from tests.builders import make_account, make_order, make_participation
from tests.health.faults import codes, make_healthy, report_of
from tests.sync.orders.scene import sell
from tests.sync.running import run_through

pytestmark = pytest.mark.django_db

State = Permission.State
FETCH, SWEEP = SyncJob.Kind.ORDER_FETCH, SyncJob.Kind.ORDER_SWEEP


def say(account: AmazonAccount, *states: str) -> None:
    """Write what the probe of the role said, on a site for each state."""
    sites = list(account.participations.all())
    while len(sites) < len(states):
        sites.append(make_participation(account, marketplace_id=f"M{len(sites)}"))
    for site, state in zip(sites, states, strict=False):
        Permission.objects.update_or_create(
            participation=site,
            name=Permission.Name.SHIPPING,
            defaults={"state": state, "checked_at": timezone.now()},
        )


@pytest.mark.parametrize(
    ("states", "asks"),
    [
        ((), True),
        ((State.UNKNOWN,), True),
        ((State.GRANTED,), True),
        ((State.MISSING,), False),
        ((State.MISSING, State.UNKNOWN), False),
        ((State.MISSING, State.GRANTED), True),
    ],
)
def test_people_are_asked_for_by_what_the_probe_said(
    states: tuple[str, ...], asks: bool
) -> None:
    account = make_account()
    say(account, *states)

    assert data_sets.asks_for_people(account) == asks
    assert ("RECIPIENT" in data_sets.data_sets(account)) == asks


def test_nobody_is_asked_for_of_an_order_that_amazon_ships() -> None:
    order = make_order(fulfilled_by=Order.FulfilledBy.AMAZON)
    wanted = data_sets.data_sets(order.account)

    assert data_sets.data_sets_for(order, wanted) == data_sets.FACTS


@pytest.mark.parametrize("kind", [FETCH, SWEEP])
@pytest.mark.parametrize("state", [State.MISSING, State.GRANTED])
def test_fetch_and_sweep_bring_people_only_with_the_role(
    emulator: Emulator, kind: str, state: str
) -> None:
    account = make_account(emulator=emulator)
    emulator.control("behaviour", pending_seconds=0)
    say(account, state)
    rows = sell(emulator, account, 2)
    if kind == SWEEP:
        Order.objects.all().delete()
        emulator.advance(180)

    run_through(account, kind)

    orders = Order.objects.filter(amazon_order_id__in=[str(row) for row in rows])
    assert orders.count() == 2
    known = OrderPersonalData.objects.filter(order__in=orders).count()
    assert known == (2 if state == State.GRANTED else 0)


def test_role_that_came_back_brings_the_people_of_open_orders(
    emulator: Emulator,
) -> None:
    account = make_account(emulator=emulator)
    emulator.control("behaviour", pending_seconds=0)
    say(account, State.MISSING)
    sell(emulator, account, 1)
    run_through(account, FETCH)
    assert not OrderPersonalData.objects.exists()

    site = account.participations.get().marketplace_id
    upsert_permissions(
        account, [ProbeResult("shipping", site, State.GRANTED, "probe", 200)]
    )
    run_through(account, FETCH)

    assert OrderPersonalData.objects.count() == 1


def found(account: AmazonAccount) -> dict[str, Any]:
    """Return the finding on personal data, {} for none."""
    for finding in report_of(account)["findings"]:
        if finding["code"] == "permission.personal_data_missing":
            return dict(finding)
    return {}


def test_finding_tells_asked_and_not_asked_apart(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    emulator.control("behaviour", pending_seconds=0)
    emulator.control("roles", remove=[D2C_SHIPPING])
    sell(emulator, account, 1)
    run_through(account, FETCH)

    asked = found(account)
    say(account, State.MISSING)
    not_asked = found(account)

    assert "although it was asked for" in asked["cause"]
    assert "Stock, prices and order lines work" in asked["fix"]
    assert D2C_SHIPPING in asked["fix"]
    assert "not asked for" in not_asked["cause"]


def test_no_finding_while_orders_come_with_people_or_are_being_read(
    emulator: Emulator,
) -> None:
    account = make_healthy(emulator)
    emulator.control("behaviour", pending_seconds=0)
    sell(emulator, account, 1)
    run_through(account, FETCH)
    make_order(account, stale_since=timezone.now())

    assert "permission.personal_data_missing" not in codes(report_of(account))
