"""Sync rules, how they were changed, and why numbers were published; models layer."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from channels_amazon.models.account import AmazonAccount
from channels_amazon.models.catalog import Category
from channels_amazon.models.listing import Listing
from channels_amazon.models.scope import StoreQuerySet, StoreScoped
from channels_amazon.models.store import Store
from channels_amazon.rules.scope import BETWEEN_NAMES


class SyncRuleQuerySet(StoreQuerySet["SyncRule"]):
    """The words in which pages and services speak of sync rules."""

    def in_force(self, kind: str) -> Self:
        """Return the rules of a kind that are switched on."""
        return self.filter(kind=kind, is_active=True)

    def naming(self, category: Category) -> Self:
        """Return the rules that hold for the category, or for one below it."""
        path = category.path
        below = models.Q(category__startswith=path + BETWEEN_NAMES)
        return self.filter(models.Q(category=path) | below, store=category.store_id)


class SyncRule(StoreScoped):
    """What is published for whatever its scope holds; the narrowest rule wins.

    A part of the scope that is null or "" stands for all (`rules/scope.py`): without
    any it is the whole store. `category` is the path of a category, and holds for those
    below it. `terms` are those of `rules/stock/terms.py` or, of a price rule,
    `rules/pricing/stored_terms.py`.
    """

    objects: ClassVar[Any] = SyncRuleQuerySet.as_manager()

    class Kind(models.TextChoices):
        """Which number the rule decides."""

        STOCK = "stock", _("Stock rule")
        PRICE = "price", _("Price rule")

    store = models.ForeignKey(
        Store, models.CASCADE, verbose_name=_("store"), related_name="sync_rules"
    )
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    account = models.ForeignKey(
        AmazonAccount, models.CASCADE, null=True, blank=True, related_name="+"
    )
    marketplace_id = models.CharField(_("marketplace"), max_length=20, blank=True)
    category = models.CharField(_("category"), max_length=400, blank=True)
    seller_sku = models.CharField(_("seller SKU"), max_length=80, blank=True)
    terms = models.JSONField(default=dict, blank=True)
    is_active = models.BooleanField(_("switched on"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ("store", "kind", "pk")
        verbose_name = _("sync rule")
        verbose_name_plural = _("sync rules")
        constraints = (
            models.UniqueConstraint(
                fields=[
                    "store",
                    "kind",
                    "seller_sku",
                    "category",
                    "marketplace_id",
                    "account",
                ],
                condition=models.Q(account__isnull=False),
                name="sync_rule_scope_once",
            ),
            # To a UNIQUE constraint no two NULLs are equal, so rules for all accounts
            # need one of their own.
            models.UniqueConstraint(
                fields=["store", "kind", "seller_sku", "category", "marketplace_id"],
                condition=models.Q(account__isnull=True),
                name="sync_rule_scope_once_for_all",
            ),
        )
        indexes = (
            # Each sale asks for the rules of a few SKUs, and for those of none.
            models.Index(
                fields=["store", "kind", "seller_sku"],
                condition=models.Q(is_active=True),
                name="sync_rule_in_force",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} rule {self.pk} of {self.store_id}"


class RuleRevision(StoreScoped):
    """One saving of rules, which can be undone; never changed afterwards.

    `changes` is a list of {"before": StoredRule | null, "after": StoredRule | null}
    (`services/sync_rules/changes.py`). `listings` is how many listings got another
    number by it.
    """

    store = models.ForeignKey(Store, models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=8, choices=SyncRule.Kind.choices)
    changes = models.JSONField(default=list)
    listings = models.PositiveIntegerField(default=0)
    # The saving that this one took back.
    undoes = models.OneToOneField(
        "self", models.SET_NULL, null=True, blank=True, related_name="undone_by"
    )
    actor = models.CharField(_("by"), max_length=150, blank=True)
    created_at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        ordering = ("-pk",)
        indexes = (models.Index(fields=["store", "kind", "-id"], name="revision_new"),)

    def __str__(self) -> str:
        return f"revision {self.pk} of {self.store_id}"


class RuleDryRun(StoreScoped):
    """What a change of rules would publish, as it was shown before anybody saved it.

    `changes` is as in a revision. `rows` are `DryRunRow`s as they are stored
    (`services/stock/dry_run.py`), `rules_mark` is the state of the store's rules for
    which they hold. Kept for a few days.
    """

    store = models.ForeignKey(Store, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=SyncRule.Kind.choices)
    changes = models.JSONField(default=list)
    rows = models.JSONField(default=list)
    rules_mark = models.CharField(max_length=64)
    # The saving that it would take back.
    undoes = models.ForeignKey(
        RuleRevision, models.CASCADE, null=True, blank=True, related_name="+"
    )
    # What came of it, null while it was not saved.
    revision = models.OneToOneField(
        RuleRevision,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="dry_run",
    )
    actor = models.CharField(_("by"), max_length=150, blank=True)
    created_at = models.DateTimeField(_("at"), auto_now_add=True, db_index=True)

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"dry run {self.pk} of {self.store_id}"


class NumberChange(StoreScoped):
    """A number that we publish became another one, or got other reasons.

    `marketplace_id` is "" for a quantity, which Amazon keeps for all of them; a
    quantity's `why` is a `rules.stock.quantity_inputs.QuantityInputs`. `value` is null
    where nothing is published. It is written with the number, so the newest one at a
    moment tells why the number was what it was.
    """

    STORE_PATH: ClassVar[str] = "listing__account__store"

    listing = models.ForeignKey(
        Listing, models.CASCADE, related_name="number_changes", db_index=False
    )
    marketplace_id = models.CharField(max_length=20, blank=True)
    value = models.DecimalField(max_digits=15, decimal_places=4, null=True, blank=True)
    why = models.JSONField(default=dict, blank=True)
    revision = models.ForeignKey(
        RuleRevision, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(_("at"))

    class Meta:
        ordering = ("-pk",)
        indexes = (
            models.Index(
                fields=["listing", "marketplace_id", "-id"], name="number_change_new"
            ),
            models.Index(fields=["created_at"], name="number_change_age"),
        )

    def __str__(self) -> str:
        return f"{self.listing_id}: {self.value}"

    @property
    def units(self) -> int | None:
        """Return the number as units, None where nothing is published."""
        return None if self.value is None else int(self.value)
