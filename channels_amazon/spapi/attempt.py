"""One attempt of one call: sent, timed and described for the record; client layer."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from channels_amazon.spapi import answers
from channels_amazon.spapi.clock import Clock
from channels_amazon.spapi.errors import NetworkError, SpApiError
from channels_amazon.spapi.recorder import CallRecord
from channels_amazon.spapi.redact import redact_text
from channels_amazon.spapi.retry import AttemptResult
from channels_amazon.spapi.transport import PreparedCall, Reply
from channels_amazon.wording import revised


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one sending: a whole answer, or the step at which it broke."""

    call: PreparedCall
    number: int
    started_at: datetime
    latency: float
    result: Reply | NetworkError

    def outcome(self) -> AttemptResult:
        """Return what the decision about a retry needs to know."""
        if isinstance(self.result, NetworkError):
            return AttemptResult(step=self.result.step)
        return AttemptResult(status=self.result.status)

    def record(self, error: SpApiError | None) -> CallRecord:
        """Return the record of this attempt, which ended in `error` or well."""
        reply = self.result if isinstance(self.result, Reply) else None
        return CallRecord(
            operation=self.call.operation,
            method=self.call.method,
            path=redact_text(urlsplit(self.call.url).path),
            started_at=self.started_at,
            status=reply.status if reply else None,
            amazon_code=error.amazon_code if error else "",
            request_id=answers.request_id_of(reply) if reply else "",
            error_class=type(error).__name__ if error else "",
            message=revised(error.message, redact_text) if error else "",
            attempt=self.number,
            latency_ms=round(1000 * self.latency),
            bytes_sent=len(self.call.body or b""),
            bytes_received=len(reply.body) if reply else 0,
            rate_limit=answers.rate_of(reply) if reply else None,
            server_date=answers.date_of(reply) if reply else None,
        )


def make(
    send: Callable[[PreparedCall], Reply],
    call: PreparedCall,
    number: int,
    clock: Clock,
) -> Attempt:
    """Send the call and return what became of it; raises nothing of the network."""
    started_at = clock()
    began = time.monotonic()
    result: Reply | NetworkError
    try:
        result = send(call)
    except NetworkError as error:
        result = error
    return Attempt(call, number, started_at, time.monotonic() - began, result)
