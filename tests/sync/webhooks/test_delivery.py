"""A store is told of its orders: once each state, in the end always, nobody's name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from channels_amazon.models import (
    AmazonAccount,
    DiagnosticEntry,
    Order,
    StoreEndpoint,
    SyncJob,
    SyncRun,
)
from channels_amazon.services.notifications.inbox import accept
from channels_amazon.services.orders import intake
from channels_amazon.services.webhooks import endpoints
from channels_amazon.sync.runtime import runner
from tests.builders import make_account, make_variant
from tests.messages import START, amazon_order, message, order_change
from tests.spapi.server import Scripted, answer

pytestmark = pytest.mark.django_db(transaction=True)

ID = "903-0000001-0000001"
SELLER = "A3TH9S8BH6GOGM"


@pytest.fixture
def server() -> Iterator[Scripted]:
    """Give the store's server without scripts yet."""
    with Scripted() as server:
        yield server


@pytest.fixture
def account(server: Scripted, settings: Settings) -> AmazonAccount:
    """Give an account whose store wants to be told."""
    settings.WEBHOOK_ALLOW_LOOPBACK = True
    account = make_account(seller_id=SELLER, created_at=START - timedelta(days=9))
    make_variant(account.store, sku="SKU-1")
    endpoints.set_endpoint(
        account.store, url=f"{server.url}/hook", is_active=True, actor="ann"
    )
    return account


def bring(account: AmazonAccount, **over: Any) -> Order:
    """Take a full order over."""
    data = amazon_order(ID, **over)
    return intake.apply_order(account, data, source=intake.FETCH).order


def tell(account: AmazonAccount) -> SyncRun:
    """Run the job that tells the store."""
    run = runner.run_kind(account, SyncJob.Kind.WEBHOOK_DELIVERY)
    assert run is not None
    return run


def told(server: Scripted) -> list[dict[str, Any]]:
    """Return the messages that the server got."""
    return [json.loads(one.body) for one in server.received]


def test_complete_order_is_told_once(account: AmazonAccount, server: Scripted) -> None:
    server.then(answer(204))
    bring(account)

    tell(account)
    tell(account)

    (content,) = told(server)
    assert (content["type"], content["version"]) == ("order.updated", 1)
    assert content["data"]["order_id"] == ID
    assert content["data"]["lines"][0]["sku"] == "SKU-1"
    order = Order.objects.get()
    assert order.webhook_sent_at is not None
    assert order.webhook_pending_since is None


def test_incomplete_order_is_not_told(account: AmazonAccount, server: Scripted) -> None:
    accept([message(order_change(order_id=ID))])

    tell(account)

    assert server.received == []


def test_same_order_again_is_no_news(account: AmazonAccount, server: Scripted) -> None:
    server.then(answer(200))
    bring(account)
    tell(account)

    bring(account, seconds=5)
    tell(account)

    assert len(server.received) == 1


def test_cancellation_by_event_is_told(
    account: AmazonAccount, server: Scripted
) -> None:
    server.then(answer(200))
    bring(account)
    tell(account)
    first = Order.objects.get().webhook_sent_at

    accept([message(order_change(order_id=ID, status="Canceled", seconds=9))])
    tell(account)

    before, after = told(server)
    assert after["data"]["status"] == "cancelled"
    assert after["data"]["revision"] > before["data"]["revision"]
    assert Order.objects.get().webhook_sent_at == first


def test_change_while_the_message_is_under_way_is_told_again(
    account: AmazonAccount, server: Scripted
) -> None:
    def change_and_answer(handler: Any) -> None:
        bring(account, status="SHIPPED", items=(("SKU-1", 1, 1),), seconds=7)
        # The server's thread has a connection of its own.
        connection.close()
        answer(200)(handler)

    server.then(change_and_answer, answer(200))
    bring(account)

    tell(account)

    assert [one["data"]["status"] for one in told(server)] == ["unshipped", "shipped"]
    assert Order.objects.get().webhook_pending_since is None


def test_refused_message_is_repeated_under_its_own_id(
    account: AmazonAccount, server: Scripted
) -> None:
    server.then(answer(500), answer(200))
    bring(account)

    tell(account)
    order = Order.objects.get()
    assert order.webhook_retry_at is not None
    assert order.webhook_attempts == 1
    Order.objects.update(webhook_retry_at=None)
    tell(account)

    ids = [one.headers["webhook-id"] for one in server.received]
    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert Order.objects.get().webhook_pending_since is None
    assert StoreEndpoint.objects.get().failing_since is None


def test_server_that_is_down_does_not_burn_time(
    account: AmazonAccount, server: Scripted
) -> None:
    server.then(answer(500))
    for place in range(6):
        data = amazon_order(f"903-0000001-{place:07d}")
        intake.apply_order(account, data, source=intake.FETCH)

    first, second = tell(account), tell(account)

    assert (first.state, second.state) == ("failed", "failed")
    assert len(server.received) == 3 + 1
    assert Order.objects.filter(webhook_pending_since__isnull=False).count() == 6
    endpoint = StoreEndpoint.objects.get()
    assert endpoint.error_code == "store.endpoint_failing"


def test_server_that_is_back_gets_all_that_waited(
    account: AmazonAccount, server: Scripted
) -> None:
    server.then(*[answer(500)] * 3, answer(200))
    for place in range(5):
        data = amazon_order(f"903-0000001-{place:07d}")
        intake.apply_order(account, data, source=intake.FETCH)
    assert tell(account).state == "failed"

    assert tell(account).state == "done"

    assert not Order.objects.filter(webhook_pending_since__isnull=False).exists()


def test_one_refused_order_does_not_stop_the_rest(
    account: AmazonAccount, server: Scripted
) -> None:
    server.then(answer(400), answer(200))
    for place in range(3):
        data = amazon_order(f"903-0000001-{place:07d}")
        intake.apply_order(account, data, source=intake.FETCH)

    assert tell(account).state == "done"

    assert Order.objects.filter(webhook_pending_since=None).count() == 2
    assert DiagnosticEntry.objects.filter(code="store.message_refused").count() == 1
    assert StoreEndpoint.objects.get().failing_since is None


def test_address_that_is_gone_is_said_and_kept(
    account: AmazonAccount, server: Scripted
) -> None:
    server.then(answer(410))
    bring(account)
    StoreEndpoint.objects.update(failing_since=START)

    run = tell(account)

    assert (run.state, run.code) == ("blocked", "store.endpoint_gone")
    entry = DiagnosticEntry.objects.get(code="store.endpoint_gone")
    assert "Settings" in entry.fix
    assert StoreEndpoint.objects.get().is_active
    assert Order.objects.get().webhook_pending_since is not None


def test_new_address_gets_what_waited(account: AmazonAccount, server: Scripted) -> None:
    server.then(answer(410), answer(200))
    bring(account)
    StoreEndpoint.objects.update(failing_since=START)
    tell(account)

    endpoints.set_endpoint(
        account.store, url=f"{server.url}/new", is_active=True, actor="ann"
    )
    tell(account)

    assert server.received[-1].path == "/new"
    assert Order.objects.get().webhook_pending_since is None


def test_store_without_an_address_is_not_told(
    account: AmazonAccount, server: Scripted
) -> None:
    StoreEndpoint.objects.update(is_active=False)

    bring(account)

    assert Order.objects.get().webhook_pending_since is None
    assert tell(account).state == "done"


def test_orders_of_the_stores_own_shop_are_not_told(
    account: AmazonAccount, server: Scripted
) -> None:
    channel = {"channelName": "NON_AMAZON", "marketplaceId": "ATVPDKIKX0DER"}
    bring(account, salesChannel=channel)

    assert Order.objects.get().webhook_pending_since is None


def test_message_holds_nobodys_name(account: AmazonAccount, server: Scripted) -> None:
    server.then(answer(200))
    bring(
        account,
        buyer={"buyerName": "CANARY Buyer", "buyerEmail": "canary@example.com"},
        recipient={
            "deliveryAddress": {"name": "CANARY Name", "addressLine1": "CANARY St 1"}
        },
    )

    tell(account)

    assert b"canary" not in server.received[0].body.lower()


def test_log_holds_no_part_of_the_address_that_may_be_secret(
    account: AmazonAccount, server: Scripted
) -> None:
    endpoints.set_endpoint(
        account.store, url=f"{server.url}/CANARY?k=CANARY", is_active=True, actor=""
    )

    assert not DiagnosticEntry.objects.filter(message__contains="CANARY").exists()


def test_new_secret_signs_from_now_on(account: AmazonAccount, server: Scripted) -> None:
    server.then(answer(200))
    endpoint = StoreEndpoint.objects.get()
    old = endpoint.secret

    new = endpoints.rotate_secret(endpoint, actor="ann")
    endpoints.send_test(StoreEndpoint.objects.get())

    assert new != old
    assert StoreEndpoint.objects.get().secret == new
    assert told(server)[0]["type"] == "test"
    assert not DiagnosticEntry.objects.filter(message__contains="whsec_").exists()
