"""Tests of the queue against a local SQS."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

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


class Answers(BaseHTTPRequestHandler):
    """Gives every request the answer of its server."""

    def do_POST(self) -> None:
        """Answer, whatever is asked."""
        kind, body = self.server.answer  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        """Write nothing."""


@contextmanager
def odd_queue(
    monkeypatch: pytest.MonkeyPatch, kind: str, body: bytes
) -> Iterator[Queue]:
    """Give a queue whose server answers all with this body."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.answer = (kind, body)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", address)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    queue = Queue(f"{address}/1/q", "eu-west-1", patience=5)
    try:
        yield queue
    finally:
        queue.close()
        server.shutdown()
        server.server_close()
        thread.join()


def message_body(**attributes: str) -> bytes:
    message = {"MessageId": "1", "ReceiptHandle": "r", "Body": "{}"}
    return json.dumps({"Messages": [{**message, "Attributes": attributes}]}).encode()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/html; charset=utf-8", b"<html>Sign in</html>"),
        ("application/x-amz-json-1.0", b'{"Messages": "x"}'),
        ("application/x-amz-json-1.0", b'{"Messages": [5]}'),
        ("application/x-amz-json-1.0", b"[]"),
        ("application/x-amz-json-1.0", message_body(SentTimestamp="abc")),
        ("application/x-amz-json-1.0", message_body(SentTimestamp="9" * 30)),
        ("application/x-amz-json-1.0", message_body(ApproximateReceiveCount="x")),
    ],
)
def test_answer_that_is_none_of_sqs_is_an_error(
    monkeypatch: pytest.MonkeyPatch, kind: str, body: bytes
) -> None:
    with odd_queue(monkeypatch, kind, body) as queue:
        with pytest.raises(SqsError) as caught:
            queue.receive(wait=0)

        assert caught.value.code == "notifications.unreachable"
        with pytest.raises(SqsError):
            queue.depth()
