"""A host that answers as it is told: to see the ways in which one can fail."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime


@contextmanager
def answering(head: bytes | None) -> Iterator[int]:
    """Listen on a free port and answer each request with `head`; None: never."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.settimeout(0.1)
        done = threading.Event()
        thread = threading.Thread(target=_serve, args=(server, head, done))
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            done.set()
            thread.join()


def dated(seconds: float) -> bytes:
    """Return an answer of a host whose clock is that far ahead of ours."""
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
    return (
        f"HTTP/1.1 403 Forbidden\r\nDate: {date}\r\nContent-Length: 0\r\n\r\n".encode()
    )


def free_port() -> int:
    """Return a port on which nobody listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port: int = server.getsockname()[1]
    return port


def _serve(server: socket.socket, head: bytes | None, done: threading.Event) -> None:
    open_ones: list[socket.socket] = []
    while not done.is_set():
        try:
            connection, _address = server.accept()
        except TimeoutError:
            continue
        open_ones.append(connection)
        connection.settimeout(1.0)
        if head is not None:
            connection.recv(4096)
            connection.sendall(head)
    for connection in open_ones:
        connection.close()
