"""Users and groups; admin layer.

Whoever may change a user can become that user, in every store: only a superuser may.
An owner sees the people of the own stores, and gives them roles there.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from channels_amazon.admin.first_line import FirstLine, users_missing
from channels_amazon.admin.scoped import (
    OWNERS,
    BoundedSearch,
    has_role,
    is_superuser,
    known_users,
)
from channels_amazon.admin.site import site

# What an owner sees of a fellow member.
_SHOWN_TO_OWNERS = (
    "username",
    "first_name",
    "last_name",
    "email",
    "is_active",
    "last_login",
)


class SuperuserOnly:
    """Rows of the installation, which belong to no store: a superuser's alone."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user may look at all."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the user runs the installation."""
        return is_superuser(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user runs the installation."""
        return is_superuser(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the user runs the installation."""
        return is_superuser(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the user runs the installation."""
        return is_superuser(request.user)


@admin.register(User, site=site)
class UserAdmin(FirstLine, SuperuserOnly, BoundedSearch, DjangoUserAdmin, ModelAdmin):  # type: ignore[misc, type-arg]
    """The people who sign in."""

    purpose = _("Users sign in; what they may do in a store is said under Members.")
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_filter_submit = True
    # One list each instead of two with searches: these rights count for nothing here.
    filter_horizontal = ()

    def incomplete(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return who may sign in and has no store to see."""
        return rows.filter(
            is_active=True, is_superuser=False, store_memberships__isnull=True
        )

    def missing(self, count: int) -> str:
        """Say that they see nothing."""
        return users_missing(count)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Return whom the user may know of."""
        rows: QuerySet[User] = super().get_queryset(request)
        return rows.filter(pk__in=known_users(request.user).values("pk"))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the user may know of this one, or of anybody."""
        if obj is not None:
            return known_users(request.user).filter(pk=obj.pk).exists()
        return has_role(request, OWNERS)

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Return the whole form to a superuser, name and address to an owner."""
        if is_superuser(request.user):
            return super().get_fieldsets(request, obj)
        return ((None, {"fields": _SHOWN_TO_OWNERS}),)

    def get_list_display(self, request: HttpRequest) -> Any:
        """Return the columns; who runs the installation is no owner's business."""
        if is_superuser(request.user):
            return super().get_list_display(request)
        return ("username", "email", "first_name", "last_name", "is_active")

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Return the filters; none by groups and ranks for an owner."""
        return super().get_list_filter(request) if is_superuser(request.user) else ()

    def lookup_allowed(
        self, lookup: str, value: Any, request: HttpRequest | None = None
    ) -> bool:
        """Tell whether the address may filter so: an owner by what is shown alone."""
        shown = lookup.partition("__")[0] in _SHOWN_TO_OWNERS
        if request is None or not (shown or is_superuser(request.user)):
            return False
        return bool(super().lookup_allowed(lookup, value, request))


@admin.register(Group, site=site)
class GroupAdmin(FirstLine, SuperuserOnly, BoundedSearch, DjangoGroupAdmin, ModelAdmin):  # type: ignore[misc]
    """Permissions that several people share."""

    filter_horizontal = ()
    purpose = _("Groups do not count here: what people may do is said under Members.")
