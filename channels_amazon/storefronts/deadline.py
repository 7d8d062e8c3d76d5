"""Speaks HTTP/1.1 to one server until a deadline, and reads so much; storefronts layer.

Libraries bound each wait for a byte, and start it anew with each byte that comes. A
server that drips its answer then holds whoever asked for hours.
"""

from __future__ import annotations

import http.client
import io
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# Of a status line and headers; Python's own bound is a hundred lines of 64 kB.
MOST_BYTES = 32 * 1024


class TooMuch(OSError):
    """The server's answer is longer than any status line with headers."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment of the monotonic clock."""

    until: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """Return the moment that is so far away."""
        return cls(time.monotonic() + seconds)

    def left(self, at_most: float = float("inf")) -> float:
        """Return the seconds until then, `at_most` so many; raises TimeoutError."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError("The deadline has passed.")
        return min(left, at_most)


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent: a POST with these headers, the host's among them."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """How the server answered; its body is not read: it may have no end."""

    status: int
    headers: Mapping[str, str]


def look_up(host: str, port: int, deadline: Deadline) -> list[str]:
    """Return the numbers that the name leads to.

    The resolver of the system cannot be interrupted: it is left behind in a thread of
    its own, whose time its configuration bounds. Raises OSError and UnicodeError.
    """
    found: list[Any] = []
    failed: list[Exception] = []

    def ask() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            failed.append(error)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(deadline.left())
    if failed:
        raise failed[0]
    if asking.is_alive():
        raise TimeoutError("The name was not resolved in time.")
    return [str(row[4][0]).split("%")[0] for row in found]


def post(
    request: Request,
    address: tuple[IpAddress, int],
    deadline: Deadline,
    *,
    connect_seconds: float,
    tls: tuple[ssl.SSLContext, str] | None,
) -> Reply:
    """Send the request to the number and port; `tls` is a context and the name.

    Raises OSError (with TimeoutError, ssl.SSLError, TooMuch) and HTTPException.
    """
    number, port = address
    timeout = deadline.left(connect_seconds)
    connection = socket.create_connection((str(number), port), timeout)
    try:
        if tls is not None:
            context, name = tls
            # Timeouts of TLS and of sendall hold for the whole of it, whatever comes.
            connection.settimeout(deadline.left(connect_seconds))
            connection = context.wrap_socket(connection, server_hostname=name)
        connection.settimeout(deadline.left())
        connection.sendall(_written(request))
        return _read(connection, deadline)
    finally:
        connection.close()


def _written(request: Request) -> bytes:
    """Return the request's bytes; the address and the headers were checked before."""
    headers = {
        **request.headers,
        "content-length": str(len(request.body)),
        "connection": "close",
    }
    lines = [f"POST {request.path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join([*lines, "", ""])
    return head.encode("ascii") + request.body


def _read(connection: socket.socket, deadline: Deadline) -> Reply:
    reply = http.client.HTTPResponse(_Bounded(connection, deadline))  # type: ignore[arg-type]
    try:
        reply.begin()
        return Reply(reply.status, {k.lower(): v for k, v in reply.getheaders()})
    finally:
        reply.close()


class _Bounded:
    """A socket as HTTPResponse wants one, of which only the reading is bounded."""

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self._raw = _Reader(connection, deadline)

    def makefile(self, mode: str) -> io.BufferedReader:
        """Return the file that is read from."""
        return io.BufferedReader(self._raw, buffer_size=4096)


class _Reader(io.RawIOBase):
    """Reads from a socket until the deadline, and up to MOST_BYTES."""

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        super().__init__()
        self._connection = connection
        self._deadline = deadline
        self._left = MOST_BYTES

    def readable(self) -> bool:
        """Tell that it can be read from."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer with what comes next; raises TimeoutError and TooMuch."""
        if self._left <= 0:
            raise TooMuch("The answer is too long.")
        self._connection.settimeout(self._deadline.left())
        view = memoryview(buffer)[: self._left]
        count = self._connection.recv_into(view)
        self._left -= count
        return count
