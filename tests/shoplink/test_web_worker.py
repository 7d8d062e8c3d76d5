"""An address that is too long for gunicorn gets a page that says what to do."""

from __future__ import annotations

import runpy
import socket
from pathlib import Path

import pytest
from django.urls import reverse
from gunicorn.config import Config
from gunicorn.http.errors import LimitRequestLine
from gunicorn.http.parser import RequestParser
from gunicorn.util import load_class

from shoplink.web_worker import Worker

ROOT = Path(__file__).resolve().parents[2]


def asked(order_ids: int) -> tuple[str, str]:
    """Return head and body of the answer to an address that names so many orders."""
    query = "&".join(f"order={1_000_000 + number}" for number in range(order_ids))
    client, server = socket.socketpair()
    config = Config()
    config.set("limit_request_line", 8190)
    with client, server:
        client.sendall(
            f"GET {reverse('amazon-ship-selected')}?{query} HTTP/1.1\r\n".encode()
        )
        with pytest.raises(LimitRequestLine) as raised:
            next(RequestParser(config, server, ("127.0.0.1", 1)))
        worker = Worker.__new__(Worker)
        worker.handle_error(None, server, ("127.0.0.1", 1), raised.value)
        head, _, body = client.recv(100_000).decode().partition("\r\n\r\n")
    return head, body


def test_address_of_too_many_orders_is_told_what_to_do() -> None:
    head, body = asked(600)

    assert head.startswith("HTTP/1.1 414 ")
    assert f"Content-Length: {len(body.encode())}" in head
    assert "This address is too long." in body
    assert "网址过长" in body
    for name in ("amazon-order-list", "amazon-bulk-ship"):
        assert f'href="{reverse(name)}' in body


def test_gunicorn_serves_with_it() -> None:
    settings = runpy.run_path(str(ROOT / "gunicorn.conf.py"))

    assert load_class(settings["worker_class"]) is Worker
    assert settings["limit_request_line"] == 8190
