"""Sends one signed message to a store's address; storefronts layer.

Signed as https://www.standardwebhooks.com prescribes. The address is a person's word:
what it leads to is looked up once, refused where it is inside a network of ours, and
connected to by that very number, so that a name cannot change its mind in between.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import secrets
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

import certifi
import urllib3
from urllib3.exceptions import HTTPError

from channels_amazon.errors import ShoplinkError
from channels_amazon.wording import sentence

SECRET_PREFIX = "whsec_"  # noqa: S105 - what a secret begins with
_SECRET_BYTES = 32
CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class WebhookError(ShoplinkError):
    """The message did not reach the store; `code` tells why."""


class AddressRefused(WebhookError):
    """The address may not be called: its form, or where it leads."""


class Unreachable(WebhookError):
    """No answer came: no such name, no connection, no time left."""


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """A message as it is sent; the same `id` again is the same message."""

    id: str
    timestamp: int
    body: bytes
    secret: str = field(repr=False)

    def headers(self) -> dict[str, str]:
        """Return the headers that identify and sign the message."""
        return {
            "webhook-id": self.id,
            "webhook-timestamp": str(self.timestamp),
            "webhook-signature": signature(
                self.secret, self.id, self.timestamp, self.body
            ),
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """What the store's server answered; `retry_after` in seconds where it says so."""

    status: int
    retry_after: int | None = None

    @property
    def is_taken(self) -> bool:
        """Tell whether the store has the message."""
        return 200 <= self.status < 300


def new_secret() -> str:
    """Return a new secret that signs messages."""
    made = base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    return f"{SECRET_PREFIX}{made}"


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return `v1,` and the HMAC-SHA256 of id, timestamp and body, in base64."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    made = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return f"v1,{made}"


def check_address(url: str, *, allow_private: bool) -> SplitResult:
    """Return the parts of an address that may be called; raises AddressRefused."""
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


def send(url: str, message: SignedMessage, *, allow_private: bool = False) -> Answer:
    """Send the message once and return how the server answered, whatever it was.

    Follows no redirect and repeats nothing. Raises AddressRefused and Unreachable.
    """
    parts = check_address(url, allow_private=allow_private)
    host = parts.hostname or ""
    address = _resolve(host, parts.port or _port(parts), allow_private=allow_private)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {
        "host": parts.netloc,
        "content-type": "application/json",
        "user-agent": "Shoplink",
        **message.headers(),
    }
    pool = _pool(parts, host, address)
    try:
        reply = pool.urlopen(
            "POST",
            path,
            body=message.body,
            headers=headers,
            redirect=False,
            retries=False,
            assert_same_host=False,
            preload_content=False,
        )
        # The status says all: a body is not read, be it endless.
        reply.close()
        return Answer(reply.status, _seconds(reply.headers))
    except (HTTPError, OSError) as error:
        raise _unreachable(host, error) from error
    finally:
        pool.close()


def _pool(
    parts: SplitResult, host: str, address: Address
) -> urllib3.HTTPConnectionPool:
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    port = parts.port or _port(parts)
    if parts.scheme == "http":
        return urllib3.HTTPConnectionPool(str(address), port, timeout=timeout)
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return urllib3.HTTPSConnectionPool(
        str(address),
        port,
        timeout=timeout,
        ssl_context=context,
        server_hostname=host,
        assert_hostname=host,
    )


def _resolve(host: str, port: int, *, allow_private: bool) -> Address:
    """Return where the name leads; raises AddressRefused for one of our networks."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable(
            "store.endpoint_unreachable",
            sentence("The name %(host)s could not be resolved.", host=host),
            retryable=True,
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


def is_public(address: Address) -> bool:
    """Tell whether the address is in the open internet, also behind a disguise."""
    if isinstance(address, ipaddress.IPv6Address):
        hidden = address.ipv4_mapped or address.sixtofour
        if hidden is not None:
            return is_public(hidden)
        if address.teredo is not None or address in _NAT64:
            return False
    return address.is_global and not address.is_multicast


def _port(parts: SplitResult) -> int:
    return 443 if parts.scheme == "https" else 80


def _seconds(headers: Mapping[str, str]) -> int | None:
    text = headers.get("retry-after", "")
    return int(text) if text.isdecimal() and len(text) < 7 else None


def _refused(message: str) -> AddressRefused:
    return AddressRefused(
        "store.endpoint_refused",
        message,
        fix=sentence("Set an address that begins with https:// and is public."),
    )


def _unreachable(host: str, error: Exception) -> Unreachable:
    is_tls = isinstance(error, urllib3.exceptions.SSLError | ssl.SSLError)
    # A refused connection is a late one too, by the library's family tree.
    is_refused = isinstance(error, urllib3.exceptions.NewConnectionError)
    is_late = isinstance(error, urllib3.exceptions.TimeoutError | TimeoutError)
    message = sentence("No connection to %(host)s could be made.", host=host)
    if is_tls:
        message = sentence("No secure connection to %(host)s could be made.", host=host)
    elif is_late and not is_refused:
        message = sentence("%(host)s did not answer in time.", host=host)
    return Unreachable("store.endpoint_unreachable", message, retryable=True)
