"""Access tokens, shared by processes, refreshed by one at a time; client layer."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from channels_amazon.spapi.auth import LwaClient, Tokens
from channels_amazon.spapi.clock import Clock, Sleep, utc_now
from channels_amazon.spapi.errors import Evidence, ServiceUnavailable
from channels_amazon.spapi.operations import LWA_TOKEN
from channels_amazon.wording import sentence

# A token is refreshed MARGIN before it expires, so that the one handed out outlives the
# call it is for (an attempt takes 15 s at most).
MARGIN = timedelta(seconds=60)
# While another process holds the lease, a token within MARGIN of its end is still
# handed out, but not in its last 5 s: a call may take that long to reach Amazon.
_LAST_USE = timedelta(seconds=5)
# Longer than a refresh takes with all its attempts (LwaClient.budget, 12 s), so that a
# lease only runs out when its process has died.
LEASE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class StoredToken:
    """An access token at rest; never shown by repr. `expires_at` is aware UTC."""

    token: str = field(repr=False)
    expires_at: datetime


class TokenStore(Protocol):
    """Where access tokens are kept, by subject, with a lease on refreshing them."""

    def load(self, subject: str) -> StoredToken | None:
        """Return the token last saved, expired or not."""
        ...

    def try_lease(self, subject: str, holder: str, seconds: float) -> bool:
        """Claim the right to refresh; false while another holder's claim runs."""
        ...

    def save(self, subject: str, token: str, expires_at: datetime) -> None:
        """Keep a token in place of the last."""
        ...

    def release(self, subject: str, holder: str) -> None:
        """Give the claim back if it is still the holder's."""
        ...

    def discard(self, subject: str, token: str) -> None:
        """Forget this token; a newer one stays."""
        ...


def _keep(subject: str, refresh_token: str) -> None:
    """Ignore a changed refresh token: for applications that keep none."""


def _ignore(subject: str) -> None:
    """Make nothing of it that Amazon accepts an authorisation."""


@dataclass(frozen=True, slots=True)
class AccessTokens:
    """Hands out access tokens, from the store or newly fetched.

    `refresh_token_of` returns the refresh token of a subject and may raise
    AuthorizationLost. `on_refresh_token` is told of a changed refresh token before
    the new access token is used, `on_accepted` that Amazon gave one for the subject.
    Waiting for another process's refresh ends after `patience` seconds.
    """

    lwa: LwaClient
    store: TokenStore
    refresh_token_of: Callable[[str], str]
    on_refresh_token: Callable[[str, str], None] = _keep
    on_accepted: Callable[[str], object] = _ignore
    clock: Clock = utc_now
    sleep: Sleep = time.sleep
    lease_wait: float = 3.0
    poll: float = 0.1

    def get(self, subject: str, scope: str | None = None) -> str:
        """Return a token that is good for another minute.

        With `scope` it is the application's own (grantless) token, kept under
        `subject:scope`. Raises what LwaClient raises, and ServiceUnavailable when
        another process has not finished refreshing.
        """
        key = self._key(subject, scope)
        stored = self.store.load(key)
        if stored and stored.expires_at - self.clock() > MARGIN:
            return stored.token
        holder = uuid.uuid4().hex
        waits = max(1, round(self.lease_wait / self.poll))
        for turn in range(waits + 1):
            if self.store.try_lease(key, holder, LEASE_SECONDS):
                return self._renew(subject, scope, holder)
            if turn < waits:
                self.sleep(self.poll)
            # The process with the lease may have finished meanwhile.
            stored = self.store.load(key)
            if stored and stored.expires_at - self.clock() > MARGIN:
                return stored.token
        if stored and stored.expires_at - self.clock() > _LAST_USE:
            return stored.token
        raise ServiceUnavailable(
            sentence("Another process is still refreshing the access token."),
            Evidence(LWA_TOKEN.name),
            code="token.refresh_pending",
            retry_at=self.clock() + timedelta(seconds=self.lease_wait),
        )

    def invalidate(self, subject: str, token: str, scope: str | None = None) -> None:
        """Forget a token that Amazon refused, unless it was replaced already."""
        self.store.discard(self._key(subject, scope), token)

    def _key(self, subject: str, scope: str | None) -> str:
        return f"{subject}:{scope}" if scope else subject

    def _renew(self, subject: str, scope: str | None, holder: str) -> str:
        key = self._key(subject, scope)
        try:
            # Another process may have refreshed between our load and the lease.
            stored = self.store.load(key)
            if stored and stored.expires_at - self.clock() > MARGIN:
                return stored.token
            tokens = self._fetch(subject, scope)
            self.store.save(key, tokens.access_token, tokens.expires_at)
            return tokens.access_token
        finally:
            self.store.release(key, holder)

    def _fetch(self, subject: str, scope: str | None) -> Tokens:
        if scope:
            return self.lwa.client_credentials(scope)
        old = self.refresh_token_of(subject)
        tokens = self.lwa.refresh(old)
        if tokens.refresh_token and tokens.refresh_token != old:
            self.on_refresh_token(subject, tokens.refresh_token)
        self.on_accepted(subject)
        return tokens


class InMemoryTokens:
    """Tokens of one process: for tests and for commands without a database."""

    def __init__(self, clock: Clock = utc_now) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens: dict[str, StoredToken] = {}
        self._leases: dict[str, tuple[str, datetime]] = {}

    def load(self, subject: str) -> StoredToken | None:
        """Return the token last saved, expired or not."""
        with self._lock:
            return self._tokens.get(subject)

    def try_lease(self, subject: str, holder: str, seconds: float) -> bool:
        """Claim the right to refresh; false while another holder's claim runs."""
        now = self._clock()
        with self._lock:
            lease = self._leases.get(subject)
            if lease and lease[0] != holder and lease[1] > now:
                return False
            self._leases[subject] = (holder, now + timedelta(seconds=seconds))
            return True

    def save(self, subject: str, token: str, expires_at: datetime) -> None:
        """Keep a token in place of the last."""
        with self._lock:
            self._tokens[subject] = StoredToken(token, expires_at)

    def release(self, subject: str, holder: str) -> None:
        """Give the claim back if it is still the holder's."""
        with self._lock:
            lease = self._leases.get(subject)
            if lease and lease[0] == holder:
                del self._leases[subject]

    def discard(self, subject: str, token: str) -> None:
        """Forget this token; a newer one stays."""
        with self._lock:
            stored = self._tokens.get(subject)
            if stored and stored.token == token:
                del self._tokens[subject]
