"""The client's address is what our proxies saw, in one form; a claim is never one."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from shoplink.client_address import client_address, client_network, network_of

PROXY = "10.0.0.9"


def seen(rf: RequestFactory, forwarded: str, nearest: str = PROXY) -> str:
    """Return the address of a client whose request came with that header."""
    request = rf.get("/", REMOTE_ADDR=nearest, HTTP_X_FORWARDED_FOR=forwarded)
    return client_address(request)


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("198.51.100.1, 203.0.113.7", "203.0.113.7"),
        (" 203.0.113.7 ", "203.0.113.7"),
        ("203.0.113.7:4711", "203.0.113.7"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("[::ffff:203.0.113.7]:80", "203.0.113.7"),
        ("junk", PROXY),
        ("", PROXY),
        ("203.0.113.7,", PROXY),
        ("203.0.113.007", PROXY),
        ("unknown", PROXY),
        ("2001:db8::1::2", PROXY),
        ("1" * 100_000, PROXY),
    ],
)
def test_address_is_parsed(
    forwarded: str, address: str, rf: RequestFactory, settings: Settings
) -> None:
    settings.BEHIND_PROXY = True

    assert seen(rf, forwarded) == address


def test_header_counts_for_nothing_without_a_proxy(
    rf: RequestFactory, settings: Settings
) -> None:
    settings.BEHIND_PROXY = False

    assert seen(rf, "203.0.113.7", "198.51.100.5") == "198.51.100.5"


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("203.0.113.7, 192.0.2.1", "203.0.113.7"),
        ("junk, 198.51.100.1, 203.0.113.7, 192.0.2.1", "203.0.113.7"),
        ("192.0.2.1", "192.0.2.1"),
        ("junk, 192.0.2.1", "192.0.2.1"),
        ("junk, junk", PROXY),
    ],
)
def test_two_proxies_each_add_what_they_saw(
    forwarded: str, address: str, rf: RequestFactory, settings: Settings
) -> None:
    settings.BEHIND_PROXY, settings.PROXY_COUNT = True, 2

    assert seen(rf, forwarded) == address


def test_client_of_a_socket_without_address_is_unknown(
    rf: RequestFactory, settings: Settings
) -> None:
    settings.BEHIND_PROXY = True

    assert seen(rf, "junk", "") == ""
    assert client_network(rf.get("/", REMOTE_ADDR="")) is None


@given(st.text(), st.sampled_from([1, 2, 3]))
def test_whatever_is_claimed_the_proxy_s_word_stands(claim: str, count: int) -> None:
    from django.test import override_settings

    ours = ", ".join(["203.0.113.7", "192.0.2.1", "192.0.2.2"][:count])
    with override_settings(BEHIND_PROXY=True, PROXY_COUNT=count):
        assert seen(RequestFactory(), f"{claim}, {ours}") == "203.0.113.7"


@given(st.text())
def test_junk_of_the_nearest_proxy_is_no_new_client(junk: str) -> None:
    from django.test import override_settings

    with override_settings(BEHIND_PROXY=True, PROXY_COUNT=1):
        found = seen(RequestFactory(), junk)
    assert str(ip_address(found)) == found


@given(st.ip_addresses(v=6))
def test_one_ipv6_network_is_one_client(address: IPv6Address) -> None:
    if address.ipv4_mapped:
        assert network_of(str(address)) == str(address.ipv4_mapped)
        return
    first = ip_network((address, 64), strict=False).network_address
    assert network_of(str(address)) == str(first)
