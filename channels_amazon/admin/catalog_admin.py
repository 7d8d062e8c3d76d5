"""The store's own catalogue: categories, products, variants; admin layer."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from channels_amazon.admin import first_line
from channels_amazon.admin.scoped import ScopedAdmin, ScopedInline
from channels_amazon.admin.site import site
from channels_amazon.models import (
    AmazonAccount,
    Category,
    Product,
    SyncRule,
    Translation,
    Variant,
)
from channels_amazon.services.catalog import listings
from channels_amazon.services.orders import intake
from channels_amazon.services.stock import publication

_NAMED_BY_RULE = _("A stock or price rule holds by this path: change the rule first.")


class VariantInline(ScopedInline):
    """The variants of a product."""

    model = Variant
    fields = ("sku", "barcode", "price", "currency")
    readonly_fields = fields
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: a variant is added on its own page, where its SKU is linked."""
        return False


class TranslationInline(ScopedInline):
    """A variant's texts by language."""

    model = Translation
    fields = ("language", "title", "url")


@admin.register(Category, site=site)
class CategoryAdmin(ScopedAdmin):
    """The categories of a store."""

    purpose = _("Categories order the products of your store.")
    list_display = ("path", "name", "store")
    list_select_related = ("store",)
    search_fields = ("path",)

    def get_form(
        self,
        request: HttpRequest,
        obj: Category | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Say why the path cannot be changed, where a rule holds by it."""
        if obj is not None and SyncRule.objects.naming(obj).exists():
            kwargs["help_texts"] = {"path": _NAMED_BY_RULE}
        return super().get_form(request, obj, change, **kwargs)

    def get_readonly_fields(
        self, request: HttpRequest, obj: Category | None = None
    ) -> Any:
        """Keep the path as it is while a rule holds by it: it would hold no more."""
        fields = super().get_readonly_fields(request, obj)
        if obj is not None and SyncRule.objects.naming(obj).exists():
            return (*fields, "path")
        return fields

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Keep the categories by which a rule holds: it would hold no more."""
        deleted, counts, lacking, kept = super().get_deleted_objects(objs, request)
        named = [one for one in objs if SyncRule.objects.naming(one).exists()]
        return deleted, counts, lacking, [*kept, *map(_kept_for_rule, named)]


@admin.register(Product, site=site)
class ProductAdmin(ScopedAdmin):
    """The products of a store."""

    purpose = _("A product is what your shop shows; its variants are what is sold.")
    list_display = ("title", "category", "store")
    list_select_related = ("store", "category")
    search_fields = ("title", "variants__sku")
    inlines = (VariantInline,)

    def incomplete(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the products without a variant."""
        return rows.filter(variants__isnull=True)

    def missing(self, count: int) -> str:
        """Say that there is nothing to sell of them."""
        return first_line.products_missing(count)

    def save_model(
        self, request: HttpRequest, obj: Product, form: Any, change: bool
    ) -> None:
        """Save the product; another category may be one of another stock rule."""
        super().save_model(request, obj, form, change)
        if "category" in form.changed_data:
            publication.refresh_product(obj)


@admin.register(Variant, site=site)
class VariantAdmin(ScopedAdmin):
    """The sellable units; what they hold in stock is set on the stock pages."""

    purpose = _(
        "A variant is one thing that you sell; its SKU links it with Amazon's listings."
    )
    list_display = ("sku", "product", "barcode", "price", "currency", "safety_stock")
    list_select_related = ("product",)
    search_fields = ("sku", "barcode", "product__title")
    autocomplete_fields = ("product",)
    inlines = (TranslationInline,)

    def incomplete(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the variants that no listing has."""
        return rows.filter(listings__isnull=True)

    def missing(self, count: int) -> str:
        """Say that Amazon does not sell them."""
        return first_line.variants_missing(count)

    def save_model(
        self, request: HttpRequest, obj: Variant, form: Any, change: bool
    ) -> None:
        """Save the variant, link listings with its SKU, publish its new number."""
        super().save_model(request, obj, form, change)
        relink(obj)


def _kept_for_rule(category: Category) -> str:
    return f"{category}: {_NAMED_BY_RULE}"


def relink(variant: Variant) -> None:
    """Let a new SKU find its listings and order lines, a safety stock reach Amazon."""
    accounts = AmazonAccount.objects.not_disconnected()
    for account in accounts.filter(store=variant.store_id):
        listings.link_by_sku(account, [variant.sku])
    publication.refresh_desired([variant.pk])
    intake.match_lines(variant)
