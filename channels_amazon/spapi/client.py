"""Calls an operation of Amazon for an account: quota, token, retries; client layer."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlsplit

from channels_amazon.spapi import answers, attempt, errors, throttle
from channels_amazon.spapi.answers import ApiResponse
from channels_amazon.spapi.bucket import DELIVERY_SECONDS, hold_seconds
from channels_amazon.spapi.clock import Clock, Sleep, utc_now
from channels_amazon.spapi.errors import Evidence, NetworkError
from channels_amazon.spapi.exchange import exchange_of
from channels_amazon.spapi.operations import Operation
from channels_amazon.spapi.recorder import Recorder
from channels_amazon.spapi.retry import DEAR_SECONDS, Effort, GiveUp, decide
from channels_amazon.spapi.throttle import BucketStore
from channels_amazon.spapi.tokens import AccessTokens
from channels_amazon.spapi.transport import PreparedCall, Reply, Transport
from channels_amazon.wording import sentence

QueryValue = str | int | bool | datetime | list[str] | tuple[str, ...] | None
# Seconds that one attempt may take. _LEAST_ATTEMPT holds even when the call's budget is
# used up: less would fail before Amazon could answer, and the quota is spent already.
_LONGEST_ATTEMPT = 15.0
_LEAST_ATTEMPT = 1.0
# Seconds in which a token grows at two a second, and what a bucket that was just opened
# waits for its first call to arrive.
LONGEST_WAIT = 0.5 + DELIVERY_SECONDS
# Seconds, so that a wait of exactly `max_wait` does not fail on float rounding.
_WAIT_TOLERANCE = 0.01
# Seconds to sleep at least. The database may store times in milliseconds, so a sleep
# can end a millisecond early; the bucket then names a retry time that is already past.
_LEAST_WAIT = 0.002
# Other processes take from the same bucket and may be faster each time we wake.
_MOST_QUOTA_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class _Request:
    """What stays the same over all attempts of one call."""

    operation: Operation
    path: str
    query: str
    body: bytes | None
    marketplace_id: str
    reference: str


@dataclass(frozen=True, slots=True)
class SpApiClient:
    """Amazon's API at one region's endpoint, as one account of one application.

    `subject` names the account to the token and bucket stores (`account:<pk>`),
    `application` the application for grantless calls (`application:<pk>`). A call
    waits for quota no longer than `max_wait` seconds and takes no longer than
    `budget` seconds with all its attempts. With `spares_tokens` it repeats no call
    whose token takes long to grow back: who calls again later has one then. Without
    `repeats` it repeats none that failed, to see cheaply whether an outage goes on.
    """

    endpoint: str
    subject: str
    tokens: AccessTokens
    buckets: BucketStore
    recorder: Recorder
    transport: Transport
    application: str = "application"
    clock: Clock = utc_now
    sleep: Sleep = time.sleep
    max_wait: float = LONGEST_WAIT
    budget: float = 20.0
    spares_tokens: bool = True
    repeats: bool = True
    jitter: random.Random = field(default_factory=random.Random)

    def call(
        self,
        operation: Operation,
        *,
        path: Mapping[str, str] | None = None,
        query: Mapping[str, QueryValue] | None = None,
        body: Any = None,
        marketplace_id: str = "",
    ) -> ApiResponse:
        """Make the call and return the answer, which is 2xx and readable.

        Raises Throttled before sending when no quota is left within `max_wait`; else
        a subclass of SpApiError. A write is repeated only where that is harmless. Where
        no quota is left for another attempt, what the last one met is raised.
        """
        fields = dict(path or {})
        request = _Request(
            operation=operation,
            path=_fill(operation, fields),
            query=_encode(query or {}),
            body=None if body is None else json.dumps(body, default=_amount).encode(),
            marketplace_id=marketplace_id,
            reference=_reference(fields),
        )
        return _Run(self, request).finish()


@dataclass(slots=True)
class _Run:
    """One call with its attempts."""

    client: SpApiClient
    request: _Request
    started: float = field(default_factory=time.monotonic)
    number: int = 0
    has_renewed_token: bool = False

    def finish(self) -> ApiResponse:
        """Make attempts until one succeeds or no other makes sense."""
        client, operation = self.client, self.request.operation
        failed: errors.SpApiError | None = None
        while True:
            # The token first: if that fails, no quota has been spent, which is scarcer.
            token = client.tokens.get(self._token_subject(), operation.scope)
            grant = self._take(failed)
            self.number += 1
            made = attempt.make(
                client.transport.send, self._prepare(token), self.number, client.clock
            )
            result = self._conclude(made, grant)
            if isinstance(result, ApiResponse):
                return result
            failed = result
            if self._renews_token(result, grant):
                client.tokens.invalidate(self._token_subject(), token, operation.scope)
                continue
            if not client.repeats and not isinstance(result, errors.Throttled):
                raise result
            decision = decide(
                Effort(
                    self.number,
                    self._elapsed(),
                    client.budget,
                    restores_in=self._restores_in(grant),
                ),
                made.outcome(),
                operation,
                client.jitter.random(),
            )
            if isinstance(decision, GiveUp):
                raise result
            if decision.after:
                client.sleep(decision.after)

    def _restores_in(self, grant: throttle.QuotaGrant) -> float:
        """Return the seconds in which a token grows; 0 where none has to be spared."""
        rate = grant.rate or self.request.operation.rate
        return 1 / rate if self.client.spares_tokens else 0.0

    def _elapsed(self) -> float:
        return time.monotonic() - self.started

    def _token_subject(self) -> str:
        grantless = self.request.operation.scope is not None
        return self.client.application if grantless else self.client.subject

    def _take(self, failed: errors.SpApiError | None) -> throttle.QuotaGrant:
        """Take quota, waiting `max_wait` at most; raises Throttled with the time.

        After an attempt that `failed`, its error is raised instead: an outage that has
        used up the quota is still an outage.
        """
        operation = self.request.operation
        waited = 0.0
        for _ in range(_MOST_QUOTA_ATTEMPTS):
            grant = self.client.buckets.take(
                self._token_subject(), operation.name, operation.rate, operation.burst
            )
            if grant.granted:
                return grant
            now = self.client.clock()
            retry_at = grant.retry_at or now
            wait = max((retry_at - now).total_seconds(), _LEAST_WAIT)
            waited += wait
            if waited > self.client.max_wait + _WAIT_TOLERANCE:
                break
            self.client.sleep(wait)
        if failed is not None and not isinstance(failed, errors.Throttled):
            failed.quota_at = retry_at
            raise failed
        raise errors.Throttled(
            sentence(
                "The quota of %(operation)s is used up for the moment.",
                operation=operation.name,
            ),
            Evidence(operation.name),
            retry_at=retry_at,
        )

    def _prepare(self, token: str) -> PreparedCall:
        request, client = self.request, self.client
        headers = {
            "accept": "application/json",
            "x-amz-access-token": token,
            "x-amz-date": client.clock().strftime("%Y%m%dT%H%M%SZ"),
        }
        if request.body is not None:
            headers["content-type"] = "application/json"
        left = max(client.budget - self._elapsed(), _LEAST_ATTEMPT)
        return PreparedCall(
            method=request.operation.method,
            url=client.endpoint.rstrip("/") + request.path + request.query,
            headers=headers,
            body=request.body,
            timeout=min(_LONGEST_ATTEMPT, left),
            operation=request.operation.name,
        )

    def _conclude(
        self, made: attempt.Attempt, grant: throttle.QuotaGrant
    ) -> ApiResponse | errors.SpApiError:
        """Read the response, learn the rate from it, and record the attempt."""
        result = self._learn(made, grant)
        if isinstance(result, errors.SpApiError):
            self._spare(result, grant)
        error = result if isinstance(result, errors.SpApiError) else None
        request = self.request
        reply = made.result if isinstance(made.result, Reply) else None
        self.client.recorder.record(
            replace(
                made.record(error),
                exchange=(
                    exchange_of(request.query, request.body, reply) if error else None
                ),
                marketplace_id=request.marketplace_id,
                reference=request.reference,
                tokens_left=grant.tokens_left,
            )
        )
        return result

    def _spare(self, error: errors.SpApiError, grant: throttle.QuotaGrant) -> None:
        """Give back the token of a call that Amazon never got; say what one costs."""
        if isinstance(error, errors.ServiceUnavailable) and error.is_undelivered:
            name = self.request.operation.name
            self.client.buckets.put_back(self._token_subject(), name)
        restores_in = self._restores_in(grant)
        if restores_in > DEAR_SECONDS:
            error.restores_in = restores_in

    def _learn(
        self, made: attempt.Attempt, grant: throttle.QuotaGrant
    ) -> ApiResponse | errors.SpApiError:
        outcome = made.result
        if isinstance(outcome, NetworkError):
            return outcome
        operation, buckets = self.request.operation, self.client.buckets
        host = urlsplit(made.call.url).hostname or ""
        foreign = answers.foreign_error(operation.name, outcome, host)
        if foreign is not None:
            return foreign
        rate = answers.rate_of(outcome)
        if rate is not None and rate != grant.rate:
            buckets.learn_rate(self._token_subject(), operation.name, rate)
        if outcome.status == 429:
            seconds = hold_seconds(
                rate or grant.rate or operation.rate, self.client.jitter.random()
            )
            hold_until = self.client.clock() + timedelta(seconds=seconds)
            buckets.exhausted(self._token_subject(), operation.name, hold_until)
            return errors.Throttled(
                sentence(
                    "Amazon refused %(operation)s: the quota is used up.",
                    operation=operation.name,
                ),
                answers.evidence_of(operation.name, outcome, host),
                retry_at=hold_until,
            )
        return _read(operation, outcome, host)

    def _renews_token(
        self, error: errors.SpApiError, grant: throttle.QuotaGrant
    ) -> bool:
        """Tell, once a call, whether to replace a token that Amazon refused.

        A call that costs a dear token is repeated only where Amazon says that the token
        is at fault.
        """
        if self.has_renewed_token or not isinstance(error, errors.AccessDenied):
            return False
        if error.is_about_role and self._restores_in(grant) > DEAR_SECONDS:
            return False
        self.has_renewed_token = True
        return self._elapsed() < self.client.budget


def _read(
    operation: Operation, reply: Reply, host: str
) -> ApiResponse | errors.SpApiError:
    if not 200 <= reply.status < 300:
        return answers.error_of(answers.evidence_of(operation.name, reply, host))
    request_id = answers.request_id_of(reply)
    try:
        content = answers.decode(reply.body)
    except ValueError:
        return errors.NotJudged(
            sentence(
                "The answer to %(operation)s is not JSON.", operation=operation.name
            ),
            answers.evidence_of(operation.name, reply, host),
            code=errors.UnexpectedResponse.default_code,
        )
    return ApiResponse(reply.status, content, reply.headers, operation.name, request_id)


def _reference(fields: Mapping[str, str]) -> str:
    """Return the order or the SKU that the call is about."""
    names = ("orderId", "sku", "sellerFulfillmentOrderId")
    return next((fields[name] for name in names if fields.get(name)), "")


def _fill(operation: Operation, fields: Mapping[str, str]) -> str:
    """Return the path with every value percent-encoded, slashes too."""
    for name, value in fields.items():
        if value in {"", ".", ".."}:
            # Servers resolve dot segments, and an empty one vanishes: both would call
            # another operation.
            raise errors.InvalidRequest(
                sentence("%(name)s cannot be %(value)s.", name=name, value=repr(value)),
                Evidence(operation.name),
            )
    encoded = {name: quote(value, safe="") for name, value in fields.items()}
    return operation.path.format(**encoded)


def _encode(query: Mapping[str, QueryValue]) -> str:
    given = (
        f"{name}={_plain(value)}" for name, value in query.items() if value is not None
    )
    joined = "&".join(given)
    return f"?{joined}" if joined else ""


def _plain(value: QueryValue) -> str:
    """Return the value as Amazon reads it: lists with commas, times with a Z."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a time for Amazon must be aware")
        # A whole second is written as in Amazon's examples. Milliseconds matter where a
        # search window is narrow.
        spec = "milliseconds" if value.microsecond else "seconds"
        text = value.astimezone(UTC).isoformat(timespec=spec)
        return quote(text.replace("+00:00", "Z"), safe=":")
    if isinstance(value, list | tuple):
        return ",".join(quote(part, safe="") for part in value)
    return quote(str(value), safe="")


def _amount(value: object) -> float:
    """Return a price as the JSON number that listing attributes want."""
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} is not JSON")
