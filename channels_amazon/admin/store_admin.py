"""Stores with their members and warehouses; admin layer."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels_amazon.admin import first_line
from channels_amazon.admin.scoped import (
    OWNERS,
    ScopedAdmin,
    ScopedInline,
    is_superuser,
)
from channels_amazon.admin.site import site
from channels_amazon.models import Store, StoreMember, Warehouse


class MemberInline(ScopedInline):
    """The members of a store; an owner changes them on pages of their own."""

    model = StoreMember
    autocomplete_fields = ("user",)
    show_change_link = True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the user owns the store."""
        if obj is None or obj.pk is None:
            return is_superuser(request.user)
        owned = Store.objects.with_role(request.user, OWNERS)
        return bool(owned.filter(pk=obj.pk).exists())

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the user runs the installation."""
        return is_superuser(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the user runs the installation."""
        return is_superuser(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the user runs the installation."""
        return is_superuser(request.user)


class WarehouseInline(ScopedInline):
    """The warehouses of a store."""

    model = Warehouse
    write_roles = OWNERS


@admin.register(Store, site=site)
class StoreAdmin(ScopedAdmin):
    """A store, its plan, members and warehouses.

    Whoever runs the installation opens stores and sells plans; an owner says what the
    own store is called and in which language and currency it works.
    """

    purpose = gettext_lazy("A store owns its accounts, products, stock and people.")
    fills_slug = True
    write_roles = OWNERS
    list_display = ("name", "slug", "plan", "language", "currency")
    search_fields = ("name", "slug")
    inlines = (MemberInline, WarehouseInline)

    def incomplete(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the stores without an owner."""
        owners = StoreMember.objects.filter(role=StoreMember.Role.OWNER)
        return rows.exclude(pk__in=owners.values("store_id"))

    def missing(self, count: int) -> str:
        """Say that nobody can connect Amazon there."""
        return first_line.stores_missing(count)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user runs the installation."""
        return is_superuser(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the user runs the installation."""
        return is_superuser(request.user)

    def get_readonly_fields(
        self, request: HttpRequest, obj: Store | None = None
    ) -> tuple[str, ...]:
        """Return what an owner cannot change."""
        return () if is_superuser(request.user) else ("slug", "plan")

    def get_prepopulated_fields(
        self, request: HttpRequest, obj: Store | None = None
    ) -> dict[str, Any]:
        """Make the short name from the name, where it can be set at all."""
        return {"slug": ("name",)} if is_superuser(request.user) else {}


class MemberForm(forms.ModelForm):  # type: ignore[type-arg]
    """A membership, as `acting_user` may give it."""

    acting_user: Any = None

    def clean(self) -> dict[str, Any] | None:
        """Refuse to give a right that who gives it does not have."""
        data = super().clean()
        gives = bool(data and data.get("sees_personal_data"))
        had = bool(self.instance.pk and self.initial.get("sees_personal_data"))
        if gives and not had and not is_superuser(self.acting_user):
            store = (data or {}).get("store") or (
                self.instance.store if self.instance.pk else None
            )
            giver = StoreMember.objects.filter(
                store=store, user=self.acting_user, sees_personal_data=True
            )
            if not giver.exists():
                raise ValidationError(
                    _(
                        "Only who sees the personal data of this store may let others "
                        "see it."
                    )
                )
        return data


@admin.register(StoreMember, site=site)
class StoreMemberAdmin(ScopedAdmin):
    """Who may do what in which store.

    An owner gives no right beyond the own ones, to people whom the own stores know
    already, and does not change the own membership.
    """

    purpose = gettext_lazy(
        "Members say who may do what in a store: owners connect, operators work, "
        "viewers look."
    )
    form = MemberForm
    view_roles = write_roles = delete_roles = OWNERS
    list_display = ("user", "store", "role", "sees_personal_data")
    list_select_related = ("user", "store")
    list_filter = ("role",)
    search_fields = ("user__username", "store__name")
    autocomplete_fields = ("user",)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kw: Any
    ) -> Any:
        """Return the form, which knows who fills it in."""
        form: Any = super().get_form(request, obj, change=change, **kw)
        return type(form.__name__, (form,), {"acting_user": request.user})

    def get_readonly_fields(
        self, request: HttpRequest, obj: StoreMember | None = None
    ) -> tuple[str, ...]:
        """Return who is a member of what, which does not change: it ends."""
        return ("store", "user") if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the user owns the store, and it is another's membership."""
        return not _is_own(request, obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the user owns the store, and it is another's membership."""
        return not _is_own(request, obj) and super().has_delete_permission(request, obj)


@admin.register(Warehouse, site=site)
class WarehouseAdmin(ScopedAdmin):
    """The places that hold stock and ship."""

    purpose = gettext_lazy("Warehouses hold your stock; parcels leave from them.")
    write_roles = OWNERS
    list_display = ("name", "code", "store", "country_code", "is_default")
    list_select_related = ("store",)
    search_fields = ("name", "code")


def _is_own(request: HttpRequest, member: StoreMember | None) -> bool:
    """Tell whether it is the membership of who asks, who runs no installation."""
    if member is None or is_superuser(request.user):
        return False
    return member.user_id == request.user.pk
