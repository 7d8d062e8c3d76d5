"""Saves changes of sync rules as revisions, which can be undone; services layer.

A change says what a rule was before it: one that is something else by now was changed
by somebody else meanwhile, and nothing is saved.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from channels_amazon.errors import ShoplinkError
from channels_amazon.models import RuleRevision, Store, SyncRule
from channels_amazon.rules.scope import Scope
from channels_amazon.services.sync_rules.stored import Rule, all_rules

SAME_SCOPE = _("There is a rule for the very same scope already: change that one.")


class RuleConflict(ShoplinkError):
    """The rules are others by now than those that a change was made of."""


@dataclass(frozen=True, slots=True)
class RuleChange:
    """A rule as it is, and as it is to be: None where it is not there.

    The rule after has the key of the one before, None where it is a new one.
    """

    before: Rule | None
    after: Rule | None

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> RuleChange:
        """Return the change that `to_json` has written."""
        before, after = kept["before"], kept["after"]
        return cls(
            Rule.from_json(before) if before else None,
            Rule.from_json(after) if after else None,
        )

    def to_json(self) -> dict[str, Any]:
        """Return what a revision and a dry run keep."""
        return {
            "before": self.before.to_json() if self.before else None,
            "after": self.after.to_json() if self.after else None,
        }

    @property
    def scopes(self) -> list[Scope]:
        """Return for what the rule held, or will hold; a rule switched off for none."""
        both = (self.before, self.after)
        return [rule.scope for rule in both if rule is not None and rule.is_active]

    def inverse(self) -> RuleChange:
        """Return the change that takes this one back."""
        return RuleChange(self.after, self.before)


def rules_mark(rules: Iterable[Rule]) -> str:
    """Return a mark of the rules: another one as soon as any of them changes."""
    kept = [rule.to_json() for rule in rules]
    text = json.dumps(kept, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def with_changes(rules: Sequence[Rule], changes: Sequence[RuleChange]) -> list[Rule]:
    """Return the rules as they are after the changes; raises RuleConflict."""
    by_key = {rule.pk: rule for rule in rules}
    new: list[Rule] = []
    for change in changes:
        if change.before is not None:
            if by_key.pop(change.before.pk, None) != change.before:
                raise changed_meanwhile()
        if change.after is not None:
            new.append(change.after)
    return [*by_key.values(), *new]


def save(
    store: Store,
    kind: str,
    changes: Sequence[RuleChange],
    *,
    actor: str,
    undoes: RuleRevision | None = None,
) -> RuleRevision:
    """Change the rules and keep a revision of it; raises RuleConflict.

    Call it in a transaction; rules of one store are saved one after another.
    """
    lock_rules(store)
    with_changes(all_rules(kind, store.pk), changes)
    try:
        # Apart, so that the caller's transaction can still say what was wrong.
        with transaction.atomic():
            saved = [_saved(store, kind, change, actor) for change in changes]
            return RuleRevision.objects.create(
                store=store,
                kind=kind,
                changes=[change.to_json() for change in saved],
                undoes=undoes,
                actor=actor,
            )
    except IntegrityError as error:
        raise RuleConflict(
            "rules.same_scope",
            str(SAME_SCOPE),
        ) from error


def undoing(revision: RuleRevision) -> list[RuleChange]:
    """Return the changes that take a revision back, the last of them first."""
    made = [RuleChange.from_json(kept) for kept in revision.changes]
    return [change.inverse() for change in reversed(made)]


def lock_rules(store: Store) -> None:
    """Let nobody else save rules of the store until the transaction ends."""
    # Rows that refer to the store may still come.
    Store.objects.select_for_update(no_key=True).get(pk=store.pk)


def changed_meanwhile() -> RuleConflict:
    """Return the error of rules that somebody else changed."""
    return RuleConflict(
        "rules.changed_meanwhile",
        str(_("Somebody changed these rules meanwhile. Look at them again.")),
    )


def _saved(store: Store, kind: str, change: RuleChange, actor: str) -> RuleChange:
    """Write one change; return it with the key that a new rule got."""
    if change.after is None:
        if change.before is not None:
            _row(store, change.before).delete()
        return change
    after = change.after
    row = SyncRule(
        # One that was deleted comes back under its old key.
        pk=change.before.pk if change.before is not None else after.pk,
        store=store,
        kind=kind,
        account_id=after.scope.account_id,
        marketplace_id=after.scope.marketplace_id,
        category=after.scope.category,
        seller_sku=after.scope.seller_sku,
        terms=dict(after.terms),
        is_active=after.is_active,
        updated_by=actor,
    )
    if change.before is not None:
        row.created_at = _row(store, change.before).get().created_at
        row.save(force_update=True)
    else:
        row.save(force_insert=True)
    return RuleChange(change.before, Rule.of(row))


def _row(store: Store, rule: Rule) -> QuerySet[SyncRule]:
    rows: QuerySet[SyncRule] = SyncRule.objects.filter(store=store)
    return rows.filter(pk=rule.pk or 0)
