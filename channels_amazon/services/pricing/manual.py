"""Rates that people enter in place of the bank's, each with its reason; services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from channels_amazon.models import ManualRate, Store
from channels_amazon.rules.pricing.rates import is_rate
from channels_amazon.services.diagnostics.audit import Audited, audit
from channels_amazon.wording import sentence


@dataclass(frozen=True, slots=True)
class ManualRateDraft:
    """What a person says: one unit of `base` is `value` of `quote`, since `day`."""

    base: str
    quote: str
    value: Decimal
    day: date
    reason: str


def manual_rows(store: Store) -> Mapping[str, ManualRate]:
    """Return the rates in force that have the store's currency, by the other one."""
    rows = ManualRate.objects.filter(store=store).in_force()
    rows = rows.filter(Q(base=store.currency) | Q(quote=store.currency))
    return {row.quote if row.base == store.currency else row.base: row for row in rows}


@transaction.atomic
def set_manual_rate(
    store: Store, draft: ManualRateDraft, *, actor: str
) -> tuple[ManualRate, bool]:
    """Let this rate hold from now on; return its row, and whether anything changed.

    What was entered before for the two currencies, in either direction, ends. The same
    once more changes nothing. Raises ValueError for a value that is no rate.
    """
    if draft.base == draft.quote or not is_rate(draft.value):
        raise ValueError("This is no rate between two currencies.")
    _lock(store)
    before = list(_of_pair(store, draft.base, draft.quote))
    for row in before:
        if _says(row, draft):
            return row, False
    _end(before, actor)
    row = ManualRate.objects.create(
        store=store,
        base=draft.base,
        quote=draft.quote,
        value=draft.value,
        day=draft.day,
        reason=draft.reason,
        actor=actor[:150],
    )
    audit(
        Audited(
            code="price.rate_set",
            message=sentence(
                "One %(base)s is %(value)s %(quote)s by hand, as of %(day)s: "
                "%(reason)s",
                base=draft.base,
                value=plain(draft.value),
                quote=draft.quote,
                day=draft.day.isoformat(),
                reason=draft.reason,
            ),
            reference=f"{draft.base}/{draft.quote}",
            actor=actor,
            store_id=store.pk,
        )
    )
    return row, True


@transaction.atomic
def remove_manual_rate(row: ManualRate, *, reason: str, actor: str) -> bool:
    """End the rate, so that the bank's holds; False where it was ended before."""
    _lock(row.store)
    if not _end([row], actor):
        return False
    audit(
        Audited(
            code="price.rate_removed",
            message=sentence(
                "The rate by hand from %(base)s to %(quote)s, %(value)s, was removed: "
                "%(reason)s",
                base=row.base,
                value=plain(row.value),
                quote=row.quote,
                reason=reason,
            ),
            reference=f"{row.base}/{row.quote}",
            actor=actor,
            store_id=row.store_id,
        )
    )
    return True


def plain(value: Decimal) -> str:
    """Return a rate without the zeros at its end, and without an exponent."""
    return f"{value.normalize():f}"


def _of_pair(store: Store, one: str, other: str) -> list[ManualRate]:
    pair = Q(base=one, quote=other) | Q(base=other, quote=one)
    return list(ManualRate.objects.filter(pair, store=store).in_force())


def _says(row: ManualRate, draft: ManualRateDraft) -> bool:
    said = (row.base, row.quote, row.value, row.day, row.reason)
    return said == (draft.base, draft.quote, draft.value, draft.day, draft.reason)


def _end(rows: list[ManualRate], actor: str) -> int:
    ended = ManualRate.objects.filter(pk__in=[row.pk for row in rows]).in_force()
    return int(ended.update(ended_at=timezone.now(), ended_by=actor[:150]))


def _lock(store: Store) -> None:
    """Let one after the other change the store's rates."""
    Store.objects.select_for_update(no_key=True).get(pk=store.pk)
