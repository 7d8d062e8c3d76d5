"""The HTTP server: threads, kept connections, loopback only; emulator."""

from __future__ import annotations

import contextlib
import logging
import socket
import sys
import threading
import time
from collections.abc import Callable
from http.server import ThreadingHTTPServer
from io import BytesIO
from typing import Any

from werkzeug.serving import WSGIRequestHandler
from werkzeug.wrappers import Request, Response

from .app import CutResponse, Disconnect, DripResponse

HOST = "127.0.0.1"

logger = logging.getLogger(__name__)

Respond = Callable[[Request], Response]


class Handler(WSGIRequestHandler):
    """Answer one request after another on a connection, as Amazon's servers do."""

    protocol_version = "HTTP/1.1"
    # TCP_NODELAY: headers and body are two writes, and the second would otherwise wait
    # for the client's delayed ACK.
    disable_nagle_algorithm = True
    server: Server  # type: ignore[assignment]

    def run_wsgi(self) -> None:
        """Answer one request and keep the connection, which werkzeug would close."""
        environ = self.make_environ()
        stream = environ["wsgi.input"]
        is_chunked = bool(environ.get("wsgi.input_terminated"))
        body = stream.read() if is_chunked else stream.read(self._length())
        environ["wsgi.input"] = BytesIO(body)
        try:
            response = self.server.respond(Request(environ))
        except Disconnect:
            self.close_connection = True
            return
        self._send(response)

    def _length(self) -> int:
        text = self.headers.get("Content-Length", "0")
        return int(text) if text.isdigit() else 0

    def _send(self, response: Response) -> None:
        body = response.get_data()
        with contextlib.suppress(ConnectionError):
            self.send_response(response.status_code)
            for name, value in response.headers:
                if name.lower() != "content-length":
                    self.send_header(name, value)
            if response.status_code != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if isinstance(response, CutResponse):
                self.close_connection = True
                body = body[: len(body) // 2]
            if self.command != "HEAD" and response.status_code != 204:
                self._write(body, response)
            self.wfile.flush()

    def _write(self, body: bytes, response: Response) -> None:
        if not isinstance(response, DripResponse):
            self.wfile.write(body)
            return
        for byte in body:
            self.wfile.write(bytes([byte]))
            time.sleep(response.pause)

    def log(self, type: str, message: str, *args: Any) -> None:
        """Keep no access log: the world records every request."""


class Server(ThreadingHTTPServer):
    """Serve until stopped, then close the connections clients still keep.

    Not werkzeug's own server, which ends the process over a taken port; here that
    raises OSError. Port 0 takes any.
    """

    # Connections the kernel keeps waiting: the default of 5 is too few for a benchmark.
    request_queue_size = 128
    # Attributes that werkzeug's handler reads from its server.
    multithread = True
    multiprocess = False
    ssl_context = None

    def __init__(self, port: int, respond: Respond) -> None:
        super().__init__((HOST, port), Handler)
        self.respond = respond
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        self._thread = threading.Thread(
            target=self.serve_forever, args=(0.05,), name="emulator-http", daemon=True
        )

    def start(self) -> None:
        """Begin to answer, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and close every connection."""
        self.shutdown()
        self._thread.join()
        self.server_close()
        with self._guard:
            still_open = list(self._open)
        for connection in still_open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, then hand it to a thread."""
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection and forget it."""
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log what a handler thread raised, with its traceback."""
        logger.error("event=emulator.request_failed", exc_info=sys.exception())
