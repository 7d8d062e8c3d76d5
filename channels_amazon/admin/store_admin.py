"""Stores with their members and warehouses; admin layer."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from channels_amazon.admin.scoped import ScopedAdmin, ScopedInline
from channels_amazon.admin.site import site
from channels_amazon.models import Store, StoreMember, Warehouse


class MemberInline(ScopedInline):
    """The members of a store."""

    model = StoreMember
    autocomplete_fields = ("user",)


class WarehouseInline(ScopedInline):
    """The warehouses of a store."""

    model = Warehouse


@admin.register(Store, site=site)
class StoreAdmin(ScopedAdmin):
    """A store, its plan, members and warehouses."""

    list_display = ("name", "slug", "plan", "language", "currency")
    search_fields = ("name", "slug")
    prepopulated_fields: dict[str, Any] = {"slug": ("name",)}
    inlines = (MemberInline, WarehouseInline)


@admin.register(StoreMember, site=site)
class StoreMemberAdmin(ScopedAdmin):
    """Who may do what in which store."""

    list_display = ("user", "store", "role", "sees_personal_data")
    list_select_related = ("user", "store")
    list_filter = ("role",)
    search_fields = ("user__username", "store__name")
    autocomplete_fields = ("user",)


@admin.register(Warehouse, site=site)
class WarehouseAdmin(ScopedAdmin):
    """The places that hold stock and ship."""

    list_display = ("name", "code", "store", "country_code", "is_default")
    list_select_related = ("store",)
    search_fields = ("name", "code")
