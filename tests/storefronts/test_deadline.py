"""A message to a server takes so long and no longer, however the server behaves."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from channels_amazon.storefronts import webhook
from channels_amazon.storefronts.deadline import Deadline
from channels_amazon.storefronts.webhook import SignedMessage
from channels_amazon.storefronts.webhook_address import Networks
from channels_amazon.storefronts.webhook_failures import WebhookCode, WebhookError

SECONDS = 0.6
# A slow machine may need longer; a byte each 50 ms would hold whoever waits for hours.
AT_MOST = 6.0
MESSAGE = SignedMessage("1", 0, b"{}", webhook.new_secret())
HEAD = b"HTTP/1.1 200 OK\r\n"

Talk = Callable[[socket.socket, threading.Event], None]


@contextmanager
def talking(talk: Talk) -> Iterator[str]:
    """Serve one connection by `talk`, which ends when its event is set."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _address = listening.accept()
            with connection, suppress(OSError):
                talk(connection, over)

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            over.set()
            serving.join(20)


def drip(text: bytes) -> Talk:
    """Return a talk that sends `text` and then a byte of its last one now and then."""

    def talk(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(text)
        while not over.wait(0.05):
            connection.sendall(text[-1:])

    return talk


def flood(text: bytes) -> Talk:
    """Return a talk that sends `text` again and again."""

    def talk(connection: socket.socket, over: threading.Event) -> None:
        while not over.is_set():
            connection.sendall(text)

    return talk


def silence(connection: socket.socket, over: threading.Event) -> None:
    """Take what comes and say nothing."""
    over.wait(20)


def failure(address: str) -> tuple[WebhookError, float]:
    """Return why the message does not arrive, and after how many seconds."""
    begun = time.monotonic()
    with pytest.raises(WebhookError) as raised:
        webhook.send(address, MESSAGE, allow=Networks(loopback=True), seconds=SECONDS)
    return raised.value, time.monotonic() - begun


@pytest.mark.parametrize(
    ("talk", "says"),
    [
        (drip(b"H"), "in time"),
        (drip(HEAD + b"x: y"), "in time"),
        (drip(HEAD + b"x: y\r\nz"), "in time"),
        (silence, "in time"),
        (flood(b"HTTP/1.1 100 Continue\r\n\r\n"), "web server"),
        (flood(b"a"), "web server"),
        (drip(HEAD + b"x: " + b"y" * 60_000), "web server"),
        (flood(HEAD + b"x: y\r\n" * 200), "web server"),
    ],
)
def test_answer_is_cut_at_the_deadline_and_at_its_length(talk: Talk, says: str) -> None:
    with talking(talk) as place:
        error, took = failure(f"http://{place}/")

    assert error.code == WebhookCode.ENDPOINT_UNREACHABLE
    assert says in error.message
    assert took < AT_MOST


def test_secure_connection_is_cut_at_the_deadline() -> None:
    # The beginning of a greeting that is never complete.
    greeting = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03"
    with talking(drip(greeting)) as place:
        error, took = failure(f"https://{place}/")

    assert error.code == WebhookCode.ENDPOINT_UNREACHABLE
    assert took < AT_MOST


def test_name_that_is_never_resolved_is_cut_at_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    over = threading.Event()

    def hang(*_: object, **__: object) -> list[object]:
        over.wait(20)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    error, took = failure("http://shop.example/")
    over.set()

    assert "could not be resolved" in error.message
    assert took < AT_MOST


def test_huge_body_is_not_read() -> None:
    sent: list[int] = []

    def talk(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(HEAD + b"content-length: 1000000000\r\n\r\n")
        with suppress(OSError):
            while not over.is_set():
                sent.append(connection.send(b"y" * 65536))

    with talking(talk) as place:
        webhook.send(f"http://{place}/", MESSAGE, allow=Networks(loopback=True))

    # What fits into the system's own buffers.
    assert sum(sent) < 50_000_000


def test_deadline_counts_down() -> None:
    assert 0 < Deadline.after(5).left() <= 5
    assert Deadline.after(5).left(2) == 2
    with pytest.raises(TimeoutError):
        Deadline.after(-1).left()
