"""Refuses webhook addresses that lead into a network of ours; storefronts layer.

The address is a person's word. What its name leads to is looked up once and refused
where it is private; the caller then connects to that very number, so that the name
cannot lead elsewhere between the check and the connection (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from channels_amazon.storefronts.deadline import Deadline, IpAddress, look_up
from channels_amazon.storefronts.webhook_failures import WebhookCode, WebhookError
from channels_amazon.wording import sentence

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
# An IPv4 address is in the last 32 bits of these.
_HOLDING_IPV4 = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "::/96")))
# Networks of one's own (RFC 1918, 4193, 6598).
_OWN = tuple(
    map(
        ipaddress.ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"),
    )
)
# Where cloud machines tell their secrets, outside of the link-local networks.
_METADATA = frozenset(
    map(ipaddress.ip_address, ("100.100.100.200", "fd00:ec2::254", "fd20:ce::254"))
)
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Networks:
    """Where a message may go beside the open internet.

    `private`: into networks of one's own, also by http://. `loopback`: to this machine
    itself, which is for development alone. What is link-local, with the metadata of
    cloud machines, is never called.
    """

    private: bool = False
    loopback: bool = False

    @property
    def has_plain_http(self) -> bool:
        """Tell whether http:// will do."""
        return self.private or self.loopback

    def holds(self, address: IpAddress) -> bool:
        """Tell whether a message may go to the number."""
        plain = _plain(address)
        if plain.is_loopback:
            return self.loopback
        return is_public(address) or (self.private and _is_own(plain))


PUBLIC = Networks()


def check_address(url: str, *, allow: Networks) -> SplitResult:
    """Return the parts of an address that may be called; raises WebhookError.

    A number is judged here already, and the name of this machine itself; what another
    name leads to is known when it is called.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _refused(sentence("The address cannot be read.")) from None
    if not url.isascii() or any(sign <= " " or sign == "\x7f" for sign in url):
        raise _refused(
            sentence("The address must be written in plain letters, without spaces.")
        )
    schemes = {"https", "http"} if allow.has_plain_http else {"https"}
    if parts.scheme not in schemes or not parts.hostname or port == 0:
        raise _refused(sentence("The address must begin with https://."))
    if parts.username or parts.password or parts.fragment:
        raise _refused(
            sentence("The address must hold no user name, password or fragment.")
        )
    number = _number_in(parts.hostname)
    if number is not None and not allow.holds(number):
        raise _private(parts.hostname)
    return parts


def _number_in(host: str) -> IpAddress | None:
    if host == "localhost" or host.endswith(".localhost"):
        return ipaddress.IPv4Address("127.0.0.1")
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def port_of(parts: SplitResult) -> int:
    """Return the port to connect to, the scheme's own where none is written."""
    return parts.port or _PORTS[parts.scheme]


def resolve(parts: SplitResult, deadline: Deadline, *, allow: Networks) -> IpAddress:
    """Return the number to connect to; raises WebhookError for one that is not allowed.

    All that the name leads to must be allowed: the caller goes to the first.
    """
    host = parts.hostname or ""
    try:
        found = look_up(host, port_of(parts), deadline)
    except (OSError, UnicodeError) as error:
        raise WebhookError(
            WebhookCode.ENDPOINT_UNREACHABLE,
            sentence("The name %(host)s could not be resolved.", host=host),
        ) from error
    addresses = [ipaddress.ip_address(number) for number in found]
    if not all(map(allow.holds, addresses)):
        raise _private(host)
    return addresses[0]


def _plain(address: IpAddress) -> IpAddress:
    """Return the IPv4 address that an IPv6 address stands for, else the same."""
    if isinstance(address, ipaddress.IPv6Address):
        hidden = address.ipv4_mapped or address.sixtofour
        if hidden is not None:
            return hidden
        if any(address in network for network in _HOLDING_IPV4):
            # ::1 and :: are addresses of their own.
            low = int(address) & 0xFFFFFFFF
            return address if low < 256 else ipaddress.IPv4Address(low)
    return address


def _is_own(address: IpAddress) -> bool:
    """Tell whether a network of one's own may have the address."""
    return any(address in network for network in _OWN) and address not in _METADATA


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


def _private(host: str) -> WebhookError:
    return _refused(
        sentence(
            "The address leads to %(host)s, which is inside a private network.",
            host=host,
        )
    )


def _refused(message: str) -> WebhookError:
    return WebhookError(
        WebhookCode.ADDRESS_REFUSED,
        message,
        fix=sentence("Set an address that begins with https:// and is public."),
    )
