"""What a store's server means by its answer."""

from __future__ import annotations

import pytest

from channels_amazon.storefronts.webhook_failures import WebhookCode, error_of_status


@pytest.mark.parametrize("status", [200, 202, 204, 299])
def test_any_success_means_that_the_store_has_the_message(status: int) -> None:
    assert error_of_status(status, None) is None


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (301, WebhookCode.ENDPOINT_REDIRECTS),
        (400, WebhookCode.MESSAGE_REFUSED),
        (401, WebhookCode.ENDPOINT_FAILING),
        (404, WebhookCode.ENDPOINT_FAILING),
        (410, WebhookCode.ENDPOINT_GONE),
        (422, WebhookCode.MESSAGE_REFUSED),
        (500, WebhookCode.ENDPOINT_FAILING),
    ],
)
def test_answer_says_whose_fault_it_is(status: int, code: WebhookCode) -> None:
    error = error_of_status(status, None)

    assert error is not None
    assert error.code == code


def test_only_a_server_that_is_gone_needs_a_person() -> None:
    gone, failing = error_of_status(410, None), error_of_status(503, 30)

    assert gone is not None
    assert failing is not None
    assert gone.needs_merchant
    assert not failing.needs_merchant
