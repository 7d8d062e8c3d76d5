"""Reads sync rules for what they hold, as they are or would be; services layer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict

from django.db.models import Q

from channels_amazon.models import SyncRule
from channels_amazon.rules.scope import Scope, ScopeIndex

# More SKUs than this are not asked for one by one: all rules are read.
_MOST_SKUS = 500


class StoredRule(TypedDict):
    """A rule as a revision and a dry run keep it.

    `rule` is its key, None for one that is not stored yet; `account` is that of an
    account, None for all.
    """

    rule: int | None
    account: int | None
    marketplace_id: str
    category: str
    seller_sku: str
    terms: dict[str, Any]
    is_active: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as it is, or as it would be: `pk` is None for one not stored yet."""

    pk: int | None
    scope: Scope
    terms: Mapping[str, Any] = field(default_factory=dict)
    is_active: bool = True

    @classmethod
    def of(cls, row: SyncRule) -> Rule:
        """Return the rule of a row."""
        scope = Scope(row.account_id, row.marketplace_id, row.category, row.seller_sku)
        return cls(row.pk, scope, row.terms, row.is_active)

    @classmethod
    def from_json(cls, kept: StoredRule) -> Rule:
        """Return the rule that `to_json` has written."""
        scope = Scope(
            kept["account"],
            kept["marketplace_id"],
            kept["category"],
            kept["seller_sku"],
        )
        return cls(kept["rule"], scope, kept["terms"], kept["is_active"])

    def to_json(self) -> StoredRule:
        """Return what a revision and a dry run keep."""
        return StoredRule(
            rule=self.pk,
            account=self.scope.account_id,
            marketplace_id=self.scope.marketplace_id,
            category=self.scope.category,
            seller_sku=self.scope.seller_sku,
            terms=dict(self.terms),
            is_active=self.is_active,
        )


Rules = Mapping[int, ScopeIndex[Rule]]


def rules_in_force(
    kind: str, store_ids: Collection[int], seller_skus: Collection[str]
) -> Rules:
    """Return the rules that may hold for the SKUs, by store, in one query."""
    rows = SyncRule.objects.in_force(kind).filter(store__in=store_ids).order_by("pk")
    if len(seller_skus) <= _MOST_SKUS:
        rows = rows.filter(Q(seller_sku="") | Q(seller_sku__in=seller_skus))
    by_store: dict[int, list[Rule]] = {store_id: [] for store_id in store_ids}
    for row in rows:
        by_store[row.store_id].append(Rule.of(row))
    return {store_id: index_of(rules) for store_id, rules in by_store.items()}


def all_rules(kind: str, store_id: int) -> list[Rule]:
    """Return every rule of a store, also those that are switched off."""
    rows = SyncRule.objects.filter(store=store_id, kind=kind).order_by("pk")
    return [Rule.of(row) for row in rows]


def index_of(rules: Iterable[Rule]) -> ScopeIndex[Rule]:
    """Return the rules that are switched on, by their scopes; raises SameScope."""
    return ScopeIndex((rule.scope, rule) for rule in rules if rule.is_active)
