"""When a webhook is sent again, and when its server counts as down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from channels_amazon.errors import NeedsMerchant, Recoverable
from channels_amazon.models import StoreEndpoint
from channels_amazon.storefronts.webhook_failures import WebhookCode, WebhookError
from channels_amazon.sync.webhooks import retry
from channels_amazon.sync.webhooks.retry import MAX_FAILURES, ServerFailures

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


def failed(code: WebhookCode, retry_after: int | None = None) -> WebhookError:
    """Make an error of the server's or of the message's."""
    return WebhookError(code, "No.", retry_after=retry_after)


def test_message_rests_longer_after_each_attempt() -> None:
    refused = failed(WebhookCode.MESSAGE_REFUSED)

    first = retry.next_attempt_at(refused, 0, NOW)

    assert NOW < first < retry.next_attempt_at(refused, 1, NOW)


def test_unreachable_server_is_tried_again_within_ten_minutes() -> None:
    at = retry.next_attempt_at(failed(WebhookCode.ENDPOINT_UNREACHABLE), 99, NOW)

    assert at == NOW + timedelta(minutes=10)


def test_failures_in_a_row_end_the_run() -> None:
    failures = ServerFailures()
    for _ in range(MAX_FAILURES - 1):
        failures.add(failed(WebhookCode.ENDPOINT_FAILING), NOW)

    with pytest.raises(Recoverable):
        failures.add(failed(WebhookCode.ENDPOINT_FAILING), NOW)


def test_success_and_refused_messages_are_no_failures_in_a_row() -> None:
    failures = ServerFailures(MAX_FAILURES - 1)

    failures.add(failed(WebhookCode.MESSAGE_REFUSED), NOW)
    failures.end()

    assert failures.count == 0


def test_server_already_down_is_tried_once() -> None:
    failures = ServerFailures.of(StoreEndpoint(failing_since=NOW))

    with pytest.raises(Recoverable) as raised:
        failures.add(failed(WebhookCode.ENDPOINT_FAILING, retry_after=86_400), NOW)

    assert raised.value.retry_at == NOW + retry.LONGEST_RETRY_AFTER


def test_address_that_is_gone_needs_the_merchant() -> None:
    failures = ServerFailures(MAX_FAILURES - 1)

    with pytest.raises(NeedsMerchant, match="store.endpoint_gone"):
        failures.add(failed(WebhookCode.ENDPOINT_GONE), NOW)
