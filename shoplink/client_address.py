"""Tells the address of the client, for the limit on failed sign-ins.

What a client claims never makes it another client: an entry of X-Forwarded-For counts
only where one of our own proxies wrote it, and only if it is an address.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

# Longer than any address with brackets, zone and port: the rest is not looked at.
_LONGEST = 100
_BRACKETED = re.compile(r"\[([^\[\]]*)\](?::\d{1,5})?")
_V4_WITH_PORT = re.compile(r"([0-9.]+):\d{1,5}")
# One customer has a whole network of this length, and with it 2**64 addresses.
_V6_NETWORK = 64


def client_address(request: HttpRequest) -> str:
    """Return the client's address in its one written form, "" for an unknown one.

    Each proxy adds the address that it was called from at the end, so that with
    PROXY_COUNT proxies of ours the client's stands at that place from the end; what
    stands before is the client's claim. Where it is no address, the next one that a
    proxy of ours wrote is taken, at last that of the nearest proxy itself.
    """
    nearest = _parsed(str(request.META.get("REMOTE_ADDR", "")))
    if settings.BEHIND_PROXY:
        header = str(request.META.get("HTTP_X_FORWARDED_FOR", ""))
        # A client may claim thousands: only our own proxies' are split off.
        entries = header.rsplit(",", settings.PROXY_COUNT)[-settings.PROXY_COUNT :]
        found = next(filter(None, map(_parsed, entries)), None)
        return str(found or nearest or "")
    return str(nearest or "")


def client_network(request: HttpRequest) -> str | None:
    """Return what failed sign-ins are counted by: the address, of IPv6 the /64.

    None for a client whose address is unknown.
    """
    return network_of(client_address(request))


def network_of(text: str) -> str | None:
    """Return the address itself for IPv4, the first one of its /64 for IPv6."""
    address = _parsed(text)
    if isinstance(address, IPv6Address):
        network = ip_network((address, _V6_NETWORK), strict=False)
        return str(network.network_address)
    return str(address) if address else None


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address in `text`, without brackets, port and zone; None for none."""
    text = text[:_LONGEST].strip()
    found = _BRACKETED.fullmatch(text) or _V4_WITH_PORT.fullmatch(text)
    bare = (found[1] if found else text).partition("%")[0]
    try:
        address = ip_address(bare)
    except ValueError:
        return None
    # The same machine, seen through a socket that speaks both.
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address
