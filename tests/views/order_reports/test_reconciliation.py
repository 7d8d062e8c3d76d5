"""The pages say how completely the orders are known, and what was missing."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from channels_amazon.health.checks import order_gap
from channels_amazon.health.context import CheckContext
from channels_amazon.models import AmazonAccount, OrderReport, translated
from channels_amazon.services.order_reports.completeness import completeness, told
from tests.builders import make_account, make_order
from tests.views.scene import World, make_world, signed_in

pytestmark = pytest.mark.django_db

LIST = "amazon-reconciliation-list"


def make_report(account: AmazonAccount, **over: Any) -> OrderReport:
    """Make a daily reconciliation that found everything here."""
    now = timezone.now()
    fields: dict[str, Any] = {
        "purpose": OrderReport.Purpose.DAILY,
        "state": OrderReport.State.READ,
        "starts_at": now - timedelta(days=3),
        "ends_at": now,
        "read_at": now,
        "orders_seen": 1234,
        "orders_known": 1234,
    }
    row: OrderReport = OrderReport.objects.create(account=account, **fields | over)
    return row


def make_gap(world: World) -> OrderReport:
    """Make a reconciliation that found two orders missing, of which one is here."""
    here = make_order(world.account)
    return make_report(
        world.account,
        orders_missing=2,
        gap_order_ids=[here.amazon_order_id, "903-0000000-0000000"],
        gap_hours={"2026-11-24T05:00:00+00:00": 2},
    )


def body(world: World, name: str, *args: object) -> str:
    """Return the page as the store's owner sees it."""
    response = signed_in(world.owner).get(reverse(name, args=args))
    assert response.status_code == 200
    return response.content.decode()


def test_status_says_that_nothing_was_reconciled_yet() -> None:
    world = make_world()

    assert "not reconciled" in body(world, "amazon-status", world.account.pk)


def test_status_shows_the_last_reconciliation() -> None:
    world = make_world()
    make_report(world.account)

    text = body(world, "amazon-status", world.account.pk)

    assert "No order was missing" in text
    assert "1234 at Amazon, 1234 known, 0 missing" in " ".join(text.split())


def test_status_shows_a_gap_with_its_hours_and_what_was_fetched() -> None:
    world = make_world()
    make_gap(world)

    text = " ".join(body(world, "amazon-status", world.account.pk).split())

    assert "Amazon had 2 orders that were missing here until" in unescape(text)
    assert "complete now: 1." in text
    assert "2026-11-24 05:00" in text


def test_gap_of_long_ago_is_history() -> None:
    world = make_world()
    make_gap(world)
    OrderReport.objects.update(read_at=timezone.now() - timedelta(days=2))

    text = body(world, "amazon-status", world.account.pk)

    assert "were missing here" not in text
    assert "No order was missing" not in text
    assert "2 were found missing, and were taken over." in text


def test_pages_and_health_check_say_the_same_and_no_more_than_is_proven() -> None:
    world = make_world()
    account, now = world.account, timezone.now()
    states: list[dict[str, Any]] = [
        {},
        {"orders_missing": 2},
        {"orders_missing": 1, "read_at": now - timedelta(hours=30)},
        {"read_at": now - timedelta(days=9)},
    ]
    for over in [None, *states]:
        OrderReport.objects.all().delete()
        if over is not None:
            make_report(account, **over)
        said = translated(told(completeness(account, now)))

        (finding,) = order_gap.run(CheckContext(account, now))
        status = body(world, "amazon-status", account.pk)
        listed = body(world, LIST)

        assert translated(finding.cause) == said
        assert said in unescape(status)
        assert said in unescape(listed)
        is_well = over == {}
        assert ("No order was missing" in status) == is_well
        assert (finding.is_proven and not finding.code) == (
            over is not None and over in ({}, states[2])
        )


def test_list_does_not_vouch_for_accounts_that_were_not_reconciled() -> None:
    world = make_world()
    make_account(world.store)

    neither = body(world, LIST)
    make_report(world.account)
    one = body(world, LIST)

    assert "2 accounts were not reconciled within the last two days" in neither
    assert "order missing within the last day" not in neither
    assert "No reconciliation found an order missing within the last day." in one
    assert "1 account was not reconciled within the last two days" in one


def test_no_reconciliation_is_promised_to_a_revoked_account() -> None:
    world = make_world()
    AmazonAccount.objects.update(state="needs_authorization")

    text = body(world, "amazon-status", world.account.pk)

    assert "none comes now:" in text


def test_list_shows_reports_and_says_first_what_was_missing() -> None:
    world = make_world()
    make_gap(world)
    make_report(
        world.account,
        state=OrderReport.State.FAILED,
        error_message="Amazon could not make the report (FATAL).",
    )

    text = body(world, LIST)

    assert "Amazon had 2 orders that were missing here until" in unescape(text)
    assert "Amazon could not make the report (FATAL)." in text


def test_list_holds_nothing_of_another_store() -> None:
    world = make_world()
    make_gap(world)

    client = signed_in(world.stranger)

    asked = client.get(reverse(LIST), {"account": world.account.pk})
    response = client.get(reverse(LIST))

    assert asked.status_code == 404
    assert world.account.name not in response.content.decode()
    assert "No report was wanted yet" in response.content.decode()


def test_list_of_many_reports_costs_no_query_each() -> None:
    world = make_world()
    client = signed_in(world.owner)
    make_report(world.account)
    with CaptureQueriesContext(connection) as few:
        client.get(reverse(LIST))
    for _ in range(20):
        make_report(world.account)
    with CaptureQueriesContext(connection) as many:
        client.get(reverse(LIST))

    assert len(many) == len(few)
