"""Adds to the audit log: the one place; services layer."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from channels_amazon.models import AuditEntry
from channels_amazon.services.diagnostics.entries import clean

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Audited:
    """What to keep: a code, a whole sentence that names all, who did it to whom.

    `store_id` is of a store whose owners may read it; None for the installation.
    """

    code: str
    message: str
    actor: str
    reference: str = ""
    store_id: int | None = None


def audit(what: Audited) -> AuditEntry:
    """Add one entry, without secrets and cut to its columns."""
    row = AuditEntry(
        at=timezone.now(),
        store_id=what.store_id,
        code=clean(what.code, 60),
        message=clean(what.message, 500),
        reference=clean(what.reference, 120),
        actor=what.actor[:150].replace("\x00", ""),
    )
    row.save(force_insert=True)
    logger.info("audit code=%s store=%s", row.code, row.store_id)
    return row


def audit_once(what: Audited, within: timedelta, *, most: int) -> bool:
    """Add the entry unless one of its code, reference and actor is as young as that.

    Nor where the actor has `most` entries of the code that are so young, whatever they
    refer to. Two processes at the same time may both add it.
    """
    lately = AuditEntry.objects.filter(
        at__gt=timezone.now() - within,
        code=clean(what.code, 60),
        actor=what.actor[:150],
    )
    same = lately.filter(reference=clean(what.reference, 120))
    if same.exists() or lately.count() >= most:
        return False
    audit(what)
    return True
