"""Keeps the client's tokens and the records of its calls in rows; services layer."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography.fernet import InvalidToken
from django.db import DatabaseError, transaction
from django.db.models import Q
from django.utils import timezone

from channels_amazon.models import AccessToken, ApiCall
from channels_amazon.services.diagnostics.entries import clean
from channels_amazon.spapi.recorder import CallRecord
from channels_amazon.spapi.tokens import MARGIN, StoredToken

logger = logging.getLogger(__name__)


class DatabaseTokens:
    """Access tokens by subject, shared by all processes on this database.

    What was read once is kept for the life of this object, which is one run: its end
    is known, and a token that Amazon refuses is discarded.
    """

    def __init__(self) -> None:
        self._kept: dict[str, StoredToken] = {}

    def load(self, subject: str) -> StoredToken | None:
        """Return the token last saved, expired or not; None if no key opens it."""
        kept = self._kept.get(subject)
        if kept is not None and kept.expires_at - timezone.now() > MARGIN:
            return kept
        stored = self._read(subject)
        if stored is not None:
            self._kept[subject] = stored
        return stored

    def _read(self, subject: str) -> StoredToken | None:
        try:
            row = AccessToken.objects.filter(subject=subject).first()
        except InvalidToken:
            # Only a cache: the next refresh writes it anew.
            return None
        if row is None or not row.token or row.expires_at is None:
            return None
        return StoredToken(row.token, row.expires_at)

    def try_lease(self, subject: str, holder: str, seconds: float) -> bool:
        """Claim the right to refresh; false while another holder's claim runs."""
        if self._claim(subject, holder, seconds):
            return True
        if AccessToken.objects.filter(subject=subject).exists():
            return False
        AccessToken.objects.bulk_create(
            [AccessToken(subject=subject)], ignore_conflicts=True
        )
        return self._claim(subject, holder, seconds)

    def save(self, subject: str, token: str, expires_at: datetime) -> None:
        """Keep a token in place of the last."""
        self._kept.pop(subject, None)
        rows = AccessToken.objects.filter(subject=subject)
        if not rows.update(token=token, expires_at=expires_at):
            AccessToken.objects.bulk_create(
                [AccessToken(subject=subject, token=token, expires_at=expires_at)],
                update_conflicts=True,
                unique_fields=["subject"],
                update_fields=["token", "expires_at"],
            )

    def release(self, subject: str, holder: str) -> None:
        """Give the claim back if it is still the holder's."""
        AccessToken.objects.filter(subject=subject, lease_holder=holder).update(
            lease_holder="", lease_until=None
        )

    def discard(self, subject: str, token: str) -> None:
        """Forget this token; a newer one stays."""
        self._kept.pop(subject, None)
        stored = self._read(subject)
        if stored and stored.token == token:
            # The end names the token: an encrypted column cannot be compared.
            AccessToken.objects.filter(
                subject=subject, expires_at=stored.expires_at
            ).update(token="", expires_at=None)

    def _claim(self, subject: str, holder: str, seconds: float) -> bool:
        now = timezone.now()
        free = Q(lease_until__isnull=True) | Q(lease_until__lte=now)
        rows = AccessToken.objects.filter(free | Q(lease_holder=holder))
        return bool(
            rows.filter(subject=subject).update(
                lease_holder=holder, lease_until=now + timedelta(seconds=seconds)
            )
        )


@dataclass(slots=True)
class CallCounter:
    """How many calls a run has made so far."""

    calls: int = 0


@dataclass(frozen=True, slots=True)
class DatabaseRecorder:
    """Writes each attempt as an ApiCall of this account and run, where there are any.

    What is told about a call must not decide about its outcome: a record that cannot
    be written is logged and left out.
    """

    account_id: int | None = None
    run_id: int | None = None
    counter: CallCounter = field(default_factory=CallCounter)

    def record(self, call: CallRecord) -> None:
        """Store one attempt, cut to its columns."""
        self.counter.calls += 1
        row = ApiCall(
            account_id=self.account_id,
            run_id=self.run_id,
            operation=call.operation[:60],
            marketplace_id=call.marketplace_id[:20],
            method=call.method[:8],
            path=call.path[:500],
            reference=call.reference[:80],
            status=call.status,
            amazon_code=call.amazon_code[:80],
            request_id=call.request_id[:80],
            error_class=call.error_class[:60],
            message=clean(call.message, 1000),
            attempt=call.attempt,
            latency_ms=call.latency_ms,
            bytes_sent=call.bytes_sent,
            bytes_received=call.bytes_received,
            tokens_left=call.tokens_left,
            rate_limit=call.rate_limit,
            clock_skew=clock_skew(call),
            started_at=call.started_at,
            # Of an exchange without anything in it there is nothing to show.
            exchange=call.exchange or None,
        )
        try:
            # Its own savepoint: a failure leaves the caller's transaction usable.
            with transaction.atomic():
                row.save(force_insert=True)
        except DatabaseError:
            logger.exception(
                "call not recorded operation=%s account=%s",
                call.operation,
                self.account_id,
            )


def clock_skew(call: CallRecord) -> float | None:
    """Return by how many seconds Amazon's clock is ahead of ours (its own to 1 s)."""
    if call.server_date is None:
        return None
    answered_at = call.started_at + timedelta(milliseconds=call.latency_ms / 2)
    return (call.server_date - answered_at).total_seconds()
