"""A small file is fetched whole, or given up in time, however the server behaves."""

from __future__ import annotations

import gzip
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from channels_amazon.storefronts.download import (
    MOST_REDIRECTS,
    DownloadFailed,
    download,
)
from tests.spapi.server import Script, Scripted, answer, cut

MOST = 1000
SECONDS = 0.6
# A slow machine may need longer; what drips would last for minutes.
AT_MOST = 6.0
OK = b"HTTP/1.1 200 OK\r\n"


def fetched(url: str, *, seconds: float = 10.0) -> bytes:
    """Download with this file's limit."""
    return download(url, most_bytes=MOST, seconds=seconds)


def failure(url: str, *, seconds: float = 10.0) -> str:
    """Return why there is no file."""
    with pytest.raises(DownloadFailed) as caught:
        fetched(url, seconds=seconds)
    return str(caught.value.reason)


@pytest.fixture
def server() -> Iterator[Scripted]:
    """Give a server that answers as told."""
    with Scripted() as server:
        yield server


def packed(content: bytes, name: str = "gzip") -> Script:
    """Return a script that sends these bytes as packed by `name`."""

    def script(handler: object) -> None:
        to = handler
        to.send_response(200)  # type: ignore[attr-defined]
        to.send_header("Content-Length", str(len(content)))  # type: ignore[attr-defined]
        to.send_header("Content-Encoding", name)  # type: ignore[attr-defined]
        to.end_headers()  # type: ignore[attr-defined]
        to.wfile.write(content)  # type: ignore[attr-defined]

    return script


@contextmanager
def talking(talk: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
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
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        finally:
            over.set()
            serving.join(20)


def downloads_under_way() -> list[threading.Thread]:
    """Return the threads of downloads that live."""
    return [one for one in threading.enumerate() if one.name == "download"]


def test_file_comes_as_it_is(server: Scripted) -> None:
    server.then(answer(text="<xml/>"))

    assert fetched(f"{server.url}/file") == b"<xml/>"
    assert server.received[0].headers["user-agent"] == "Shoplink"
    assert "authorization" not in server.received[0].headers


def test_packed_file_is_unpacked(server: Scripted) -> None:
    server.then(packed(gzip.compress(b"<xml/>")))
    assert fetched(server.url) == b"<xml/>"


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (answer(503, text="busy"), "answered 503"),
        (answer(404), "answered 404"),
        (answer(304), "answered 304"),
        (answer(text="x" * (MOST + 1)), "too large"),
        (packed(gzip.compress(b"x" * (MOST + 1))), "too large"),
        # A hundred megabytes in a hundred kilobytes, and in a hundred bytes of them.
        (packed(gzip.compress(b"\0" * 100_000_000)), "too large"),
        (packed(gzip.compress(b"\0" * 100_000_000)[:MOST]), "too large"),
        (packed(gzip.compress(b"<xml/>")[:-4]), "broke off"),
        (packed(b"no gzip"), "broke off"),
        (packed(zlib.compress(b"<xml/>"), "deflate"), "broke off"),
        (packed(b"<xml/>", "br"), "broke off"),
        (cut, "broke off"),
        (answer(302), "answered 302"),
    ],
)
def test_what_is_no_such_file_is_refused(
    server: Scripted, script: Script, reason: str
) -> None:
    server.then(script)
    assert reason in failure(server.url)


def test_redirect_on_the_same_server_is_followed(server: Scripted) -> None:
    server.then(answer(301, location="/there"), answer(text="<xml/>"))
    assert fetched(f"{server.url}/here") == b"<xml/>"
    assert [one.path for one in server.received] == ["/here", "/there"]


@pytest.mark.parametrize(
    "place",
    [
        "https://other.example/x",
        "//other.example/x",
        "http://127.0.0.1:1/x",
        "file:///",
    ],
)
def test_redirect_elsewhere_is_not_followed(server: Scripted, place: str) -> None:
    server.then(answer(302, location=place))
    assert "not followed" in failure(server.url)


def test_redirects_have_an_end(server: Scripted) -> None:
    server.then(answer(302, location="/"))
    assert "from one address to the next" in failure(server.url)
    assert len(server.received) == MOST_REDIRECTS + 1


@pytest.mark.parametrize(
    "text",
    [
        b"",
        OK[:-2],
        OK + b"X-Slow: a",
        OK + b"Content-Length: 900\r\n\r\n<",
        OK + b"Transfer-Encoding: chunked\r\n\r\n1",
    ],
)
def test_server_that_drips_is_given_up_in_time(text: bytes) -> None:
    def drip(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(text)
        while not over.wait(0.05):
            connection.sendall(b"a")

    with talking(drip) as url:
        started = time.monotonic()
        failure(url, seconds=SECONDS)
        assert time.monotonic() - started < AT_MOST
        # Nobody is left behind who reads on.
        for thread in downloads_under_way():
            thread.join(AT_MOST)
        assert downloads_under_way() == []


def test_flood_is_given_up() -> None:
    def flood(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(OK + b"\r\n")
        while not over.is_set():
            connection.sendall(b"x" * 65536)

    with talking(flood) as url:
        assert "too large" in failure(url)


def test_host_without_a_number_and_closed_port_are_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    assert "No connection to 127.0.0.1" in failure(f"http://127.0.0.1:{port}/")
    assert "could not be resolved" in failure("https://bank.example/")


def test_certificate_of_nobody_is_refused(server: Scripted) -> None:
    server.then(answer(text="<xml/>"))
    reason = failure(server.url.replace("http://", "https://"))
    assert "No secure connection" in reason


def test_proxy_of_the_environment_is_used(
    server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.then(answer(text="<xml/>"))
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.setenv("no_proxy", "")

    assert fetched("http://bank.example/rates.xml") == b"<xml/>"
    assert server.received[0].path == "http://bank.example/rates.xml"
