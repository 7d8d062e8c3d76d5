"""Login with Amazon: codes and refresh tokens become tokens; client layer."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from channels_amazon.spapi import answers, attempt, errors
from channels_amazon.spapi.clock import Clock, Sleep, utc_now
from channels_amazon.spapi.errors import AmazonIssue, Evidence, NetworkError
from channels_amazon.spapi.operations import LWA_CODE, LWA_TOKEN, Operation
from channels_amazon.spapi.recorder import NullRecorder, Recorder
from channels_amazon.spapi.redact import redact_text
from channels_amazon.spapi.retry import Effort, GiveUp, decide
from channels_amazon.spapi.transport import PreparedCall, Reply, Transport
from channels_amazon.wording import Sentence, sentence

_FORM = {"content-type": "application/x-www-form-urlencoded;charset=UTF-8"}
# Seconds to wait after a 429. Login with Amazon publishes no rate, so there is no
# bucket that could tell when to try again.
_WAIT_IF_THROTTLED = 1.0


@dataclass(frozen=True, slots=True)
class Tokens:
    """What Login with Amazon hands out; never shown by repr.

    `refresh_token` is empty for a grantless token. `expires_at` is aware UTC.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class LwaClient:
    """The token endpoint, as one application.

    `timeout` is the time of one attempt and `budget` of all, in seconds. Every attempt
    is recorded as `lwa.token`.
    """

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    transport: Transport
    recorder: Recorder = field(default_factory=NullRecorder)
    clock: Clock = utc_now
    sleep: Sleep = time.sleep
    timeout: float = 6.0
    budget: float = 12.0

    def exchange_code(self, code: str, redirect_uri: str) -> Tokens:
        """Exchange an authorisation code, which Amazon accepts once.

        Raises CodeExpired, ClientSecretInvalid, LwaRefused, LwaUnavailable,
        NetworkError.
        """
        grant = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
        }
        return self._ask(LWA_CODE, grant)

    def refresh(self, refresh_token: str) -> Tokens:
        """Return a new access token; the refresh token may have changed too.

        Raises AuthorizationLost when the merchant has to authorise again, else
        ClientSecretInvalid, LwaRefused, LwaUnavailable, NetworkError: none of them
        says anything of what the token is for.
        """
        grant = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        return self._ask(LWA_TOKEN, grant)

    def client_credentials(self, scope: str) -> Tokens:
        """Return the application's own token for grantless operations of `scope`."""
        grant = {"grant_type": "client_credentials", "scope": scope}
        return self._ask(LWA_TOKEN, grant)

    def _ask(self, operation: Operation, grant: Mapping[str, str]) -> Tokens:
        secret = {"client_id": self.client_id, "client_secret": self.client_secret}
        call = PreparedCall(
            method=operation.method,
            url=self.token_url,
            headers=_FORM,
            body=urlencode({**grant, **secret}).encode(),
            timeout=self.timeout,
            operation=operation.name,
        )
        started = time.monotonic()
        number = 0
        while True:
            number += 1
            made = attempt.make(self.transport.send, call, number, self.clock)
            result = self._conclude(made, grant["grant_type"])
            if isinstance(result, Tokens):
                return result
            effort = Effort(number, time.monotonic() - started, self.budget)
            jitter = random.random()  # noqa: S311  (no secret)
            decision = decide(effort, made.outcome(), operation, jitter)
            if isinstance(decision, GiveUp):
                raise result
            self.sleep(decision.after or _WAIT_IF_THROTTLED)

    @property
    def _host(self) -> str:
        return urlsplit(self.token_url).hostname or ""

    def _conclude(
        self, made: attempt.Attempt, grant_type: str
    ) -> Tokens | errors.SpApiError:
        result: Tokens | errors.SpApiError
        if isinstance(made.result, NetworkError):
            result = made.result
        else:
            result = _read(made.result, grant_type, made.started_at, self._host)
        error = result if isinstance(result, errors.SpApiError) else None
        record = made.record(error)
        if error and error.request_id:
            # Login with Amazon may send the request id in the body instead of a header.
            record = replace(record, request_id=error.request_id)
        self.recorder.record(record)
        return result


def _read(
    reply: Reply, grant_type: str, asked_at: datetime, host: str
) -> Tokens | errors.SpApiError:
    foreign = answers.foreign_error(LWA_TOKEN.name, reply, host)
    if foreign is not None:
        return foreign
    try:
        content = answers.decode(reply.body)
    except ValueError:
        content = None
    said: dict[str, Any] = content if isinstance(content, dict) else {}
    if reply.status != 200:
        return _refusal(_evidence(reply, said), grant_type)
    access, lifetime = said.get("access_token"), said.get("expires_in")
    if not isinstance(access, str) or not isinstance(lifetime, int):
        message = sentence("Login with Amazon answered without a token.")
        return errors.LwaUnavailable(message, _evidence(reply, {}))
    refresh = said.get("refresh_token")
    return Tokens(
        access_token=access,
        refresh_token=refresh if isinstance(refresh, str) else "",
        expires_at=asked_at + timedelta(seconds=lifetime),
    )


def _evidence(reply: Reply, said: Mapping[str, Any]) -> Evidence:
    code = redact_text(str(said.get("error", "")))[:80]
    description = redact_text(str(said.get("error_description", "")))[:600]
    stated = answers.request_id_of(reply) or str(said.get("request_id", ""))[:80]
    return Evidence(
        operation=LWA_TOKEN.name,
        status=reply.status,
        request_id=stated,
        issues=(AmazonIssue(code, description),) if code else (),
    )


def _refusal(evidence: Evidence, grant_type: str) -> errors.SpApiError:
    code = evidence.amazon_code
    said = evidence.issues[0].message if evidence.issues else ""
    reason: str = f"{code}: {said}"
    if not code:
        reason = sentence("status %(status)s", status=evidence.status or 0)

    def because(what: str) -> Sentence:
        return sentence("%(what)s (%(reason)s)", what=what, reason=reason)

    if code == "invalid_client":
        message = sentence("Login with Amazon does not accept the client id and secret")
        return errors.ClientSecretInvalid(because(message), evidence)
    if code == "invalid_grant" and grant_type == "authorization_code":
        message = sentence("Login with Amazon does not accept the authorisation code")
        return errors.CodeExpired(because(message), evidence)
    if code == "invalid_grant":
        message = sentence("Login with Amazon no longer accepts the authorisation")
        return errors.AuthorizationLost(because(message), evidence)
    if code == "unauthorized_client" and grant_type == "refresh_token":
        message = sentence("The authorisation was given to another application")
        return errors.AuthorizationLost(
            because(message), evidence, code="token.foreign_client"
        )
    if (evidence.status or 0) >= 500 or evidence.status == 429 or not code:
        message = sentence("Login with Amazon is not available")
        return errors.LwaUnavailable(because(message), evidence)
    # `access_denied` too: what it refuses is the request, before any operation.
    message = sentence("Login with Amazon refused the request")
    return errors.LwaRefused(because(message), evidence)
