"""The memory of the local SQS, as several calls at one moment meet it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from channels_amazon.emulator.notifications.queue_memory import (
    MOST_RECEIVED,
    FastQueue,
    add_message,
    drop_queue,
    make_queue,
)

ACCOUNT, REGION = "123456789012", "us-east-1"


@pytest.fixture
def queue() -> Iterator[FastQueue]:
    """Give a queue with messages for two calls and a half."""
    name = f"memory-{uuid.uuid4().hex}"
    queue = make_queue(ACCOUNT, REGION, name)
    for number in range(25):
        add_message(queue, str(number))
    yield queue
    drop_queue(ACCOUNT, REGION, name)


def test_calls_at_one_moment_are_shown_different_messages(queue: FastQueue) -> None:
    own = queue.messages
    with ThreadPoolExecutor(1) as another:
        others = another.submit(lambda: queue.messages).result()

    assert len(own) == len(others) == MOST_RECEIVED
    assert not set(own) & set(others)


def test_who_looks_again_is_shown_the_same(queue: FastQueue) -> None:
    assert queue.messages == queue.messages


def test_received_messages_are_shown_to_nobody(queue: FastQueue) -> None:
    first = queue.messages
    for message in first:
        message.mark_received(visibility_timeout=30)

    assert not set(first) & set(queue.messages)
