"""The reader of the queue: what it settles, and what it survives."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

import boto3
import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db.models import Sum
from pytest_django import Settings

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    DiagnosticEntry,
    Heartbeat,
    Notification,
    Order,
    StockLevel,
)
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.jobs import heartbeats
from channels_amazon.services.notifications.inbox import Acceptance, Accepted
from channels_amazon.services.stock import ledger
from channels_amazon.spapi.sqs import Message, Queue, QueueTrouble, SqsError
from channels_amazon.worker import consumer
from channels_amazon.worker.consumer import Consumer
from channels_amazon.worker.queue_reader import QueueReader
from tests.builders import make_account, make_variant, make_warehouse, number
from tests.ledger_proof import verify_levels
from tests.messages import START, order_change
from tests.processes import Processes
from tests.services.privacy.scene import NEW, use

pytestmark = pytest.mark.django_db(transaction=True)

SELLER = "A3TH9S8BH6GOGM"
ID = "903-0000001-0000001"
SECONDS = 30
ORDERS = 16


class Rests(threading.Event):
    """Rests at once, keeps how long it should have been, and is set after so many."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count
        self.seconds: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        """Keep the time and go on."""
        self.seconds.append(timeout or 0)
        if len(self.seconds) >= self.count:
            self.set()
        return self.is_set()


@pytest.fixture(autouse=True)
def queue_url(
    emulator: Emulator, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> str:
    """Give a queue of the test's own, in the settings of this and other processes.

    The long poll of a process that died goes on at the queue's server, and would take
    the messages of another test.
    """
    client = boto3.client("sqs", endpoint_url=emulator.queue_endpoint)
    url = client.create_queue(QueueName=f"consumer-{number()}")["QueueUrl"]
    client.close()
    settings.SQS_QUEUE_URL = url
    monkeypatch.setenv("SQS_QUEUE_URL", url)
    return url


def publish(emulator: Emulator, *bodies: Any) -> None:
    """Put bodies, texts or what becomes one as JSON, into the queue."""
    client = boto3.client("sqs", endpoint_url=emulator.queue_endpoint)
    for body in bodies:
        text = body if isinstance(body, str) else json.dumps(body)
        client.send_message(QueueUrl=django_settings.SQS_QUEUE_URL, MessageBody=text)
    client.close()


def waiting() -> int:
    """Return how many messages are in the queue, worked on or not."""
    queue = Queue(django_settings.SQS_QUEUE_URL, "us-east-1")
    depth = queue.depth()
    queue.close()
    return depth.waiting + depth.in_flight


def until(condition: Any) -> bool:
    """Wait until `condition` holds; tell whether it did in time."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return False


def beat_state() -> str:
    """Return what the consumer last said of itself."""
    beat = heartbeats.latest(Process.CONSUMER)
    return str(beat.detail.get("state")) if beat else ""


def test_consumer_settles_good_and_bad_messages_alike(emulator: Emulator) -> None:
    make_account(seller_id=SELLER)
    publish(emulator, "no json", order_change(seller_id="NOBODY"), order_change())

    assert Consumer(wait=1, until_empty=True).run() == 3

    assert waiting() == 0
    assert Notification.objects.count() == 3
    assert Order.objects.count() == 1


def test_command_says_how_many_messages_there_were(
    emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(emulator, "no json")

    call_command("consume_notifications", wait=1, until_empty=True)

    assert capsys.readouterr().out == "1 messages\n"
    assert beat_state() == "listening"


def test_consumer_without_a_queue_stays_and_says_so(settings: Settings) -> None:
    settings.SQS_QUEUE_URL = ""

    assert Consumer(stopped=Rests(1)).run() == 0
    assert beat_state() == "not_configured"


def test_missing_queue_is_told_once_and_tried_again(
    settings: Settings, queue_url: str
) -> None:
    settings.SQS_QUEUE_URL = queue_url + "-gone"
    stopped = Rests(3)

    Consumer(wait=0, stopped=stopped).run()

    assert beat_state() == "notifications.credentials"
    assert DiagnosticEntry.objects.filter(code="notifications.credentials").count() == 1
    assert stopped.seconds[2] > stopped.seconds[0]


def consume(number: int) -> int:
    """Read the queue until it is empty, in one of several processes."""
    return Consumer(wait=1, until_empty=True).run()


@pytest.mark.twoprocess
def test_two_consumers_lose_and_double_nothing(
    emulator: Emulator, processes: Processes
) -> None:
    account = make_account(seller_id=SELLER, created_at=START - timedelta(days=9))
    warehouse = make_warehouse(account.store)
    for sku in ("SKU-1", "SKU-2"):
        variant = make_variant(account.store, sku=sku)
        ledger.set_on_hand(variant, warehouse, 500, actor="", key=sku)
    publish(emulator, *storm())

    settled = processes.together("tests.worker.test_consumer:consume", count=2)

    # On a slow machine one comes a second time, which changes nothing.
    assert sum(settled) >= len(storm())
    assert waiting() == 0
    assert Order.objects.filter(status="cancelled").count() == ORDERS
    assert Notification.objects.filter(state="quarantined").count() == 0
    told = Notification.objects.aggregate(all=Sum("deliveries"))["all"]
    assert told >= len(storm())
    levels = StockLevel.objects.values_list("on_hand", "reserved")
    assert list(levels) == [(500, 0), (500, 0)]
    assert verify_levels() == []


def storm() -> list[dict[str, Any]]:
    """Return all events of some orders, a few doubled, in no order at all."""
    chance = random.Random(7)  # noqa: S311 - not a secret
    bodies = [
        order_change(
            order_id=f"903-0000009-{place:07d}",
            status=status,
            seconds=second,
            items=chance.sample([("SKU-1", 1), ("SKU-2", 2)], 2),
            notification_id=f"storm-{place}-{second}",
        )
        for place in range(ORDERS)
        for second, status in enumerate(("Pending", "Unshipped", "Canceled"))
    ]
    bodies += chance.sample(bodies, 12)
    chance.shuffle(bodies)
    return bodies


def test_message_that_comes_again_is_kept_longer(
    emulator: Emulator, queue_url: str
) -> None:
    publish(emulator, order_change())
    queue = Queue(queue_url, "us-east-1")
    (message,) = queue.receive(wait=1)

    queue.hide([message], 0)
    (again,) = queue.receive(wait=1)
    queue.hide([again], 600)

    assert (again.id, again.receive_count) == (message.id, 2)
    assert queue.receive(wait=0) == []
    queue.close()


class Watched(Queue):
    """A queue that notes for how long messages were hidden; its key may lack it."""

    may_hide = True
    hidden: ClassVar[list[int]] = []

    def hide(self, messages: Sequence[Message], seconds: int) -> None:
        """Note the seconds, or refuse as AWS does."""
        if not self.may_hide:
            raise SqsError("AccessDenied", "not authorized", QueueTrouble.RIGHTS)
        self.hidden.append(seconds)
        super().hide(messages, seconds)


def delivered_before(queue_url: str, times: int) -> None:
    """Let the queue's one message have been delivered so often to who was killed."""
    queue = Queue(queue_url, "us-east-1")
    for _ in range(times):
        queue.hide(queue.receive(wait=1), 0)
    queue.close()


@pytest.mark.parametrize("may_hide", [True, False])
def test_message_that_killed_readers_held_is_taken_in_at_once(
    emulator: Emulator,
    queue_url: str,
    monkeypatch: pytest.MonkeyPatch,
    may_hide: bool,
) -> None:
    make_account(seller_id=SELLER)
    publish(emulator, order_change(order_id=ID))
    delivered_before(queue_url, 6)
    monkeypatch.setattr(Watched, "may_hide", may_hide)
    monkeypatch.setattr(Watched, "hidden", [])

    def opened() -> Queue:
        return Watched(queue_url, "us-east-1")

    assert Consumer(open=opened, wait=1, until_empty=True).run() == 1
    assert Order.objects.filter(amazon_order_id=ID).exists()
    # Nothing of it had failed: it is hidden no longer than any other.
    assert Watched.hidden == []


def test_message_counts_as_failed_only_where_it_was_tried(
    emulator: Emulator, queue_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(emulator, order_change(order_id=ID))
    delivered_before(queue_url, 6)
    monkeypatch.setattr(Watched, "hidden", [])
    tried: list[Message] = []

    def fail(messages: Sequence[Message]) -> list[Accepted]:
        tried.extend(messages)
        return [Accepted(one, Acceptance.LEFT) for one in messages]

    monkeypatch.setattr(consumer, "accept", fail)
    queue = Watched(queue_url, "us-east-1")
    made, reader = Consumer(wait=1), QueueReader(queue)
    try:
        for _ in range(4):
            made._step(reader)
            # As once its time is over.
            Queue.hide(queue, tried[-1:], 0)
    finally:
        reader.close()

    assert [one.tries for one in tried] == [1, 2, 3, 4]
    assert Watched.hidden == [20, 40, 80]


def start(processes: Processes) -> subprocess.Popen[str]:
    """Start the command, and wait until it listens."""
    Heartbeat.objects.all().delete()
    child = processes.command("consume_notifications", "--wait", "20")
    assert until(lambda: beat_state() == "listening")
    return child


@pytest.mark.twoprocess
def test_command_ends_at_once_when_told_to(processes: Processes) -> None:
    child = start(processes)
    began = time.monotonic()

    child.send_signal(signal.SIGTERM)

    assert child.wait(timeout=SECONDS) == 0
    assert time.monotonic() - began < 10


@pytest.mark.chaos
def test_killed_consumer_is_back_and_loses_nothing(
    emulator: Emulator, processes: Processes
) -> None:
    make_variant(make_account(seller_id=SELLER).store, sku="SKU-1")
    start(processes)
    beat = heartbeats.latest(Process.CONSUMER)
    assert beat is not None

    subprocess.run(["kill", "-9", str(beat.pid)], check=True)
    publish(emulator, order_change(order_id=ID))

    assert until(lambda: Order.objects.filter(amazon_order_id=ID).exists())
    assert until(lambda: waiting() == 0)
    again = heartbeats.latest(Process.CONSUMER)
    assert again is not None
    assert again.pid != beat.pid


def test_consumer_without_the_keys_leaves_the_messages(
    emulator: Emulator, settings: Settings
) -> None:
    make_account(seller_id=SELLER)
    publish(emulator, order_change())
    use(settings, NEW)
    try:
        assert Consumer(wait=1, until_empty=True).run() == 0
        assert waiting() == 1
        assert beat_state() == "host.keys_differ"
    finally:
        use(settings, "tests-only-key-of-more-than-32-bytes-0001")
    assert Consumer(wait=1, until_empty=True).run() == 1
