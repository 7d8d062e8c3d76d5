"""A small HTTP server that answers as told: faults that a good server never makes."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

Script = Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True)
class Received:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: tuple[str, int]


@dataclass
class Scripted:
    """Answers each request with the next script; the last one goes on for ever."""

    scripts: deque[Script] = field(default_factory=deque)
    received: list[Received] = field(default_factory=list)

    def __enter__(self) -> Scripted:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def _answer(self) -> None:
                size = int(self.headers.get("Content-Length") or 0)
                outer.received.append(
                    Received(
                        self.command,
                        self.path,
                        {name.lower(): text for name, text in self.headers.items()},
                        self.rfile.read(size),
                        self.client_address,
                    )
                )
                scripts = outer.scripts
                script = scripts.popleft() if len(scripts) > 1 else scripts[0]
                script(self)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Return the address of the server's root."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def then(self, *scripts: Script) -> Scripted:
        """Answer the next requests so."""
        self.scripts.extend(scripts)
        return self


def answer(
    status: int = 200,
    content: Any = None,
    *,
    text: str | None = None,
    **headers: str,
) -> Script:
    """Return a script that sends JSON, or the text as it is."""
    body = json.dumps(content) if text is None else text
    data = b"" if content is None and text is None else body.encode()

    def script(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(data)

    return script


def refusal(status: int, code: str, message: str = "No.", **headers: str) -> Script:
    """Return a script that sends Amazon's error envelope."""
    error = {"code": code, "message": message, "details": ""}
    return answer(status, {"errors": [error]}, **headers)


def cut(handler: BaseHTTPRequestHandler) -> None:
    """Promise 1,000 bytes and hang up after half."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"{" + b" " * 499)
    handler.close_connection = True


def cut_chunked(handler: BaseHTTPRequestHandler) -> None:
    """Hang up in the middle of a chunk."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"100\r\n{")
    handler.close_connection = True


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    """Hang up without a word."""
    handler.close_connection = True


@dataclass
class Slow:
    """Sends nothing, or a byte now and then, until the test is over."""

    trickles: bool = False
    over: threading.Event = field(default_factory=threading.Event)

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer the request slowly."""
        handler.close_connection = True
        if not self.trickles:
            self.over.wait(20)
            return
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        try:
            while not self.over.wait(0.05):
                handler.wfile.write(b" ")
                handler.wfile.flush()
        except OSError:
            # The client has had enough, as it should.
            return
