"""When a webhook is sent again, and when a store's server is down; sync layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from channels_amazon.errors import NeedsMerchant, Recoverable
from channels_amazon.models import StoreEndpoint
from channels_amazon.services.jobs.backoff import item_backoff
from channels_amazon.storefronts.webhook_failures import WebhookCode, WebhookError
from channels_amazon.wording import sentence

# So many failures in a row are the server's fault, not the messages'.
MAX_FAILURES = 3
# A server that was unreachable may be back any minute: its first message must not be
# hours late because many attempts had failed before.
LONGEST_REST_UNREACHABLE = timedelta(minutes=10)
# A server's Retry-After is heeded up to this.
LONGEST_RETRY_AFTER = timedelta(hours=1)


def next_attempt_at(error: WebhookError, attempts: int, now: datetime) -> datetime:
    """Return when a message that failed is sent again, after `attempts` before it."""
    rest = item_backoff(attempts)
    if error.code == WebhookCode.ENDPOINT_UNREACHABLE:
        rest = min(rest, LONGEST_REST_UNREACHABLE)
    return now + rest


@dataclass(slots=True)
class ServerFailures:
    """Failures of one store's server, one after another, without a success between."""

    count: int = 0

    @classmethod
    def of(cls, endpoint: StoreEndpoint) -> ServerFailures:
        """Return the count to begin with: a server already down is tried only once."""
        return cls(MAX_FAILURES - 1 if endpoint.failing_since else 0)

    def add(self, error: WebhookError, now: datetime) -> None:
        """Count a failure; one message that is refused is not the server's.

        Raises NeedsMerchant or Recoverable, which end the run, after MAX_FAILURES.
        """
        if error.is_of_message:
            return
        self.count += 1
        if self.count >= MAX_FAILURES:
            raise _error_of_job(error, now) from error

    def end(self) -> None:
        """Note that the server took a message."""
        self.count = 0


def _error_of_job(error: WebhookError, now: datetime) -> Recoverable | NeedsMerchant:
    fix = sentence(
        "Look at the store's server and its address under Settings → API and "
        "webhooks. What was not told is told as soon as it answers."
    )
    if error.needs_merchant:
        return NeedsMerchant(error.code, error.message, fix=fix)
    retry_at = None
    if error.retry_after:
        wait = timedelta(seconds=error.retry_after)
        retry_at = now + min(wait, LONGEST_RETRY_AFTER)
    return Recoverable(error.code, error.message, fix=fix, retry_at=retry_at)
