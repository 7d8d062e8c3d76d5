"""Measures whether a store keeps within Amazon's data policy; services layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from channels_amazon.models import DiagnosticEntry, PurgeProof, Store, StoreMember
from channels_amazon.services.privacy.purge import Standing, standing

LOOKED_BACK = timedelta(days=30)
# The purge proves once a day that nothing was due; later than that it did not run.
PROOF_EVERY = timedelta(hours=26)
LOOKS = ("personal_data.revealed", "personal_data.searched")


@dataclass(frozen=True, slots=True)
class Protection:
    """What a store keeps, who may see it, who did, and what was deleted."""

    standing: Standing
    last_proof: PurgeProof | None
    is_purged: bool
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
        is_purged=last is not None and last.at > now - PROOF_EVERY,
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
