"""Where a webhook may go: into the open internet, never into a network of ours."""

from __future__ import annotations

import ipaddress

import pytest

from channels_amazon.storefronts import webhook
from channels_amazon.storefronts.webhook import SignedMessage
from channels_amazon.storefronts.webhook_address import check_address, is_public
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
        check_address(url, allow_private=False)

    assert raised.value.code == WebhookCode.ADDRESS_REFUSED
