"""Tests of the transport against a server that misbehaves."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from channels_amazon.spapi.errors import NetworkError
from channels_amazon.spapi.transport import PreparedCall, Transport, user_agent
from tests.spapi.server import (
    Script,
    Scripted,
    Slow,
    answer,
    cut,
    cut_chunked,
    hang_up,
)


def get(url: str, timeout: float = 5.0) -> PreparedCall:
    return PreparedCall("GET", url, {}, None, timeout, "getOrder")


def test_send_returns_the_whole_answer(server: Scripted, transport: Transport) -> None:
    server.then(answer(418, {"a": 1}, x_amzn_RequestId="r-1"))

    reply = transport.send(get(server.url + "/a%2Fb?c=d"))

    assert (reply.status, reply.body) == (418, b'{"a": 1}')
    assert reply.headers["X-AMZN-REQUESTID"] == "r-1"
    assert server.received[0].path == "/a%2Fb?c=d"


def test_send_names_itself_as_amazon_prescribes(
    server: Scripted, transport: Transport
) -> None:
    server.then(answer())

    transport.send(get(server.url))

    assert server.received[0].headers["user-agent"] == user_agent()
    assert user_agent().startswith("Shoplink/0.1 (Language=Python/3")


def test_send_keeps_the_connection_of_a_thread(
    server: Scripted, transport: Transport
) -> None:
    server.then(answer(200, {}), answer(204), answer(200, {}))
    for _ in range(3):
        transport.send(get(server.url))

    other = threading.Thread(target=transport.send, args=(get(server.url),))
    other.start()
    other.join()

    used = [request.connection for request in server.received]
    assert len(set(used[:3])) == 1
    assert used[3] != used[0]


def test_send_after_fork_opens_a_connection_of_its_own(
    server: Scripted, transport: Transport
) -> None:
    server.then(answer(200, {}))
    transport.send(get(server.url))
    child = os.fork()
    if child == 0:
        status = transport.send(get(server.url)).status
        os._exit(0 if status == 200 else 1)
    _, code = os.waitpid(child, 0)
    transport.send(get(server.url))

    used = [request.connection for request in server.received]
    assert os.waitstatus_to_exitcode(code) == 0
    assert used[0] == used[2] != used[1]


def test_send_follows_no_redirect_and_keeps_no_cookie(
    server: Scripted, transport: Transport
) -> None:
    server.then(answer(302, location="/elsewhere", set_cookie="a=b"), answer(200, {}))

    first = transport.send(get(server.url))
    transport.send(get(server.url))

    assert first.status == 302
    assert "cookie" not in server.received[1].headers


def test_send_leaves_netrc_alone(
    server: Scripted,
    transport: Transport,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login u password p\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server.then(answer(200, {}))

    transport.send(get(server.url))

    assert "authorization" not in server.received[0].headers


def test_send_goes_through_the_proxy_of_the_environment(
    server: Scripted, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.setenv("no_proxy", "")
    server.then(answer(200, {}))

    reply = transport.send(get("http://sellingpartnerapi-na.amazon.com/a"))

    assert reply.status == 200
    assert server.received[0].path == "http://sellingpartnerapi-na.amazon.com/a"


def test_send_spares_the_proxy_the_hosts_it_is_not_for(
    server: Scripted, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Scripted() as gone:
        monkeypatch.setenv("http_proxy", gone.url)
        monkeypatch.setenv("no_proxy", "amazon.com,127.0.0.1")
    server.then(answer(200, {}))

    assert transport.send(get(server.url)).status == 200


def test_send_reads_the_environment_once_for_a_connection(
    server: Scripted, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.then(answer(200, {}), answer(200, {}))
    transport.send(get(server.url))
    with Scripted() as gone:
        monkeypatch.setenv("http_proxy", gone.url)
        monkeypatch.setenv("no_proxy", "")

    assert transport.send(get(server.url)).status == 200


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_send_trusts_the_certificates_of_the_environment(
    server: Scripted,
    transport: Transport,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    name: str,
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.setenv(name, str(tmp_path / "missing.pem"))

    with pytest.raises(NetworkError) as caught:
        transport.send(get(server.url.replace("http://", "https://")))

    assert "missing.pem" in str(caught.value.__cause__)


@pytest.mark.parametrize("script", [cut, cut_chunked, hang_up])
def test_send_reports_an_answer_that_broke_off(
    server: Scripted, transport: Transport, script: Script
) -> None:
    server.then(script)

    with pytest.raises(NetworkError) as caught:
        transport.send(get(server.url))

    assert (caught.value.step, caught.value.code) == ("read", "network.read")
    assert caught.value.retryable


@pytest.mark.parametrize("trickles", [False, True])
def test_send_ends_at_its_time(
    server: Scripted, transport: Transport, trickles: bool
) -> None:
    slow = Slow(trickles)
    server.then(slow)
    began = time.monotonic()

    with pytest.raises(NetworkError) as caught:
        transport.send(get(server.url, timeout=0.3))
    slow.over.set()

    assert caught.value.step == "timeout"
    assert time.monotonic() - began < 3


def test_send_refuses_a_body_without_end(
    server: Scripted, transport: Transport
) -> None:
    server.then(answer(200, text="x" * 300_000))

    with pytest.raises(NetworkError) as caught:
        transport.send(get(server.url))

    assert caught.value.step == "read"


def test_send_names_the_step_connect(server: Scripted, transport: Transport) -> None:
    with Scripted() as gone:
        url = gone.url

    with pytest.raises(NetworkError) as caught:
        transport.send(get(url))

    assert caught.value.step == "connect"


def test_send_names_the_step_dns(transport: Transport) -> None:
    with pytest.raises(NetworkError) as caught:
        transport.send(get("http://nowhere.invalid/"))

    assert (caught.value.step, caught.value.code) == ("dns", "network.dns")


def test_send_names_the_step_tls(server: Scripted, transport: Transport) -> None:
    server.then(answer())
    url = server.url.replace("http://", "https://")

    with pytest.raises(NetworkError) as caught:
        transport.send(get(url))

    assert caught.value.step == "tls"


def test_send_names_the_step_proxy(
    server: Scripted, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Scripted() as gone:
        monkeypatch.setenv("https_proxy", gone.url)
        monkeypatch.setenv("no_proxy", "")

    with pytest.raises(NetworkError) as caught:
        transport.send(get("https://sellingpartnerapi-na.amazon.com/"))

    assert caught.value.step == "proxy"
