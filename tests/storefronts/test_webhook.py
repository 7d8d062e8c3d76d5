"""One signed message to a store's address: how it is signed, what its answer means."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
from collections.abc import Iterator

import pytest

from channels_amazon.storefronts import webhook
from channels_amazon.storefronts.webhook import SignedMessage
from channels_amazon.storefronts.webhook_address import Networks
from channels_amazon.storefronts.webhook_failures import WebhookCode, WebhookError
from tests.spapi.server import Scripted, Slow, answer, hang_up

# The example of the scheme's own documentation.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
HERE = Networks(loopback=True)
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

    webhook.send(f"{server.url}/in?x=1", message, allow=HERE)

    (got,) = server.received
    signed = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}."
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.digest(key, signed.encode() + got.body, hashlib.sha256)
    assert (got.method, got.path) == ("POST", "/in?x=1")
    assert got.headers["webhook-signature"] == f"v1,{base64.b64encode(mac).decode()}"
    assert got.headers["content-type"] == "application/json"


def failure(url: str, seconds: float = webhook.TOTAL_SECONDS) -> WebhookError:
    """Return why the message does not arrive there."""
    with pytest.raises(WebhookError) as raised:
        webhook.send(url, MESSAGE, allow=HERE, seconds=seconds)
    return raised.value


def test_redirect_is_not_followed(server: Scripted) -> None:
    server.then(answer(302, location=f"{server.url}/other"))

    assert failure(server.url).code == WebhookCode.ENDPOINT_REDIRECTS
    assert len(server.received) == 1


def test_retry_after_is_read_where_it_is_a_number(server: Scripted) -> None:
    server.then(answer(503, Retry_After="30"), answer(503, Retry_After="soon"))

    assert failure(server.url).retry_after == 30
    assert failure(server.url).retry_after is None


def test_endless_answer_is_not_waited_for(server: Scripted) -> None:
    slow = Slow(trickles=True)
    server.then(slow)

    webhook.send(server.url, MESSAGE, allow=HERE)

    assert len(server.received) == 1
    slow.over.set()


def test_server_that_hangs_up_is_unreachable(server: Scripted) -> None:
    server.then(hang_up)

    assert failure(server.url).code == WebhookCode.ENDPOINT_UNREACHABLE


def test_silent_server_is_not_waited_for(server: Scripted) -> None:
    slow = Slow()
    server.then(slow)

    assert "did not answer in time" in failure(server.url, 0.2).message
    slow.over.set()


def test_closed_port_and_unknown_name_are_unreachable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = {f"127.0.0.1:{port}": "No connection", "store.invalid": "be resolved"}
    for host, why in told.items():
        error = failure(f"http://{host}/")
        assert error.code == WebhookCode.ENDPOINT_UNREACHABLE
        assert why in error.message


def test_server_without_tls_is_told_apart(server: Scripted) -> None:
    server.then(answer(200))

    error = failure(server.url.replace("http:", "https:"))

    assert "secure connection" in error.message
