"""Names why a webhook did not arrive, and whose fault that is; storefronts layer."""

from __future__ import annotations

from enum import StrEnum

from channels_amazon.errors import ShoplinkError
from channels_amazon.wording import sentence


class WebhookCode(StrEnum):
    """Why a message did not arrive, by the codes of the fault catalogue."""

    MESSAGE_REFUSED = "store.message_refused"
    ENDPOINT_GONE = "store.endpoint_gone"
    ENDPOINT_REDIRECTS = "store.endpoint_redirects"
    ENDPOINT_FAILING = "store.endpoint_failing"
    ENDPOINT_UNREACHABLE = "store.endpoint_unreachable"
    ADDRESS_REFUSED = "store.endpoint_refused"


# 410: the store has taken the address away for good.
_GONE = 410
# What a server says of a message, not of itself or of who sends it.
_OF_MESSAGE = frozenset({400, 409, 413, 415, 422})
# Nothing gets better before a person sets another address.
_NEEDS_MERCHANT = frozenset({WebhookCode.ENDPOINT_GONE, WebhookCode.ADDRESS_REFUSED})


class WebhookError(ShoplinkError):
    """The message did not arrive; `code` is a WebhookCode.

    `retry_after` is in seconds, None where the server does not say when.
    """

    def __init__(
        self,
        code: WebhookCode,
        message: str,
        *,
        fix: str = "",
        retry_after: int | None = None,
    ) -> None:
        super().__init__(code, message, fix=fix)
        self.retry_after = retry_after

    @property
    def is_of_message(self) -> bool:
        """Tell whether the server is well and refuses this one message."""
        return self.code == WebhookCode.MESSAGE_REFUSED

    @property
    def needs_merchant(self) -> bool:
        """Tell whether the same address can never take a message."""
        return self.code in _NEEDS_MERCHANT


def error_of_status(status: int, retry_after: int | None) -> WebhookError | None:
    """Return what a server's answer means, None for 2xx: the store has the message."""
    if 200 <= status < 300:
        return None
    text = sentence("The store's server answered %(status)s.", status=status)
    if status == _GONE:
        return WebhookError(WebhookCode.ENDPOINT_GONE, text)
    if status in _OF_MESSAGE:
        return WebhookError(WebhookCode.MESSAGE_REFUSED, text)
    if 300 <= status < 400:
        text = sentence(
            "The store's server answered %(status)s, a redirect: redirects are not "
            "followed.",
            status=status,
        )
        return WebhookError(WebhookCode.ENDPOINT_REDIRECTS, text)
    return WebhookError(WebhookCode.ENDPOINT_FAILING, text, retry_after=retry_after)
