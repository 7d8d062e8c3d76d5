"""What a change of stock rules would publish, saved and undone."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from channels_amazon.models import (
    AmazonAccount,
    Category,
    Listing,
    NumberChange,
    RuleDryRun,
    RuleRevision,
    Store,
    SyncRule,
    Variant,
    Warehouse,
)
from channels_amazon.rules.scope import Scope
from channels_amazon.services.stock import dry_run, ledger
from channels_amazon.services.stock.drift import take_readings
from channels_amazon.services.stock.dry_run import DryRunRow
from channels_amazon.services.stock.push_state import mark_acknowledged
from channels_amazon.services.sync_rules.changes import RuleChange, RuleConflict
from channels_amazon.services.sync_rules.stored import Rule, all_rules
from tests import builders

pytestmark = pytest.mark.django_db

HALF: dict[str, Any] = {"mode": "split", "share": 50}


class Shop:
    """A store with ten units of one variant, listed in two accounts."""

    def __init__(self) -> None:
        self.store: Store = builders.make_store()
        self.warehouse: Warehouse = builders.make_warehouse(self.store)
        self.variant: Variant = builders.make_variant(self.store, sku="LAMP")
        self.listings: list[Listing] = [
            builders.make_listing(
                builders.make_account(self.store),
                seller_sku="LAMP",
                variant=self.variant,
                is_mfn=True,
            )
            for _ in range(2)
        ]
        self.count(10)

    @property
    def accounts(self) -> list[AmazonAccount]:
        """Return the accounts of the listings."""
        return [listing.account for listing in self.listings]

    def count(self, units: int) -> None:
        """Count the variant's units."""
        keys = f"count {units} {NumberChange.objects.count()}"
        ledger.set_on_hand(self.variant, self.warehouse, units, actor="", key=keys)

    def published(self) -> list[int | None]:
        """Return what the listings should publish."""
        keys = [listing.pk for listing in self.listings]
        rows = dict(
            Listing.objects.filter(pk__in=keys).values_list("pk", "desired_quantity")
        )
        return [rows[key] for key in keys]

    def accept(self, place: int) -> None:
        """Have Amazon accept what a listing should publish."""
        listing = Listing.objects.get(pk=self.listings[place].pk)
        assert listing.desired_at is not None
        mark_acknowledged(listing, listing.desired_at)

    def show(self, place: int) -> None:
        """Have Amazon show what it accepted of a listing."""
        now = timezone.now()
        listing = Listing.objects.get(pk=self.listings[place].pk)
        listing.observed_quantity = listing.acknowledged_quantity
        listing.observed_at = now
        listing.save(update_fields=["observed_quantity", "observed_at"])
        take_readings([listing], None, now)

    def try_rule(self, place: int, **terms: Any) -> RuleDryRun:
        """Return the dry run of a new rule for an account."""
        return self.try_rules({place: terms})

    def try_rules(self, terms: dict[int, dict[str, Any]]) -> RuleDryRun:
        """Return the dry run of new rules, by the account's place."""
        changes = [
            RuleChange(None, Rule(None, Scope(self.accounts[place].pk), rule))
            for place, rule in terms.items()
        ]
        return dry_run.try_changes(self.store, changes, actor="mei")


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_dry_run_shows_what_a_rule_would_publish(shop: Shop) -> None:
    made = shop.try_rule(0, **HALF)

    rows = dry_run.rows_of(RuleDryRun.objects.get(pk=made.pk))
    assert [(row.seller_sku, row.old, row.new, row.decided_by) for row in rows] == [
        ("LAMP", 10, 5, "share"),
        ("LAMP", 10, 5, ""),
    ]
    assert shop.published() == [10, 10]
    assert not SyncRule.objects.exists()


def test_saving_publishes_what_was_shown_and_says_why(shop: Shop) -> None:
    made = shop.try_rule(0, **HALF)

    saved = dry_run.save(made, actor="mei")

    assert shop.published() == [5, 5]
    assert saved.differing == []
    assert saved.revision.listings == 2
    assert saved.revision.actor == "mei"
    rule = SyncRule.objects.get()
    assert (rule.terms, rule.updated_by) == (HALF, "mei")
    listing = Listing.objects.get(pk=shop.listings[0].pk)
    assert listing.push_due
    assert listing.desired_why["sync_rule"] == rule.pk
    assert listing.desired_why["sharing"]["share"] == 50
    change = NumberChange.objects.filter(listing=listing).latest("pk")
    assert change.value == 5
    assert change.revision == saved.revision
    assert change.why == listing.desired_why


def test_saving_twice_saves_once(shop: Shop) -> None:
    made = shop.try_rule(0, **HALF)

    first = dry_run.save(made, actor="mei")
    again = dry_run.save(made, actor="mei")

    assert again.revision == first.revision
    assert RuleRevision.objects.count() == SyncRule.objects.count() == 1


def test_undoing_brings_rules_and_numbers_back(shop: Shop) -> None:
    saved = dry_run.save(shop.try_rule(0, **HALF), actor="mei")

    undoing = dry_run.try_undoing(saved.revision, actor="li")
    assert [(row.old, row.new) for row in dry_run.rows_of(undoing)] == [(5, 10)] * 2
    undone = dry_run.save(undoing, actor="li")

    assert shop.published() == [10, 10]
    assert not SyncRule.objects.exists()
    assert undone.revision.undoes == saved.revision
    again = dry_run.save(dry_run.try_undoing(undone.revision, actor="li"), actor="li")
    assert shop.published() == [5, 5]
    assert again.revision.listings == 2


def test_rules_that_others_changed_are_not_saved_over(shop: Shop) -> None:
    made = shop.try_rule(0, **HALF)
    dry_run.save(shop.try_rule(1, mode="split", share=30), actor="li")

    with pytest.raises(RuleConflict) as conflict:
        dry_run.save(made, actor="mei")

    assert conflict.value.code == "rules.changed_meanwhile"
    assert SyncRule.objects.count() == 1
    assert RuleDryRun.objects.get(pk=made.pk).revision is None


def test_what_stock_changed_meanwhile_is_said(shop: Shop) -> None:
    made = shop.try_rule(0, **HALF)
    shop.count(4)

    saved = dry_run.save(made, actor="mei")

    assert shop.published() == [2, 2]
    assert [(row.old, row.new) for row in saved.differing] == [(10, 5), (10, 5)]


def test_second_rule_for_the_same_scope_is_refused(shop: Shop) -> None:
    dry_run.save(shop.try_rule(0, **HALF), actor="mei")

    with pytest.raises(RuleConflict) as conflict:
        shop.try_rule(0, mode="shared")

    assert conflict.value.code == "rules.same_scope"


def test_rule_that_was_switched_off_keeps_its_scope(shop: Shop) -> None:
    dry_run.save(shop.try_rule(0, **HALF), actor="mei")
    (rule,) = all_rules(dry_run.KIND, shop.store.pk)
    off = Rule(rule.pk, rule.scope, rule.terms, is_active=False)
    made = dry_run.try_changes(shop.store, [RuleChange(rule, off)], actor="mei")
    dry_run.save(made, actor="mei")
    assert shop.published() == [10, 10]

    twin = shop.try_rule(0, mode="split", share=10)
    with pytest.raises(RuleConflict) as conflict:
        dry_run.save(twin, actor="mei")

    assert conflict.value.code == "rules.same_scope"
    assert shop.published() == [10, 10]
    assert RuleRevision.objects.count() == 2


def test_split_part_rises_once_the_others_have_let_go(shop: Shop) -> None:
    dry_run.save(
        shop.try_rules({0: {"mode": "split", "share": 80}, 1: {**HALF, "share": 20}}),
        actor="mei",
    )
    for place in (0, 1):
        shop.accept(place)
        shop.show(place)
    assert shop.published() == [8, 2]
    rules = all_rules(dry_run.KIND, shop.store.pk)
    swapped = [
        RuleChange(rule, Rule(rule.pk, rule.scope, {**HALF, "share": share}))
        for rule, share in zip(rules, (20, 80), strict=True)
    ]

    made = dry_run.try_changes(shop.store, swapped, actor="mei")
    rows = dry_run.rows_of(made)
    dry_run.save(made, actor="mei")

    # The second one could sell what the first has not let go of yet.
    assert [(row.new, row.waits) for row in rows] == [(2, False)]
    assert shop.published() == [2, 2]
    shop.accept(0)
    assert shop.published() == [2, 2]
    shop.show(0)
    assert shop.published() == [2, 8]
    shop.accept(1)
    shop.show(1)
    assert not Listing.objects.filter(holds_rises=True).exists()


def test_rule_that_publishes_nothing_leaves_amazons_number(shop: Shop) -> None:
    dry_run.save(shop.try_rule(0, is_published=False), actor="mei")

    listing = Listing.objects.get(pk=shop.listings[0].pk)
    assert (listing.desired_quantity, listing.push_due) == (None, False)
    assert listing.desired_why["sharing"]["decided_by"] == "not_published"
    shop.count(7)
    assert shop.published() == [None, 7]


def test_rule_of_a_category_holds_for_those_below_it(shop: Shop) -> None:
    made = Category.objects.create(
        store=shop.store, name="Lamps", path="Home > Light > Lamps"
    )
    shop.variant.product.category = made
    shop.variant.product.save()
    rule = Rule(None, Scope(category="Home > Light"), {"cap": 3})

    rows = dry_run.rows_of(
        dry_run.try_changes(shop.store, [RuleChange(None, rule)], actor="mei")
    )

    assert [row.new for row in rows] == [3, 3]


def test_unreadable_terms_sell_nothing(shop: Shop) -> None:
    SyncRule.objects.create(
        store=shop.store, kind=dry_run.KIND, terms={"share": "all of it"}
    )

    shop.count(6)

    assert shop.published() == [0, 0]


def test_another_stores_rule_holds_for_none_of_ours(shop: Shop) -> None:
    SyncRule.objects.create(
        store=builders.make_store(), kind=dry_run.KIND, terms={"cap": 1}
    )

    shop.count(6)

    assert shop.published() == [6, 6]


def test_summary_names_extremes_and_how_long_it_takes() -> None:
    account = builders.make_account()
    rows = [
        DryRunRow(1, account.pk, "A", 10, 0, "cap", waits=False),
        DryRunRow(2, account.pk, "B", 1, 9, "share", waits=False),
        DryRunRow(3, account.pk, "C", 5, None, "not_published", waits=False),
    ]

    told = dry_run.summary(rows)

    assert (told.count, told.to_zero, told.silent) == (3, 1, 1)
    assert told.largest_rise == rows[1]
    assert told.largest_fall == rows[0]
    # patchListingsItem: five a second.
    assert told.seconds == pytest.approx(0.4)
