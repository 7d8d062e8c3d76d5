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
from http.client import HTTPException
from urllib.parse import SplitResult

import certifi

from channels_amazon.storefronts.deadline import Deadline, Request, TooMuch, post
from channels_amazon.storefronts.webhook_address import (
    PUBLIC,
    Networks,
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
# For all of a message. docs/webhooks.md promises a store ten seconds for its answer.
TOTAL_SECONDS = 15.0


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
    allow: Networks = PUBLIC,
    ca_file: str = "",
    seconds: float = TOTAL_SECONDS,
) -> None:
    """Send the message once; it has arrived when this returns.

    Follows no redirect, repeats nothing, and takes `seconds` at most for all of it:
    the name, the connection, the answer. `ca_file` holds certificates that are trusted
    beside the usual ones. Raises WebhookError.
    """
    deadline = Deadline.after(seconds)
    parts = check_address(url, allow=allow)
    number = resolve(parts, deadline, allow=allow)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {
        "host": parts.netloc,
        "content-type": "application/json",
        "user-agent": "Shoplink",
        **message.headers(),
    }
    try:
        reply = post(
            Request(path, headers, message.body),
            (number, port_of(parts)),
            deadline,
            connect_seconds=CONNECT_SECONDS,
            tls=_tls(parts, ca_file),
        )
    except (OSError, HTTPException) as error:
        raise _unreachable(parts.hostname or "", error) from error
    failure = error_of_status(reply.status, _retry_after(reply.headers))
    if failure is not None:
        raise failure


def _tls(parts: SplitResult, ca_file: str) -> tuple[ssl.SSLContext, str] | None:
    """Return how the connection is secured, None for plain http.

    It goes to the number that was checked, whatever the name says now; the certificate
    is held against the name all the same.
    """
    if parts.scheme == "http":
        return None
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    if ca_file:
        context.load_verify_locations(ca_file)
    return context, parts.hostname or ""


def _retry_after(headers: Mapping[str, str]) -> int | None:
    """Return the header's seconds, None for a date or for more than 11 days."""
    text = headers.get("retry-after", "")
    return int(text) if text.isdecimal() and len(text) < 7 else None


def _unreachable(host: str, error: Exception) -> WebhookError:
    message = sentence("No connection to %(host)s could be made.", host=host)
    if isinstance(error, TimeoutError):
        message = sentence("%(host)s did not answer in time.", host=host)
    elif isinstance(error, ssl.SSLError):
        message = sentence("No secure connection to %(host)s could be made.", host=host)
    elif isinstance(error, HTTPException | TooMuch):
        message = sentence("%(host)s did not answer as a web server does.", host=host)
    return WebhookError(WebhookCode.ENDPOINT_UNREACHABLE, message)
