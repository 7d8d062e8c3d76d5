"""The queue of Amazon's events: the fix names what was seen, not always rights."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from channels_amazon.emulator.server import Emulator
from channels_amazon.health import context as health_context
from channels_amazon.health import queue_advice
from channels_amazon.health.checks import notifications as check
from channels_amazon.models import AmazonAccount
from channels_amazon.services.notifications.inbox import accept
from channels_amazon.spapi import network_probe
from channels_amazon.spapi.sqs import QueueTrouble, SqsError
from tests.builders import make_order
from tests.health.faults import make_healthy, report_of
from tests.health.stand_in import answering, free_port
from tests.messages import message, order_change

pytestmark = pytest.mark.django_db

REFUSAL = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up sooner: nothing here is far away."""
    monkeypatch.setattr(health_context, "CALL_SECONDS", 1.0)
    monkeypatch.setattr(health_context, "TOKEN_SECONDS", 0.5)
    monkeypatch.setattr(network_probe, "TIMEOUT", 0.5)
    monkeypatch.setattr(check, "QUEUE_SECONDS", 0.5)


def test_refused_connection_is_said_so(
    emulator: Emulator, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = make_healthy(emulator)
    place = f"http://127.0.0.1:{free_port()}"
    settings.SQS_QUEUE_URL = f"{place}/123456789012/orders"
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", place)

    finding = report_of(account)["findings"][0]

    assert finding["code"] == "notifications.unreachable"
    assert "Nobody takes the connection" in finding["fix"]
    assert "sqs:" not in finding["fix"]


def test_unknown_name_is_said_so(
    emulator: Emulator, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = make_healthy(emulator)
    settings.SQS_QUEUE_URL = "http://queue.invalid/123456789012/orders"
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "http://queue.invalid")

    finding = report_of(account)["findings"][0]

    assert finding["code"] == "notifications.unreachable"
    assert "queue.invalid cannot be resolved" in finding["fix"]
    # Amazon's own name is known: the resolver works.
    assert finding["consequence_of"] == ""


def test_queue_that_is_not_there_is_said_so(
    emulator: Emulator, settings: Settings
) -> None:
    account = make_healthy(emulator)
    settings.SQS_QUEUE_URL = f"{settings.SQS_QUEUE_URL}-of-nobody"

    finding = report_of(account)["findings"][0]

    assert finding["code"] == "notifications.credentials"
    assert "AWS knows no such queue" in finding["fix"]


def test_proxy_fault_explains_the_unreachable_queue(
    emulator: Emulator, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = make_healthy(emulator)
    settings.SPAPI_ENDPOINT_NA = "https://sellingpartnerapi-na.amazon.com"
    settings.SQS_QUEUE_URL = "http://sqs.us-east-1.amazonaws.com/123456789012/orders"
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "http://sqs.us-east-1.amazonaws.com")
    with answering(REFUSAL) as port:
        for name in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(name, f"http://user:pass-word@127.0.0.1:{port}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        report = report_of(account)

    by_code = {one["code"]: one for one in report["findings"]}
    assert report["findings"][0]["code"] == "network.proxy"
    assert by_code["notifications.unreachable"]["consequence_of"] == "network.proxy"
    assert "proxy" in by_code["notifications.unreachable"]["fix"]
    assert "pass-word" not in str(report)


@pytest.mark.parametrize(
    ("address", "seen", "told"),
    [
        ("https://sqs.eu-west-1.amazonaws.com/1/q", "no_such_queue", "region"),
        ("https://sqs.us-east-1.amazonaws.com/1/q", "no_such_queue", "no_such_queue"),
        ("https://sqs.eu-west-1.amazonaws.com/1/q", "dns", "dns"),
        ("http://127.0.0.1:9324/1/q", "rights", "rights"),
    ],
)
def test_two_regions_are_told_from_a_missing_queue(
    settings: Settings, address: str, seen: str, told: str
) -> None:
    settings.SQS_QUEUE_URL = address
    settings.SQS_QUEUE_ARN = "arn:aws:sqs:us-east-1:1:q"
    error = SqsError("X", "x", QueueTrouble(seen))
    assert queue_advice.trouble_of(error) == told


def test_sending_is_not_claimed_before_an_event_came(emulator: Emulator) -> None:
    account = make_healthy(emulator)

    before = said(account)
    order = make_order(account, last_updated_at=timezone.now() - timedelta(hours=1))
    event = order_change(
        order_id=order.amazon_order_id, seller_id=account.seller_id, status="Shipped"
    )
    accept([message(event)])

    assert "is not proven" in before
    assert said(account) == "Amazon sends this account's events, and they are read."


def said(account: AmazonAccount) -> str:
    """Return what the check says that found nothing wrong."""
    (line,) = [one for one in report_of(account)["well"] if one["check"] == "events"]
    return str(line["cause"])
