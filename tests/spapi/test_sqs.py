"""Tests of the queue against a local SQS."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto.server import ThreadedMotoServer

from channels_amazon.spapi.sqs import Queue, SqsError


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """Give the address of a local SQS."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def queue(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Queue]:
    """Give an empty queue, found by boto3's usual variables."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    client = boto3.session.Session().client("sqs", region_name="eu-west-1")
    url = client.create_queue(QueueName=f"events-{uuid.uuid4().hex}")["QueueUrl"]
    queue = Queue(url, "eu-west-1")
    yield queue
    queue.close()
    client.close()


def put(queue: Queue, *bodies: str) -> None:
    client = boto3.session.Session().client("sqs", region_name="eu-west-1")
    for body in bodies:
        client.send_message(QueueUrl=queue.url, MessageBody=body)
    client.close()


def test_receive_returns_messages_with_their_facts(queue: Queue) -> None:
    put(queue, '{"a": 1}')

    (message,) = queue.receive(wait=1)

    assert (message.body, message.receive_count) == ('{"a": 1}', 1)
    assert datetime.now(tz=UTC) - message.sent_at < timedelta(minutes=1)
    assert message.body not in repr(message)


def test_delete_takes_more_than_one_batch(queue: Queue) -> None:
    put(queue, *(str(number) for number in range(13)))
    messages = queue.receive(wait=1) + queue.receive(wait=1)

    kept = queue.delete(messages)

    depth = queue.depth()
    assert kept == ()
    assert (len(messages), depth.waiting, depth.in_flight) == (13, 0, 0)


def test_missing_queue_asks_for_a_person(queue: Queue) -> None:
    with pytest.raises(SqsError) as caught:
        Queue(queue.url + "-gone", "eu-west-1").receive(wait=0)

    assert (caught.value.code, caught.value.retryable) == (
        "notifications.credentials",
        False,
    )


def test_unreachable_queue_passes_by_itself(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:9")

    with pytest.raises(SqsError) as caught:
        Queue("http://127.0.0.1:9/1/events", "eu-west-1").receive(wait=0)

    assert (caught.value.code, caught.value.retryable) == (
        "notifications.unreachable",
        True,
    )
