"""Categories, products, variants and translations of a store; models layer."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from channels_amazon.models.scope import StoreScoped
from channels_amazon.models.store import Store


class Category(StoreScoped):
    """A category of the store's own catalogue."""

    store = models.ForeignKey(
        Store, models.CASCADE, verbose_name=_("store"), related_name="categories"
    )
    name = models.CharField(_("name"), max_length=120)
    path = models.CharField(_("path"), max_length=400)

    class Meta:
        ordering = ("path",)
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        constraints = (
            models.UniqueConstraint(fields=["store", "path"], name="category_path"),
        )

    def __str__(self) -> str:
        return self.path


class Product(StoreScoped):
    """What the store sells: one product with one or more variants."""

    store = models.ForeignKey(
        Store, models.CASCADE, verbose_name=_("store"), related_name="products"
    )
    title = models.CharField(_("title"), max_length=300)
    category = models.ForeignKey(
        Category,
        models.SET_NULL,
        verbose_name=_("category"),
        null=True,
        blank=True,
        related_name="products",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("title",)
        verbose_name = _("product")
        verbose_name_plural = _("products")

    def __str__(self) -> str:
        return self.title


class Variant(StoreScoped):
    """One sellable unit: a SKU with barcode, base price and safety stock."""

    store = models.ForeignKey(
        Store, models.CASCADE, verbose_name=_("store"), related_name="variants"
    )
    product = models.ForeignKey(
        Product, models.CASCADE, verbose_name=_("product"), related_name="variants"
    )
    sku = models.CharField(_("SKU"), max_length=80)
    barcode = models.CharField(_("barcode"), max_length=20, blank=True, db_index=True)
    price = models.DecimalField(
        _("price"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    currency = models.CharField(_("currency"), max_length=3)
    safety_stock = models.PositiveIntegerField(_("safety stock"), default=0)

    class Meta:
        ordering = ("sku",)
        verbose_name = _("variant")
        verbose_name_plural = _("variants")
        constraints = (
            models.UniqueConstraint(fields=["store", "sku"], name="variant_sku"),
            models.CheckConstraint(
                condition=models.Q(price__isnull=True) | models.Q(price__gte=0),
                name="variant_price_not_negative",
            ),
        )

    def __str__(self) -> str:
        return self.sku


class Translation(StoreScoped):
    """A variant's text and page address in one language."""

    STORE_PATH: ClassVar[str] = "variant__store"

    variant = models.ForeignKey(Variant, models.CASCADE, related_name="translations")
    language = models.CharField(_("language"), max_length=10)
    title = models.CharField(_("title"), max_length=300)
    description = models.TextField(_("description"), blank=True)
    url = models.URLField(_("page"), max_length=500, blank=True)

    class Meta:
        ordering = ("variant", "language")
        verbose_name = _("translation")
        verbose_name_plural = _("translations")
        constraints = (
            models.UniqueConstraint(
                fields=["variant", "language"], name="translation_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.language}: {self.title}"
