"""Reading a full queue by several calls at once, deleting beside the work."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import boto3
import pytest

from channels_amazon.emulator.server import Emulator
from channels_amazon.spapi.sqs import BATCH, Queue, SqsError
from channels_amazon.worker.queue_reader import CALLS_BESIDE, QueueReader


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


@pytest.mark.parametrize("count", [0, 1, BATCH - 1, BATCH, 23])
def test_receive_brings_what_the_queue_holds_once(
    emulator: Emulator, url: str, reader: QueueReader, count: int
) -> None:
    put(emulator, url, count)

    messages = reader.receive(0)

    assert sorted(int(one.body) for one in messages) == list(range(count))


def test_receive_is_bounded(emulator: Emulator, url: str, reader: QueueReader) -> None:
    most = BATCH * (1 + CALLS_BESIDE)
    put(emulator, url, most + 5)

    assert len(reader.receive(0)) == most
    assert len(reader.receive(0)) == 5


def test_delete_is_done_when_the_reader_is_closed(
    emulator: Emulator, url: str, reader: QueueReader
) -> None:
    put(emulator, url, 23)

    reader.delete(reader.receive(0))
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


def test_hidden_messages_stay_hidden_however_many(
    emulator: Emulator, url: str, reader: QueueReader
) -> None:
    put(emulator, url, 23)
    messages = reader.receive(0)

    reader.hide(messages, 600)

    assert reader.receive(0) == []
