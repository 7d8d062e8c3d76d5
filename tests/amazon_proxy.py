"""A proxy between us and the emulator that makes the faults of a network and of Amazon.

A test says for which operation, and how often, an answer is spoilt; everything else
passes unchanged. It serves the token endpoint and every SP-API operation:

    proxy.spoil("getOrder", html())            # every getOrder from now on
    proxy.spoil("lwa.token", html(), times=1)  # the next token only
    proxy.spoil("confirmShipment", lost_answer(), times=1)
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from channels_amazon.spapi import operations
from channels_amazon.spapi.operations import Operation

# Seconds the emulator may take.
_PATIENCE = 30
_TOKEN_PATH = "/auth/o2/token"
# They belong to one connection; the proxy has two.
_HOP_BY_HOP = frozenset({"connection", "transfer-encoding", "content-length", "date"})
_REGION = r"^/(?:na|eu|fe)"


@dataclass(frozen=True)
class Asked:
    """A request as we sent it; `operation` is empty where no operation fits."""

    operation: str
    method: str
    # With the region before Amazon's path, and the query behind it.
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def query(self) -> dict[str, str]:
        """Return the parameters behind the path."""
        return dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))


@dataclass(frozen=True)
class Answer:
    """What goes back to us; `date` overrides the moment of the answer (aware)."""

    status: int
    headers: dict[str, str]
    body: bytes
    date: datetime | None = None

    @property
    def content(self) -> Any:
        """Return the body's JSON."""
        return json.loads(self.body)


# What a spoiler may do instead of answering whole.
@dataclass(frozen=True)
class Reset:
    """End the connection without a byte."""


@dataclass(frozen=True)
class Drip:
    """Send the answer a byte now and then, until the test is over or we hang up."""

    answer: Answer
    # Seconds between two bytes.
    pause: float = 0.05


@dataclass(frozen=True)
class Cut:
    """Promise the answer's whole length and hang up half-way."""

    answer: Answer


Spoilt = Answer | Reset | Drip | Cut
Forward = Callable[[], Answer]
Spoiler = Callable[[Asked, Forward], Spoilt]


@dataclass
class _Order:
    operation: str
    spoiler: Spoiler
    times: int | None
    where: Callable[[Asked], bool] | None


@dataclass
class AmazonProxy:
    """Stands on loopback between us and the emulator at `target` (its root URL)."""

    target: str
    asked: list[Asked] = field(default_factory=list)
    _orders: list[_Order] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _over: threading.Event = field(default_factory=threading.Event)
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """Return the proxy's root address."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_port}"

    def settings(self, given: dict[str, str]) -> dict[str, str]:
        """Return those of the emulator's settings that lead through the proxy now."""
        led = ("SPAPI_ENDPOINT_", "LWA_TOKEN_URL")
        return {
            name: value.replace(self.target, self.url)
            for name, value in given.items()
            if name.startswith(led)
        }

    def spoil(
        self,
        operation: str | Operation,
        spoiler: Spoiler,
        *,
        times: int | None = None,
        where: Callable[[Asked], bool] | None = None,
    ) -> None:
        """Spoil the answers of `operation` ("*" for all but the token endpoint).

        `times` is how many, None for all that come; `where` chooses among them. What
        was said first goes first.
        """
        name = operation if isinstance(operation, str) else operation.name
        with self._lock:
            self._orders.append(_Order(name, spoiler, times, where))

    def mend(self) -> None:
        """Let everything pass again."""
        with self._lock:
            self._orders.clear()

    def forget(self) -> None:
        """Forget what was asked so far."""
        with self._lock:
            self.asked.clear()

    def count(self, operation: str | Operation) -> int:
        """Return how often we asked for `operation`."""
        name = operation if isinstance(operation, str) else operation.name
        with self._lock:
            return Counter(one.operation for one in self.asked)[name]

    @contextmanager
    def running(self) -> Iterator[AmazonProxy]:
        """Serve until the block ends."""
        handler = type("Handler", (_Handler,), {"proxy": self})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        self._server = server
        thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.02}
        )
        thread.start()
        try:
            yield self
        finally:
            self._over.set()
            server.shutdown()
            thread.join()
            server.server_close()

    def _spoiler_for(self, asked: Asked) -> Spoiler | None:
        with self._lock:
            self.asked.append(asked)
            for order in self._orders:
                if not _fits(order, asked) or order.times == 0:
                    continue
                if order.times is not None:
                    order.times -= 1
                return order.spoiler
        return None

    def _forward(self, asked: Asked) -> Answer:
        place = urlsplit(self.target)
        assert place.hostname is not None
        connection = HTTPConnection(place.hostname, place.port, timeout=_PATIENCE)
        try:
            connection.request(asked.method, asked.path, asked.body, asked.headers)
            response = connection.getresponse()
            headers = {
                name: value
                for name, value in response.getheaders()
                if name.lower() not in _HOP_BY_HOP
            }
            return Answer(response.status, headers, response.read())
        finally:
            connection.close()


def _fits(order: _Order, asked: Asked) -> bool:
    if order.operation == "*":
        fits = asked.operation != operations.LWA_TOKEN.name
    else:
        fits = order.operation == asked.operation
    return fits and (order.where is None or order.where(asked))


class _Handler(BaseHTTPRequestHandler):
    """Answers one connection's requests."""

    proxy: AmazonProxy
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _serve(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        headers = dict(self.headers.items())
        asked = Asked(
            operation_of(self.command, self.path),
            self.command,
            self.path,
            headers,
            self.rfile.read(size),
        )
        spoiler = self.proxy._spoiler_for(asked)
        if spoiler is None:
            self._send(self.proxy._forward(asked))
            return
        self._send_spoilt(spoiler(asked, lambda: self.proxy._forward(asked)))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815

    def _send_spoilt(self, spoilt: Spoilt) -> None:
        if isinstance(spoilt, Answer):
            self._send(spoilt)
            return
        self.close_connection = True
        if isinstance(spoilt, Reset):
            return
        body = self._head(spoilt.answer)
        if isinstance(spoilt, Cut):
            self.wfile.write(body[: len(body) // 2])
            return
        try:
            for byte in body:
                if self.proxy._over.wait(spoilt.pause):
                    return
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
        except OSError:
            # We have hung up, which is what a drip is to bring about.
            return

    def _send(self, answer: Answer) -> None:
        self.wfile.write(self._head(answer))

    def _head(self, answer: Answer) -> bytes:
        self.send_response_only(answer.status)
        moment = answer.date or datetime.now(UTC)
        self.send_header("Date", format_datetime(moment, usegmt=True))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        return answer.body

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


def operation_of(method: str, path: str) -> str:
    """Return the name of the operation that a request is, or nothing."""
    bare = urlsplit(path).path
    if bare == _TOKEN_PATH:
        return operations.LWA_TOKEN.name
    bare = re.sub(_REGION, "", bare)
    for operation in _OPERATIONS:
        if operation.method == method and _pattern(operation).fullmatch(bare):
            return operation.name
    return ""


def _pattern(operation: Operation) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{\w+\}", "[^/]+", operation.path))


# Those with fewer parameters first: a fixed word is no parameter's value.
_OPERATIONS = sorted(
    (one for one in vars(operations).values() if isinstance(one, Operation)),
    key=lambda one: one.path.count("{"),
)


# -- What may go wrong ----------------------------------------------------------------


def answers(status: int, content: Any = None, **headers: str) -> Spoiler:
    """Answer with this JSON; Amazon never sees the request."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    body = b"" if content is None else json.dumps(content).encode()
    answer = Answer(status, {"Content-Type": "application/json"} | given, body)
    return lambda asked, forward: answer


def refusal(status: int, code: str, message: str = "No.", **headers: str) -> Spoiler:
    """Answer with Amazon's error envelope; Amazon never sees the request."""
    error = {"code": code, "message": message, "details": ""}
    return answers(status, {"errors": [error]}, **headers)


def html(status: int = 200, text: str = "<html><body>Sign in</body></html>") -> Spoiler:
    """Answer with a page, as a captive portal or a proxy does."""
    answer = Answer(status, {"Content-Type": "text/html"}, text.encode())
    return lambda asked, forward: answer


def reset() -> Spoiler:
    """End the connection before Amazon sees the request."""
    return lambda asked, forward: Reset()


def lost_answer() -> Spoiler:
    """Let Amazon do what was asked, and lose its answer."""

    def spoil(asked: Asked, forward: Forward) -> Spoilt:
        forward()
        return Reset()

    return spoil


def drip(pause: float = 0.05) -> Spoiler:
    """Let Amazon's answer trickle, `pause` seconds a byte."""
    return lambda asked, forward: Drip(forward(), pause)


def cut() -> Spoiler:
    """Break Amazon's answer off half-way."""
    return lambda asked, forward: Cut(forward())


def wrong_date(by: timedelta) -> Spoiler:
    """Let Amazon's answer come with another date than this machine's."""
    return lambda asked, forward: replace(forward(), date=datetime.now(UTC) + by)


def edited(edit: Callable[[Any], Any]) -> Spoiler:
    """Change the JSON of Amazon's good answers; others pass as they are."""

    def spoil(asked: Asked, forward: Forward) -> Spoilt:
        answer = forward()
        if not 200 <= answer.status < 300:
            return answer
        return replace(answer, body=json.dumps(edit(answer.content)).encode())

    return spoil


def text(edit: Callable[[bytes], bytes]) -> Spoiler:
    """Change the bytes of Amazon's answers, which then may be no JSON any more."""

    def spoil(asked: Asked, forward: Forward) -> Spoilt:
        answer = forward()
        return replace(answer, body=edit(answer.body))

    return spoil


def refused_token(*names: str) -> Spoiler:
    """Refuse every page token, as Amazon refuses one whose time is over.

    `names` are the query's parameters that hold one; the first page passes.
    """
    parameters = names or ("paginationToken", "pageToken", "nextToken")
    refuse = refusal(
        400,
        "InvalidInput",
        "The pagination token is invalid.",
        x_amzn_RequestId="00000000-refused",
    )

    def spoil(asked: Asked, forward: Forward) -> Spoilt:
        if any(asked.query.get(name) for name in parameters):
            return refuse(asked, forward)
        return forward()

    return spoil
