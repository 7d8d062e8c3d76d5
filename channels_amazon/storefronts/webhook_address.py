"""Refuses webhook addresses that lead into a network of ours; storefronts layer.

The address is a person's word. What its name leads to is looked up once and refused
where it is private; the caller then connects to that very number, so that the name
cannot lead elsewhere between the check and the connection (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import SplitResult, urlsplit

from channels_amazon.storefronts.webhook_failures import WebhookCode, WebhookError
from channels_amazon.wording import sentence

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# What Python's `is_global` takes for the open internet, at least in some versions.
_NOT_PUBLIC = tuple(
    map(
        ipaddress.ip_network,
        (
            # An IPv4 address may hide in the last 32 bits of these (RFC 6052, 8215).
            "64:ff9b::/96",
            "64:ff9b:1::/48",
            "::/96",
            # Inside of a site, as it once was (RFC 3879).
            "fec0::/10",
            # For documentation (RFC 9637), and for segment routing (RFC 9602).
            "3fff::/20",
            "5f00::/16",
        ),
    )
)
_PORTS = {"http": 80, "https": 443}


def check_address(url: str, *, allow_private: bool) -> SplitResult:
    """Return the parts of an address that may be called; raises WebhookError."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _refused(sentence("The address cannot be read.")) from None
    if not url.isascii() or any(sign <= " " or sign == "\x7f" for sign in url):
        raise _refused(
            sentence("The address must be written in plain letters, without spaces.")
        )
    schemes = {"https", "http"} if allow_private else {"https"}
    if parts.scheme not in schemes or not parts.hostname or port == 0:
        raise _refused(sentence("The address must begin with https://."))
    if parts.username or parts.password or parts.fragment:
        raise _refused(
            sentence("The address must hold no user name, password or fragment.")
        )
    return parts


def port_of(parts: SplitResult) -> int:
    """Return the port to connect to, the scheme's own where none is written."""
    return parts.port or _PORTS[parts.scheme]


def resolve(parts: SplitResult, *, allow_private: bool) -> IpAddress:
    """Return the number to connect to; raises WebhookError for one of our networks."""
    host = parts.hostname or ""
    try:
        found = socket.getaddrinfo(host, port_of(parts), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise WebhookError(
            WebhookCode.ENDPOINT_UNREACHABLE,
            sentence("The name %(host)s could not be resolved.", host=host),
        ) from error
    addresses = [ipaddress.ip_address(str(row[4][0]).split("%")[0]) for row in found]
    if not allow_private and not all(map(is_public, addresses)):
        raise _refused(
            sentence(
                "The address leads to %(host)s, which is inside a private network.",
                host=host,
            )
        )
    return addresses[0]


def is_public(address: IpAddress) -> bool:
    """Tell whether the address is in the open internet.

    An IPv6 address that stands for an IPv4 address is judged by that one.
    """
    if isinstance(address, ipaddress.IPv6Address):
        hidden = address.ipv4_mapped or address.sixtofour
        if hidden is not None:
            return is_public(hidden)
        if address.teredo is not None:
            return False
        if any(address in network for network in _NOT_PUBLIC):
            return False
    return address.is_global and not address.is_multicast


def _refused(message: str) -> WebhookError:
    return WebhookError(
        WebhookCode.ADDRESS_REFUSED,
        message,
        fix=sentence("Set an address that begins with https:// and is public."),
    )
