"""A store's server with a certificate of its own authority, which may be named."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from channels_amazon.storefronts import webhook
from channels_amazon.storefronts.webhook import SignedMessage
from channels_amazon.storefronts.webhook_address import Networks
from channels_amazon.storefronts.webhook_failures import WebhookError
from tests.whole.certificates import make_certificate

MESSAGE = SignedMessage("msg_1", 1_767_225_600, b"{}", webhook.new_secret())


class Taker(BaseHTTPRequestHandler):
    """Takes every message."""

    def do_POST(self) -> None:
        """Answer that it has arrived."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Stay silent."""


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """Give the certificate of an authority that nobody knows."""
    return make_certificate(tmp_path, "localhost")[0]


@pytest.fixture
def address(tmp_path: Path, authority: Path) -> Iterator[str]:
    """Give the address of a store's server that this authority vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority, tmp_path / "key.pem")
    with HTTPServer(("127.0.0.1", 0), Taker) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"https://127.0.0.1:{server.server_port}/hook"
        server.shutdown()
        thread.join()


def test_unknown_authority_is_refused(address: str) -> None:
    with pytest.raises(WebhookError, match="No secure connection"):
        webhook.send(address, MESSAGE, allow=Networks(loopback=True))


def test_named_authority_is_trusted(address: str, authority: Path) -> None:
    webhook.send(
        address, MESSAGE, allow=Networks(loopback=True), ca_file=str(authority)
    )
