"""Writes what happened for people to read; services layer."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from channels_amazon.amazon_json import storable
from channels_amazon.errors import ShoplinkError
from channels_amazon.models import AmazonAccount, DiagnosticEntry, Store, SyncRun
from channels_amazon.spapi.redact import redact_text
from channels_amazon.wording import revised

logger = logging.getLogger(__name__)

Level = DiagnosticEntry.Level


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What to write: a code of the fault catalogue, a whole sentence, a fix.

    `reference` is the order id, seller SKU or notification id it is about. The store
    is given as its row or its key; without either the account's own is taken.
    """

    code: str
    message: str
    level: str = Level.ERROR
    account: AmazonAccount | None = None
    store: Store | None = None
    store_id: int | None = None
    run: SyncRun | None = None
    reference: str = ""
    request_id: str = ""
    fix: str = ""
    actor: str = ""


def record(entry: Entry) -> DiagnosticEntry:
    """Store the entry without secrets and personal data, cut to its columns."""
    row = _row(entry)
    row.save(force_insert=True)
    logger.info("diagnostic code=%s account=%s", row.code, row.account_id)
    return row


def record_many(entries: Iterable[Entry]) -> None:
    """Store many entries in one statement, each as `record` does."""
    rows = [_row(entry) for entry in entries]
    DiagnosticEntry.objects.bulk_create(rows)
    for row in rows:
        logger.info("diagnostic code=%s store=%s", row.code, row.store_id)


def record_once(entry: Entry, within: timedelta) -> bool:
    """Store the entry unless the same was said within that time; tell whether it was.

    The same is: of this code, account and reference. Two processes at the same time
    may both say it.
    """
    said = DiagnosticEntry.objects.filter(
        code=clean(entry.code, 60),
        account=entry.account,
        reference=clean(entry.reference, 120),
        at__gt=timezone.now() - within,
    )
    if said.exists():
        return False
    record(entry)
    return True


def clean(text: str, length: int) -> str:
    """Return the text without secrets and personal data, at most `length` long.

    A Sentence stays one unless it is too long: what is cut cannot be said again.
    """
    shown = revised(text, _harmless)
    return shown if len(shown) <= length else f"{shown[: length - 1]}…"


def _row(entry: Entry) -> DiagnosticEntry:
    store_id = entry.store.pk if entry.store else entry.store_id
    if store_id is None and entry.account is not None:
        store_id = entry.account.store_id
    return DiagnosticEntry(
        at=timezone.now(),
        store_id=store_id,
        account=entry.account,
        run=entry.run,
        level=entry.level,
        code=clean(entry.code, 60),
        message=clean(entry.message, 500),
        fix=clean(entry.fix, 500),
        reference=clean(entry.reference, 120),
        request_id=clean(entry.request_id, 80),
        actor=entry.actor[:150],
    )


def _harmless(text: str) -> str:
    return storable(redact_text(str(text)))


def entry_for(
    error: ShoplinkError,
    *,
    account: AmazonAccount | None = None,
    run: SyncRun | None = None,
    reference: str = "",
) -> Entry:
    """Return the entry that tells of `error`, with Amazon's request id if any."""
    return Entry(
        code=error.code,
        message=error.message,
        level=Level.WARNING if error.retryable else Level.ERROR,
        account=account,
        run=run,
        reference=reference,
        request_id=str(getattr(error, "request_id", "")),
        fix=error.fix,
    )
