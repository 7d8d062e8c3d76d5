"""Measures whether a store keeps within Amazon's data policy; services layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from channels_amazon.models import (
    DiagnosticEntry,
    MaintenanceTask,
    PurgeProof,
    Store,
    StoreMember,
)
from channels_amazon.rules.privacy.retention import PROOF_INTERVAL
from channels_amazon.services.jobs import maintenance
from channels_amazon.services.privacy.standing import RetentionStanding, standing

LOOKED_BACK = timedelta(days=30)
LOOKS = ("personal_data.revealed", "personal_data.searched")


@dataclass(frozen=True, slots=True)
class Protection:
    """What a store keeps, who may see it, who did, and what was deleted.

    `is_purged` says that a proof of the last day is there; `purging_since` is when the
    pass over all stores began that is under way.
    """

    standing: RetentionStanding
    last_proof: PurgeProof | None
    is_purged: bool
    purging_since: datetime | None
    members: int
    seers: list[StoreMember]
    looks: int
    keys: int


def protection(store: Store, now: datetime) -> Protection:
    """Return the store's duties as they are measured now; nothing is changed."""
    last: PurgeProof | None = proofs_of(store).first()
    members = list(
        StoreMember.objects.filter(store=store, user__is_active=True)
        .select_related("user")
        .order_by("user__username")
    )
    return Protection(
        standing=standing(store, now),
        last_proof=last,
        is_purged=last is not None and last.at > now - PROOF_INTERVAL,
        purging_since=maintenance.under_way_since(MaintenanceTask.Name.PURGE, now),
        members=len(members),
        seers=[member for member in members if member.sees_personal_data],
        looks=looks_of(store, now).count(),
        keys=len(settings.FERNET_KEYS),
    )


def looks_of(store: Store, now: datetime) -> QuerySet[DiagnosticEntry]:
    """Return who looked at personal data or searched by it lately, newest first."""
    entries: QuerySet[DiagnosticEntry] = DiagnosticEntry.objects.filter(
        store=store, code__in=LOOKS, at__gt=now - LOOKED_BACK
    )
    return entries.order_by("-pk")


def proofs_of(store: Store) -> QuerySet[PurgeProof]:
    """Return the store's proofs of deletion, newest first; they are kept for ever."""
    proofs: QuerySet[PurgeProof] = PurgeProof.objects.filter(store=store)
    return proofs.order_by("-pk")
