"""Stock levels, the movement ledger and FBA stock by pool; models layer."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from channels_amazon.models.catalog import Variant
from channels_amazon.models.listing import Listing
from channels_amazon.models.scope import StoreQuerySet, StoreScoped
from channels_amazon.models.store import Warehouse


class StockLevelQuerySet(StoreQuerySet["StockLevel"]):
    """The words in which pages and checks speak of stock levels."""

    def below_zero(self) -> Self:
        """Return the levels of which more units left than were counted."""
        return self.filter(on_hand__lt=0)


class StockLevel(StoreScoped):
    """The sum of a variant's movements in one warehouse.

    `on_hand` may fall below zero when a parcel left that the count did not know;
    `reserved` never can.
    """

    STORE_PATH: ClassVar[str] = "variant__store"

    objects: ClassVar[Any] = StockLevelQuerySet.as_manager()

    variant = models.ForeignKey(Variant, models.CASCADE, related_name="levels")
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="levels")
    on_hand = models.IntegerField(_("on hand"), default=0)
    reserved = models.PositiveIntegerField(_("reserved"), default=0)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("stock level")
        verbose_name_plural = _("stock levels")
        indexes = (
            # The few that somebody has to look at, however many levels there are.
            models.Index(
                fields=["variant"],
                condition=models.Q(on_hand__lt=0),
                name="level_below_zero",
            ),
        )
        constraints = (
            models.UniqueConstraint(fields=["variant", "warehouse"], name="level_once"),
            models.CheckConstraint(
                condition=models.Q(reserved__gte=0), name="level_reserved_not_negative"
            ),
        )

    def __str__(self) -> str:
        return f"{self.variant} @ {self.warehouse}"

    @property
    def available(self) -> int:
        """Return on hand less reserved, in units."""
        return self.on_hand - self.reserved

    @property
    def is_below_zero(self) -> bool:
        """Tell whether more units left than were counted: `below_zero()` for one."""
        return self.on_hand < 0


class StockMovement(StoreScoped):
    """One entry of the append-only ledger; a level is the sum of its entries."""

    STORE_PATH: ClassVar[str] = "variant__store"

    class Reason(models.TextChoices):
        """Why units moved."""

        COUNT = "count", _("Count")
        IMPORT = "import", _("Import")
        RESERVED = "reserved", _("Reserved for an order")
        RELEASED = "released", _("Reservation released")
        SHIPPED = "shipped", _("Shipped")
        RETURNED = "returned", _("Returned")
        ADJUSTED = "adjusted", _("Adjusted")
        TRANSFER = "transfer", _("Moved to another warehouse")
        STOCK_TAKE = "stock_take", _("Stock-take")

    class Cause(models.TextChoices):
        """Why somebody adjusted a level."""

        DAMAGED = "damaged", _("Damaged")
        LOST = "lost", _("Lost")
        FOUND = "found", _("Found")
        CORRECTION = "correction", _("Correction")
        SAMPLE = "sample", _("Sample")
        TO_SUPPLIER = "to_supplier", _("Returned to the supplier")
        OTHER = "other", _("Other reason")

    # These state how many units there are, the others how many more or fewer.
    COUNTS: ClassVar[tuple[str, ...]] = (
        Reason.COUNT,
        Reason.IMPORT,
        Reason.STOCK_TAKE,
    )

    variant = models.ForeignKey(
        Variant, models.CASCADE, related_name="movements", db_index=False
    )
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="+")
    on_hand_delta = models.IntegerField(_("on hand"), default=0)
    reserved_delta = models.IntegerField(_("reserved"), default=0)
    reason = models.CharField(_("reason"), max_length=10, choices=Reason.choices)
    # Of an adjustment alone.
    cause = models.CharField(max_length=12, choices=Cause.choices, blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    idempotency_key = models.CharField(max_length=160, unique=True)
    reference = models.CharField(_("reference"), max_length=80, blank=True)
    actor = models.CharField(_("by"), max_length=150, blank=True)
    created_at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("stock movement")
        verbose_name_plural = _("stock movements")
        indexes = (
            models.Index(fields=["variant", "-id"], name="movement_variant"),
            # Each sale of a variant asks whether it was ever counted.
            models.Index(fields=["variant", "reason"], name="movement_reason"),
            # The movements of a period, of all variants.
            models.Index(fields=["created_at"], name="movement_at"),
        )

    def __str__(self) -> str:
        return f"{self.variant} {self.on_hand_delta:+d}/{self.reserved_delta:+d}"


class LedgerDifference(StoreScoped):
    """A level that the proof found to be another than its movements add up to.

    The proof goes over all levels daily and deletes what is in order again.
    """

    STORE_PATH: ClassVar[str] = "variant__store"

    variant = models.ForeignKey(Variant, models.CASCADE, related_name="+")
    warehouse = models.ForeignKey(Warehouse, models.CASCADE, related_name="+")
    found_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["variant", "warehouse"], name="ledger_difference_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.variant_id} @ {self.warehouse_id}"


class FbaStock(StoreScoped):
    """What Amazon holds of a listing in one FBA pool; read, never written.

    Marketplaces of one pool report the same units again, so a pool is one row.
    """

    STORE_PATH: ClassVar[str] = "listing__account__store"

    listing = models.ForeignKey(Listing, models.CASCADE, related_name="fba_stock")
    pool = models.CharField(_("pool"), max_length=4)
    fulfillable = models.PositiveIntegerField(_("fulfillable"), default=0)
    inbound_working = models.PositiveIntegerField(default=0)
    inbound_shipped = models.PositiveIntegerField(default=0)
    inbound_receiving = models.PositiveIntegerField(default=0)
    reserved = models.PositiveIntegerField(_("reserved"), default=0)
    # Units of our MCF orders that Amazon's `fulfillable` does not show as gone yet.
    promised = models.PositiveIntegerField(_("promised"), default=0)
    unfulfillable = models.PositiveIntegerField(_("unfulfillable"), default=0)
    researching = models.PositiveIntegerField(_("researching"), default=0)
    total = models.PositiveIntegerField(_("total"), default=0)
    seen_marketplace_id = models.CharField(max_length=20)
    amazon_updated_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(_("seen"))

    class Meta:
        verbose_name = _("FBA stock")
        verbose_name_plural = _("FBA stock")
        constraints = (
            models.UniqueConstraint(fields=["listing", "pool"], name="fba_pool_once"),
        )

    def __str__(self) -> str:
        return f"{self.listing} {self.pool}: {self.fulfillable}"

    @property
    def sellable(self) -> int:
        """Return what may still be placed: fulfillable less what we promised."""
        return max(0, self.fulfillable - self.promised)

    @property
    def inbound(self) -> int:
        """Return the units on their way to Amazon, in all three stages."""
        return self.inbound_working + self.inbound_shipped + self.inbound_receiving
