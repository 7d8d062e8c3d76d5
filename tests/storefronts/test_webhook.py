"""One signed message to a store's address: how it is signed, where it may go."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import socket
from collections.abc import Iterator

import pytest

from channels_amazon.storefronts import webhook
from channels_amazon.storefronts.webhook import (
    AddressRefused,
    SignedMessage,
    Unreachable,
)
from tests.spapi.server import Scripted, Slow, answer, hang_up

# The example of the scheme's own documentation.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE = SignedMessage(
    "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}', SECRET
)


@pytest.fixture
def server() -> Iterator[Scripted]:
    """Give a store's server without scripts yet."""
    with Scripted() as server:
        yield server


def test_signature_is_that_of_the_scheme() -> None:
    assert MESSAGE.headers()["webhook-signature"] == (
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


def test_server_gets_what_it_needs_to_verify(server: Scripted) -> None:
    server.then(answer(204))
    secret = webhook.new_secret()
    message = SignedMessage("order-1-2", 1_700_000_000, b'{"a": 1}', secret)

    reply = webhook.send(f"{server.url}/in?x=1", message, allow_private=True)

    (got,) = server.received
    signed = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}."
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.digest(key, signed.encode() + got.body, hashlib.sha256)
    assert reply.is_taken
    assert (got.method, got.path) == ("POST", "/in?x=1")
    assert got.headers["webhook-signature"] == f"v1,{base64.b64encode(mac).decode()}"
    assert got.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("address", "is_public"),
    [
        ("8.8.8.8", True),
        ("2001:4860:4860::8888", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("2002:7f00:1::", False),
        ("64:ff9b::a00:1", False),
        ("2001:0:7f00:1::", False),
    ],
)
def test_only_the_open_internet_is_public(address: str, is_public: bool) -> None:
    assert webhook.is_public(ipaddress.ip_address(address)) is is_public


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/hook",
        "https://localhost/hook",
        "https://[::1]/hook",
        "https://2130706433/hook",
        "https://127.1/hook",
    ],
)
def test_private_address_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises((AddressRefused, Unreachable)):
        webhook.send(url, MESSAGE)


@pytest.mark.parametrize(
    "url",
    [
        "http://store.example/hook",
        "ftp://store.example/",
        "file:///etc/passwd",
        "https://",
        "https://user:pass@store.example/",
        "https://store.example/#part",
        "https://store.example:99999/",
        "https://[store",
        "https://store.example/a b",
        "https://store.example/\r\nx: y",
        "https://störe.example/",
        "",
    ],
)
def test_odd_address_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        webhook.check_address(url, allow_private=False)


def test_redirect_is_not_followed(server: Scripted) -> None:
    server.then(answer(302, location=f"{server.url}/other"))

    reply = webhook.send(server.url, MESSAGE, allow_private=True)

    assert (reply.status, reply.is_taken) == (302, False)
    assert len(server.received) == 1


def test_retry_after_is_read_where_it_is_a_number(server: Scripted) -> None:
    server.then(answer(503, Retry_After="30"), answer(503, Retry_After="soon"))

    told = [
        webhook.send(server.url, MESSAGE, allow_private=True).retry_after
        for _ in range(2)
    ]

    assert told == [30, None]


def test_endless_answer_is_not_waited_for(server: Scripted) -> None:
    slow = Slow(trickles=True)
    server.then(slow)

    assert webhook.send(server.url, MESSAGE, allow_private=True).status == 200
    slow.over.set()


def test_server_that_hangs_up_is_unreachable(server: Scripted) -> None:
    server.then(hang_up)

    with pytest.raises(Unreachable):
        webhook.send(server.url, MESSAGE, allow_private=True)


def test_silent_server_is_not_waited_for(
    server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "READ_SECONDS", 0.2)
    slow = Slow()
    server.then(slow)

    with pytest.raises(Unreachable, match="did not answer in time"):
        webhook.send(server.url, MESSAGE, allow_private=True)
    slow.over.set()


def test_closed_port_and_unknown_name_are_unreachable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = {f"127.0.0.1:{port}": "No connection", "store.invalid": "be resolved"}
    for host, why in told.items():
        with pytest.raises(Unreachable, match=why):
            webhook.send(f"http://{host}/", MESSAGE, allow_private=True)


def test_server_without_tls_is_told_apart(server: Scripted) -> None:
    server.then(answer(200))

    with pytest.raises(Unreachable, match="secure connection"):
        webhook.send(server.url.replace("http:", "https:"), MESSAGE, allow_private=True)
