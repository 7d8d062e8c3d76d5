"""Shows what a change of stock rules would publish, and saves just that; services.

A dry run is kept with the rows that were shown. It is saved only while the rules are
those that it was made for; where stock moved meanwhile, it says which numbers came out
otherwise than they were shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q

from channels_amazon.models import (
    AmazonAccount,
    Listing,
    NumberChange,
    QuotaBucket,
    RuleDryRun,
    RuleRevision,
    Store,
    SyncRule,
)
from channels_amazon.rules.scope import BETWEEN_NAMES, SameScope, Scope
from channels_amazon.services.jobs.coalescing import FollowUps
from channels_amazon.services.stock.publication import (
    MOST_BY_PERSON,
    refresh_desired,
)
from channels_amazon.services.stock.quantities import listing_states, wanted_quantities
from channels_amazon.services.sync_rules import changes as rule_changes
from channels_amazon.services.sync_rules.changes import RuleChange, RuleConflict
from channels_amazon.services.sync_rules.stored import Rules, all_rules, index_of
from channels_amazon.spapi.operations import PATCH_LISTINGS_ITEM

KIND = SyncRule.Kind.STOCK
# Variants whose numbers are computed at once.
_BATCH = 500


class DryRunRow(NamedTuple):
    """A listing that would get another quantity; None is no quantity of ours.

    `decided_by` is a `rules.stock.sharing.DecidedBy`, "" where no rule holds. `waits`
    says that its part is higher, and held until another account's has gone down.
    """

    listing_id: int
    account_id: int
    seller_sku: str
    old: int | None
    new: int | None
    decided_by: str
    waits: bool

    @property
    def difference(self) -> int:
        """Return by how many units it rises, below 0 where it falls."""
        return (self.new or 0) - (self.old or 0)


@dataclass(frozen=True, slots=True)
class DryRunSummary:
    """The rows in figures.

    `to_zero` would sell no more, `silent` would get no quantity of ours any more.
    `seconds` is how long the slowest account takes to send them, at its quota.
    """

    count: int
    to_zero: int
    silent: int
    largest_rise: DryRunRow | None
    largest_fall: DryRunRow | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Saved:
    """What saving a dry run did: `differing` came out otherwise than shown."""

    revision: RuleRevision
    differing: list[DryRunRow]


def try_changes(
    store: Store,
    changes: Sequence[RuleChange],
    *,
    actor: str,
    undoes: RuleRevision | None = None,
) -> RuleDryRun:
    """Keep what the changes would publish; raises RuleConflict."""
    with transaction.atomic():
        rules = all_rules(KIND, store.pk)
        made: RuleDryRun = RuleDryRun.objects.create(
            store=store,
            kind=KIND,
            changes=[change.to_json() for change in changes],
            rows=list(_rows(store, rules_after(store, changes), changes)),
            rules_mark=rule_changes.rules_mark(rules),
            undoes=undoes,
            actor=actor,
        )
    return made


def try_undoing(revision: RuleRevision, *, actor: str) -> RuleDryRun:
    """Keep what taking the revision back would publish; raises RuleConflict."""
    changes = rule_changes.undoing(revision)
    return try_changes(revision.store, changes, actor=actor, undoes=revision)


def rules_after(store: Store, changes: Sequence[RuleChange]) -> Rules:
    """Return the store's rules as the changes would leave them."""
    after = rule_changes.with_changes(all_rules(KIND, store.pk), changes)
    try:
        return {store.pk: index_of(after)}
    except SameScope as error:
        raise RuleConflict("rules.same_scope", str(rule_changes.SAME_SCOPE)) from error


def rows_of(dry_run: RuleDryRun) -> list[DryRunRow]:
    """Return what was shown, as it was stored."""
    return [DryRunRow._make(kept) for kept in dry_run.rows]


def summary(rows: Sequence[DryRunRow]) -> DryRunSummary:
    """Return the rows in figures."""
    rises = [row for row in rows if row.difference > 0]
    falls = [row for row in rows if row.difference < 0]
    return DryRunSummary(
        count=len(rows),
        to_zero=sum(1 for row in rows if row.new == 0 and row.old),
        silent=sum(1 for row in rows if row.new is None),
        largest_rise=max(rises, key=lambda row: row.difference, default=None),
        largest_fall=min(falls, key=lambda row: row.difference, default=None),
        seconds=_seconds(rows),
    )


def save(dry_run: RuleDryRun, *, actor: str) -> Saved:
    """Save the rules and publish by them; once more it does nothing.

    Raises RuleConflict where the rules are others than those it was made for.
    """
    with transaction.atomic(), FollowUps() as follow_ups:
        rule_changes.lock_rules(dry_run.store)
        kept = RuleDryRun.objects.select_for_update(no_key=True, of=("self",)).get(
            pk=dry_run.pk
        )
        shown = rows_of(kept)
        if kept.revision is not None:
            return Saved(kept.revision, [])
        rules = all_rules(KIND, kept.store_id)
        if rule_changes.rules_mark(rules) != kept.rules_mark:
            raise rule_changes.changed_meanwhile()
        changes = [RuleChange.from_json(one) for one in kept.changes]
        revision = rule_changes.save(
            kept.store, KIND, changes, actor=actor, undoes=kept.undoes
        )
        for variant_ids in _variants(kept.store, changes):
            refresh_desired(
                variant_ids,
                follow_ups,
                revision=revision,
                by_person=len(shown) <= MOST_BY_PERSON,
            )
        changed = NumberChange.objects.filter(revision=revision)
        revision.listings = changed.values("listing").distinct().count()
        revision.save(update_fields=["listings"])
        kept.revision = revision
        kept.save(update_fields=["revision"])
        return Saved(revision, _differing(shown))


def _rows(
    store: Store, rules: Rules, changes: Sequence[RuleChange]
) -> Iterator[DryRunRow]:
    """Yield the listings that would get another quantity by these rules."""
    for variant_ids in _variants(store, changes):
        states = listing_states(variant_ids)
        wanted = wanted_quantities(states, rules)
        for state in states:
            one = wanted.get(state.pk)
            if one is None or not one.is_known:
                continue
            if one.quantity == state.desired_quantity:
                continue
            sharing = one.why.get("sharing")
            yield DryRunRow(
                state.pk,
                state.account_id,
                state.seller_sku,
                state.desired_quantity,
                one.quantity,
                sharing["decided_by"] if sharing else "",
                waits="part" in one.why,
            )


def _variants(store: Store, changes: Iterable[RuleChange]) -> Iterator[list[int]]:
    """Yield the keys of the variants that the changes may concern, by batches.

    A variant is concerned as a whole: what one account publishes is not left to others.
    """
    scopes = [scope for change in changes for scope in change.scopes]
    if not scopes:
        return
    concerned = Q()
    for scope in scopes:
        concerned |= _held_by(scope)
    rows = Listing.objects.not_disconnected().filter(
        concerned, account__store=store, is_mfn=True, variant__isnull=False
    )
    named = rows.order_by("variant_id").values_list("variant_id", flat=True)
    keys = list(named.distinct())
    for begin in range(0, len(keys), _BATCH):
        yield keys[begin : begin + _BATCH]


def _held_by(scope: Scope) -> Q:
    """Return the condition for the listings that a scope holds."""
    held = Q(pk__isnull=False)
    if scope.account_id is not None:
        held &= Q(account=scope.account_id)
    if scope.seller_sku:
        held &= Q(seller_sku=scope.seller_sku)
    if scope.category:
        path = "variant__product__category__path"
        below = scope.category + BETWEEN_NAMES
        held &= Q(**{path: scope.category}) | Q(**{f"{path}__startswith": below})
    return held


def _seconds(rows: Sequence[DryRunRow]) -> float:
    """Return how long Amazon's quota lets the slowest account take."""
    by_account: dict[int, int] = {}
    for row in rows:
        if row.new is not None:
            by_account[row.account_id] = by_account.get(row.account_id, 0) + 1
    subjects = {
        account.quota_subject: account.pk
        for account in AmazonAccount.objects.filter(pk__in=by_account)
    }
    buckets = QuotaBucket.objects.filter(
        subject__in=subjects, operation=PATCH_LISTINGS_ITEM.name
    )
    rates = dict(buckets.values_list("subject", "rate"))
    return max(
        (
            by_account[pk] / rates.get(subject, PATCH_LISTINGS_ITEM.rate)
            for subject, pk in subjects.items()
        ),
        default=0.0,
    )


def _differing(shown: Sequence[DryRunRow]) -> list[DryRunRow]:
    """Return the rows whose listing got another number than was shown."""
    kept = dict(
        Listing.objects.filter(pk__in=[row.listing_id for row in shown]).values_list(
            "pk", "desired_quantity"
        )
    )
    return [row for row in shown if kept.get(row.listing_id) != row.new]
