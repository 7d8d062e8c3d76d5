"""Where a webhook may go: into the open internet, never into a network of ours."""

from __future__ import annotations

import ipaddress

import pytest

from channels_amazon.storefronts import webhook
from channels_amazon.storefronts.webhook import SignedMessage
from channels_amazon.storefronts.webhook_address import (
    PUBLIC,
    Networks,
    check_address,
    is_public,
)
from channels_amazon.storefronts.webhook_failures import WebhookCode, WebhookError


@pytest.mark.parametrize(
    ("address", "expected"),
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
        ("64:ff9b:1::a00:1", False),
        ("fec0::1", False),
        ("::a00:1", False),
        ("::8.8.8.8", False),
        ("3fff::1", False),
        ("5f00::1", False),
        ("2001:0:7f00:1::", False),
    ],
)
def test_only_the_open_internet_is_public(address: str, expected: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is expected


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
    with pytest.raises(WebhookError) as raised:
        webhook.send(url, SignedMessage("1", 0, b"{}", webhook.new_secret()))

    # Some systems cannot read the odd spellings of 127.0.0.1 at all.
    refused = (WebhookCode.ADDRESS_REFUSED, WebhookCode.ENDPOINT_UNREACHABLE)
    assert raised.value.code in refused


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
    with pytest.raises(WebhookError) as raised:
        check_address(url, allow=PUBLIC)

    assert raised.value.code == WebhookCode.ADDRESS_REFUSED


NEVER = (
    "169.254.169.254",
    "169.254.1.1",
    "fe80::1",
    "0.0.0.0",  # noqa: S104
    "::",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "100.100.100.200",
    "fd00:ec2::254",
    "::ffff:169.254.169.254",
    "2002:a9fe:a9fe::",
    "64:ff9b::a9fe:a9fe",
    "::a9fe:a9fe",
    "ff02::1",
)
HERE = (
    "127.0.0.1",
    "127.8.9.1",
    "::1",
    "::ffff:127.0.0.1",
    "2002:7f00:1::",
    "64:ff9b::7f00:1",
    "::7f00:1",
)
OWN = ("10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "fd12::1", "::ffff:a00:1")
PRIVATE = Networks(private=True)


@pytest.mark.parametrize("address", NEVER)
def test_link_local_is_never_called(address: str) -> None:
    both = Networks(private=True, loopback=True)

    assert not both.holds(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", HERE)
def test_this_machine_is_called_in_development_alone(address: str) -> None:
    number = ipaddress.ip_address(address)

    assert not PRIVATE.holds(number)
    assert Networks(loopback=True).holds(number)


@pytest.mark.parametrize("address", OWN)
def test_own_networks_are_called_where_that_is_allowed(address: str) -> None:
    number = ipaddress.ip_address(address)

    assert PRIVATE.holds(number)
    assert not PUBLIC.holds(number)
    assert not Networks(loopback=True).holds(number)


def test_private_network_does_not_open_this_machine() -> None:
    with pytest.raises(WebhookError) as raised:
        webhook.send(
            "http://127.0.0.1:9/",
            SignedMessage("1", 0, b"{}", webhook.new_secret()),
            allow=PRIVATE,
        )

    assert raised.value.code == WebhookCode.ADDRESS_REFUSED
