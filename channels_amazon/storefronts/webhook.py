"""Sends one signed message to a store's address; storefronts layer.

Signed as https://www.standardwebhooks.com prescribes. Where a message may go is said in
`webhook_address.py`, what an answer means in `webhook_failures.py`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult

import certifi
import urllib3
from urllib3.exceptions import HTTPError

from channels_amazon.storefronts.webhook_address import (
    IpAddress,
    check_address,
    port_of,
    resolve,
)
from channels_amazon.storefronts.webhook_failures import (
    WebhookCode,
    WebhookError,
    error_of_status,
)
from channels_amazon.wording import sentence

SECRET_PREFIX = "whsec_"  # noqa: S105 - what a secret begins with
_SECRET_BYTES = 32
CONNECT_SECONDS = 5.0
# What docs/webhooks.md promises a store for its answer.
READ_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """A message as it is sent; the same `id` again is the same message.

    `timestamp` is Unix time in seconds, `body` is JSON in UTF-8.
    """

    id: str
    timestamp: int
    body: bytes
    secret: str = field(repr=False)

    def headers(self) -> dict[str, str]:
        """Return the headers that identify and sign the message."""
        return {
            "webhook-id": self.id,
            "webhook-timestamp": str(self.timestamp),
            "webhook-signature": self.signature(),
        }

    def signature(self) -> str:
        """Return `v1,` and the HMAC-SHA256 of id, timestamp and body, in base64."""
        key = base64.b64decode(self.secret.removeprefix(SECRET_PREFIX))
        signed = f"{self.id}.{self.timestamp}.".encode() + self.body
        made = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        return f"v1,{made}"


def new_secret() -> str:
    """Return a new secret that signs messages."""
    made = base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
    return f"{SECRET_PREFIX}{made}"


def send(
    url: str,
    message: SignedMessage,
    *,
    allow_private: bool = False,
    ca_file: str = "",
) -> None:
    """Send the message once; it has arrived when this returns.

    Follows no redirect and repeats nothing. `ca_file` holds certificates that are
    trusted beside the usual ones. Raises WebhookError.
    """
    parts = check_address(url, allow_private=allow_private)
    address = resolve(parts, allow_private=allow_private)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {
        "host": parts.netloc,
        "content-type": "application/json",
        "user-agent": "Shoplink",
        **message.headers(),
    }
    pool = _pool(parts, address, ca_file)
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
        # The status says all. The body is not read: it may have no end.
        reply.close()
    except (HTTPError, OSError) as error:
        raise _unreachable(parts.hostname or "", error) from error
    finally:
        pool.close()
    failure = error_of_status(reply.status, _retry_after(reply.headers))
    if failure is not None:
        raise failure


def _pool(
    parts: SplitResult, address: IpAddress, ca_file: str
) -> urllib3.HTTPConnectionPool:
    """Return connections to the number that was checked, whatever the name says now.

    The certificate is held against the name all the same.
    """
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    if parts.scheme == "http":
        return urllib3.HTTPConnectionPool(str(address), port_of(parts), timeout=timeout)
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    if ca_file:
        context.load_verify_locations(ca_file)
    return urllib3.HTTPSConnectionPool(
        str(address),
        port_of(parts),
        timeout=timeout,
        ssl_context=context,
        server_hostname=parts.hostname,
        assert_hostname=parts.hostname,
    )


def _retry_after(headers: Mapping[str, str]) -> int | None:
    """Return the header's seconds, None for a date or for more than 11 days."""
    text = headers.get("retry-after", "")
    return int(text) if text.isdecimal() and len(text) < 7 else None


def _unreachable(host: str, error: Exception) -> WebhookError:
    is_tls = isinstance(error, urllib3.exceptions.SSLError | ssl.SSLError)
    # urllib3 derives a refused connection from a timeout.
    is_refused = isinstance(error, urllib3.exceptions.NewConnectionError)
    is_late = isinstance(error, urllib3.exceptions.TimeoutError | TimeoutError)
    message = sentence("No connection to %(host)s could be made.", host=host)
    if is_tls:
        message = sentence("No secure connection to %(host)s could be made.", host=host)
    elif is_late and not is_refused:
        message = sentence("%(host)s did not answer in time.", host=host)
    return WebhookError(WebhookCode.ENDPOINT_UNREACHABLE, message)
