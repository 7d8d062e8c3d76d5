"""Reading ahead of a full queue, deleting beside the work."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator

import boto3
import pytest

from channels_amazon.emulator.server import Emulator
from channels_amazon.spapi.sqs import BATCH, HIDDEN_SECONDS, Queue, SqsError
from channels_amazon.worker import queue_reader
from channels_amazon.worker.queue_reader import CALLS_AHEAD, QueueReader
from tests.worker.scene import wait_for


@pytest.fixture
def url(emulator: Emulator) -> str:
    """Give an empty queue."""
    client = boto3.client("sqs", endpoint_url=emulator.queue_endpoint)
    url = client.create_queue(QueueName=f"reader-{uuid.uuid4().hex}")["QueueUrl"]
    client.close()
    return url


@pytest.fixture
def reader(url: str) -> Iterator[QueueReader]:
    """Give its reader."""
    reader = QueueReader(Queue(url, "us-east-1"))
    yield reader
    reader.close()


def put(emulator: Emulator, url: str, count: int) -> None:
    """Put so many messages into the queue."""
    client = boto3.client("sqs", endpoint_url=emulator.queue_endpoint)
    for number in range(count):
        client.send_message(QueueUrl=url, MessageBody=str(number))
    client.close()


def left(url: str) -> int:
    """Return how many messages the queue holds, hidden or not."""
    queue = Queue(url, "us-east-1")
    depth = queue.depth()
    queue.close()
    return depth.waiting + depth.in_flight


def read_all(reader: QueueReader) -> list[list[int]]:
    """Return what each batch brought, until one is empty."""
    batches = []
    while messages := reader.receive(0):
        batches.append([int(one.body) for one in messages])
    return batches


@pytest.mark.parametrize("count", [0, 1, BATCH - 1, BATCH, 23, 140])
def test_every_message_comes(
    emulator: Emulator, url: str, reader: QueueReader, count: int
) -> None:
    put(emulator, url, count)

    batches = read_all(reader)

    # SQS may deliver a message twice, as its local one does to calls at one moment.
    assert set(sum(batches, [])) == set(range(count))


def test_first_messages_wait_for_no_others_and_batches_are_bounded(
    emulator: Emulator, url: str, reader: QueueReader
) -> None:
    put(emulator, url, 140)

    sizes = [len(batch) for batch in read_all(reader)]

    assert sizes[0] == BATCH
    assert BATCH < max(sizes) <= BATCH * CALLS_AHEAD


def test_what_was_fetched_long_ago_is_left_to_others(
    emulator: Emulator,
    url: str,
    reader: QueueReader,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put(emulator, url, 23)
    reader.receive(0)
    later = time.monotonic() + HIDDEN_SECONDS
    monkeypatch.setattr(time, "monotonic", lambda: later)

    assert reader.receive(0) == []


def test_what_nobody_took_is_there_for_others_at_once(
    emulator: Emulator, url: str, reader: QueueReader
) -> None:
    put(emulator, url, 23)
    first = reader.receive(0)

    reader.close()

    other = QueueReader(Queue(url, "us-east-1"))
    came = {one.id for one in first}
    while messages := other.receive(0):
        came |= {one.id for one in messages}
    assert len(came) == 23
    other.close()


def test_delete_is_done_when_the_reader_is_closed(
    emulator: Emulator, url: str, reader: QueueReader
) -> None:
    put(emulator, url, 23)

    while messages := reader.receive(0):
        reader.delete(messages)
    reader.close()

    assert left(url) == 0


def test_refused_delete_is_told_by_the_next_and_stops_none(
    emulator: Emulator, url: str, reader: QueueReader
) -> None:
    put(emulator, url, 1)
    messages = reader.receive(0)
    gone = QueueReader(Queue(f"{url}-gone", "us-east-1"))

    gone.delete(messages)
    with pytest.raises(SqsError) as caught:
        gone.delete([])

    assert caught.value.code == "notifications.credentials"
    gone.delete([])
    gone.close()


def test_what_is_worked_on_for_long_is_kept_from_others(
    emulator: Emulator, url: str, reader: QueueReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_reader, "_HIDE_AGAIN", 0.1)
    put(emulator, url, 1)
    messages = reader.receive(0)
    hidden = []
    monkeypatch.setattr(
        reader._beside, "hide", lambda those, seconds: hidden.append((those, seconds))
    )

    with reader.kept(messages):
        wait_for(lambda: len(hidden) >= 2)
    number = len(hidden)
    time.sleep(0.5)

    assert hidden[0] == (messages, HIDDEN_SECONDS)
    # One call may be under way while the work ends.
    assert len(hidden) <= number + 1


def test_what_was_fetched_ahead_is_kept_from_the_time_that_is_left(
    emulator: Emulator, url: str, reader: QueueReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(emulator, url, 23)
    reader.receive(0)
    hidden = []
    monkeypatch.setattr(
        reader._beside, "hide", lambda those, seconds: hidden.append(those)
    )
    clock = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: clock() + HIDDEN_SECONDS - 2)

    messages = reader.receive(0)
    with reader.kept(messages):
        wait_for(lambda: bool(hidden))

    assert messages
    assert hidden[0] == messages


def test_hidden_messages_stay_hidden_however_many(
    emulator: Emulator, url: str, reader: QueueReader
) -> None:
    put(emulator, url, 23)
    messages = [*reader.receive(0), *reader.receive(0)]

    reader.hide(messages, 600)

    assert len({one.id for one in messages}) == 23
    assert reader.receive(0) == []
