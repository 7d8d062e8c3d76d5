"""Tests of the client: quota, tokens, retries, errors and records of one call."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from channels_amazon.spapi import errors, operations
from channels_amazon.spapi.throttle import InMemoryBuckets, QuotaGrant
from tests.spapi.conftest import NOW, Kit, StillClock
from tests.spapi.server import Script, Scripted, answer, cut, hang_up, refusal

ORDER = {"orderId": "902-1"}


def test_call_sends_token_date_and_encoded_path(server: Scripted, kit: Kit) -> None:
    server.then(answer(200, {"ok": True}, x_amzn_RequestId="r-9"))
    central_europe = timezone(timedelta(hours=1))

    found = kit.client.call(
        operations.GET_LISTINGS_ITEM,
        path={"sellerId": "A1", "sku": "a/b c%ü?"},
        query={
            "marketplaceIds": ("M1", "M2"),
            "lastUpdatedAfter": datetime(2026, 11, 1, 13, tzinfo=central_europe),
            "details": True,
            "left": None,
        },
    )

    request = server.received[0]
    assert (found.json, found.request_id) == ({"ok": True}, "r-9")
    assert request.path == (
        "/listings/2021-08-01/items/A1/a%2Fb%20c%25%C3%BC%3F"
        "?marketplaceIds=M1,M2&lastUpdatedAfter=2026-11-01T12:00:00Z&details=true"
    )
    assert request.headers["x-amz-access-token"] == "old"
    assert request.headers["x-amz-date"] == "20261120T120000Z"


@pytest.mark.parametrize("sku", ["", ".", ".."])
def test_call_refuses_a_path_that_leads_elsewhere(
    server: Scripted, kit: Kit, sku: str
) -> None:
    with pytest.raises(errors.InvalidRequest):
        kit.client.call(
            operations.GET_LISTINGS_ITEM, path={"sellerId": "A1", "sku": sku}
        )

    assert server.received == []


def test_call_refuses_a_time_without_zone(kit: Kit) -> None:
    with pytest.raises(ValueError, match="aware"):
        kit.client.call(
            operations.SEARCH_ORDERS,
            query={
                "createdAfter": datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
            },
        )


def test_call_without_quota_says_when_and_sends_nothing(
    server: Scripted, kit: Kit
) -> None:
    server.then(answer(200, {}))
    for _ in range(20):
        kit.client.call(operations.SEARCH_ORDERS)

    with pytest.raises(errors.Throttled) as caught:
        kit.client.call(operations.SEARCH_ORDERS)

    assert len(server.received) == 20
    assert (caught.value.retry_at - NOW).total_seconds() == pytest.approx(178.57, 0.01)
    assert kit.clock.slept == []


def test_call_waits_a_breath_for_quota(server: Scripted, kit: Kit) -> None:
    server.then(answer(200, {}))
    for _ in range(3):
        kit.client.call(operations.GET_INVENTORY_SUMMARIES)

    assert len(server.received) == 3
    # Half a second for the token, and a quarter for the first call to arrive.
    assert kit.clock.slept == [pytest.approx(0.75, abs=0.01)]


@dataclass
class EarlyBuckets(InMemoryBuckets):
    """Buckets that say "not yet" so often, each time with a time already past."""

    clock: StillClock
    early: int
    asked: int = 0

    def __post_init__(self) -> None:
        super().__init__(self.clock)

    def take(self, subject: str, operation: str, rate: float, burst: int) -> QuotaGrant:
        """Take a token at last."""
        self.asked += 1
        if self.asked <= self.early:
            just_now = self.clock() - timedelta(microseconds=1)
            return QuotaGrant(granted=False, tokens_left=1.0, retry_at=just_now)
        return super().take(subject, operation, rate, burst)


def test_call_asks_again_for_a_token_that_is_due(server: Scripted, kit: Kit) -> None:
    server.then(answer(200, {}))
    buckets = EarlyBuckets(kit.clock, early=3)

    replace(kit.client, buckets=buckets).call(operations.GET_ORDER, path=ORDER)

    assert len(server.received) == 1
    assert 0 < sum(kit.clock.slept) < 0.05


def test_call_does_not_ask_for_a_token_for_ever(server: Scripted, kit: Kit) -> None:
    buckets = EarlyBuckets(kit.clock, early=999)

    with pytest.raises(errors.Throttled):
        replace(kit.client, buckets=buckets).call(operations.GET_ORDER, path=ORDER)

    assert (buckets.asked, server.received) == (4, [])


def test_call_learns_the_rate_from_the_header(server: Scripted, kit: Kit) -> None:
    server.then(answer(200, {}, x_amzn_RateLimit_Limit="0.25"))

    kit.client.call(operations.GET_ORDER, path=ORDER)

    bucket = kit.buckets.bucket("account:1", "getOrder")
    assert bucket is not None
    assert bucket.rate == 0.25
    assert kit.recorder.calls[0].rate_limit == 0.25


def test_call_after_429_holds_and_says_when(server: Scripted, kit: Kit) -> None:
    server.then(refusal(429, "QuotaExceeded"), answer(200, {}))

    with pytest.raises(errors.Throttled) as caught:
        kit.client.call(operations.GET_ORDER, path=ORDER)

    assert 2 <= (caught.value.retry_at - NOW).total_seconds() <= 2.5
    assert len(server.received) == 1
    assert kit.recorder.calls[0].amazon_code == "QuotaExceeded"


def test_call_after_429_goes_on_when_the_hold_is_short(
    server: Scripted, kit: Kit
) -> None:
    server.then(refusal(429, "QuotaExceeded"), answer(200, {}))

    kit.client.call(
        operations.PATCH_LISTINGS_ITEM, path={"sellerId": "A1", "sku": "S"}, body={}
    )

    assert [call.status for call in kit.recorder.calls] == [429, 200]
    assert kit.clock.slept[0] == pytest.approx(0.22, abs=0.03)


def test_call_repeats_a_read_through_outages(server: Scripted, kit: Kit) -> None:
    server.then(answer(503, text="<html>no</html>"), cut, hang_up, answer(200, {}))

    found = kit.client.call(operations.GET_ORDER, path=ORDER)

    assert found.status == 200
    assert [call.status for call in kit.recorder.calls] == [503, None, None, 200]
    assert [call.attempt for call in kit.recorder.calls] == [1, 2, 3, 4]


@pytest.mark.parametrize("script", [cut, hang_up, answer(500, {})])
def test_call_sends_an_unsafe_write_once(
    server: Scripted, kit: Kit, script: Script
) -> None:
    server.then(script, answer(200, {}))

    with pytest.raises(errors.ServiceUnavailable):
        kit.client.call(
            operations.CREATE_SUBSCRIPTION, path={"notificationType": "X"}, body={}
        )

    assert len(server.received) == 1


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (answer(503, text="<html>"), errors.ServiceUnavailable),
        (answer(200, text="<html>"), errors.CaptivePortal),
        (answer(200, text='{"orders": ['), errors.NotJudged),
        (answer(302, location="/x"), errors.CaptivePortal),
        (refusal(400, "InvalidInput"), errors.InvalidRequest),
        (refusal(404, "NotFound"), errors.NotFound),
        (cut, errors.NetworkError),
    ],
)
def test_call_raises_a_typed_error_for_every_bad_answer(
    server: Scripted, kit: Kit, script: Script, kind: type[errors.SpApiError]
) -> None:
    server.then(script)

    with pytest.raises(kind) as caught:
        kit.client.call(operations.GET_ORDER, path=ORDER)

    assert caught.value.operation == "getOrder"
    assert kit.recorder.calls[-1].error_class == kind.__name__


def test_call_replaces_a_refused_token_once(server: Scripted, kit: Kit) -> None:
    token = {"access_token": "Atza|new", "expires_in": 3600}
    server.then(refusal(403, "Unauthorized"), answer(200, token), answer(200, {}))

    kit.client.call(operations.GET_ORDER, path=ORDER)

    assert [call.operation for call in kit.recorder.calls] == [
        "getOrder",
        "lwa.token",
        "getOrder",
    ]
    assert server.received[2].headers["x-amz-access-token"] == "Atza|new"


def test_call_refused_twice_is_denied(server: Scripted, kit: Kit) -> None:
    token = {"access_token": "Atza|new", "expires_in": 3600}
    server.then(
        refusal(403, "Unauthorized"), answer(200, token), refusal(403, "Unauthorized")
    )

    with pytest.raises(errors.AccessDenied) as caught:
        kit.client.call(operations.GET_ORDER, path=ORDER)

    assert caught.value.amazon_code == "Unauthorized"
    assert len(server.received) == 3


def test_call_whose_token_cannot_be_had_takes_no_quota(
    server: Scripted, kit: Kit
) -> None:
    server.then(answer(400, {"error": "invalid_grant"}))
    kit.store.discard("account:1", "old")

    with pytest.raises(errors.AuthorizationLost):
        kit.client.call(operations.SEARCH_ORDERS)

    assert kit.buckets.bucket("account:1", "searchOrders") is None


def test_call_without_scope_of_a_seller_uses_the_application(
    server: Scripted, kit: Kit
) -> None:
    token = {"access_token": "Atza|app", "expires_in": 3600}
    server.then(answer(200, token), answer(200, {"payload": []}))

    kit.client.call(operations.GET_DESTINATIONS)

    assert server.received[1].headers["x-amz-access-token"] == "Atza|app"
    assert kit.buckets.bucket("application:1", "getDestinations") is not None


def test_call_records_what_the_log_shows(server: Scripted, kit: Kit) -> None:
    server.then(
        answer(
            204,
            x_amzn_RequestId="r-1",
            x_amzn_RateLimit_Limit="2.0",
        )
    )

    kit.client.call(
        operations.CONFIRM_SHIPMENT, path=ORDER, body={"a": 1}, marketplace_id="M1"
    )

    record = kit.recorder.calls[0]
    assert (record.operation, record.reference) == ("confirmShipment", "902-1")
    assert (record.marketplace_id, record.request_id) == ("M1", "r-1")
    assert record.path == "/orders/v0/orders/902-1/shipmentConfirmation"
    assert (record.bytes_sent, record.bytes_received) == (8, 0)
    assert (record.started_at, record.tokens_left) == (NOW, 9.0)


def test_exchange_is_recorded_of_failed_calls_alone(server: Scripted, kit: Kit) -> None:
    said = {"errors": [{"code": "InvalidInput", "message": "No such package."}]}
    server.then(answer(400, said), answer(204))
    body = {"marketplaceId": "M1", "note": "for Ann"}

    with pytest.raises(errors.InvalidRequest):
        kit.client.call(operations.CONFIRM_SHIPMENT, path=ORDER, body=body)
    kit.client.call(operations.CONFIRM_SHIPMENT, path=ORDER, body=body)

    failed, well = kit.recorder.calls
    assert failed.exchange == {
        "sent": {"marketplaceId": "M1", "note": "[left out]"},
        "answered": said,
    }
    assert well.exchange is None


def test_call_ends_when_its_budget_is_used(server: Scripted, kit: Kit) -> None:
    server.then(answer(503, text=""))

    with pytest.raises(errors.ServiceUnavailable):
        replace(kit.client, budget=0.0).call(operations.GET_ORDER, path=ORDER)

    assert len(server.received) == 1
