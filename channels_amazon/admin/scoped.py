"""Admin forms that follow a user's roles in the stores; admin layer.

What Django's own permissions say is not asked: who may do what in a store is said by
the membership alone, on these forms as on every other page.
"""

from __future__ import annotations

import re
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Field, ForeignKey, Model, QuerySet, URLField
from django.forms import ModelChoiceField
from django.http import HttpRequest
from django.utils.text import capfirst
from unfold.admin import ModelAdmin, TabularInline

from channels_amazon.admin.first_line import FirstLine
from channels_amazon.models import StoreMember, StoreQuerySet
from channels_amazon.rules.pasted_ids import tidy

Role = StoreMember.Role
Viewer = Any

MEMBERS = (Role.OWNER, Role.OPERATOR, Role.VIEWER)
OPERATORS = (Role.OWNER, Role.OPERATOR)
OWNERS = (Role.OWNER,)
# Where a request keeps which roles its user has.
_ROLES_OF_REQUEST = "_store_roles"


def known_users(user: Viewer) -> QuerySet[User]:
    """Return whom `user` may know of: all for a superuser, an owner's fellow members.

    Who is a member of other stores alone does not exist for anybody else.
    """
    members = StoreMember.objects.with_role(user, OWNERS)
    if is_superuser(user):
        return User.objects.all()
    return User.objects.filter(pk__in=members.values("user_id"))


def is_superuser(user: User | AnonymousUser) -> bool:
    """Tell whether the user runs the installation."""
    return bool(user.is_authenticated and user.is_active and user.is_superuser)


def has_role(request: HttpRequest, roles: tuple[Role, ...]) -> bool:
    """Tell whether who asks has one of these roles in any store.

    The frame of a page asks it of every form there is: the memberships are read once.
    """
    if is_superuser(request.user):
        return True
    found: set[str] | None = getattr(request, _ROLES_OF_REQUEST, None)
    if found is None:
        members = StoreMember.objects.filter(user_id=request.user.pk or 0)
        is_in = request.user.is_authenticated and request.user.is_active
        found = set(members.values_list("role", flat=True)) if is_in else set()
        setattr(request, _ROLES_OF_REQUEST, found)
    return not found.isdisjoint(roles)


# Our ids and counts have 64 bits.
_TOO_LARGE = re.compile(r"[0-9]{19}")
_LONGEST_SEARCH = 200
_MOST_WORDS = 10


class ScopedFields:
    """Offer in foreign keys what the user may work on, in forms and inlines alike."""

    write_roles: tuple[Role, ...] = OPERATORS

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Return the field; an address typed without a scheme is taken for https."""
        if isinstance(db_field, URLField):
            kwargs["assume_scheme"] = "https"
        return super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any] | None:
        """Return the field with its choices scoped to the user's stores and people."""
        rows = db_field.related_model._default_manager.all()
        if isinstance(rows, StoreQuerySet):
            kwargs["queryset"] = rows.with_role(request.user, self.write_roles)
        elif db_field.related_model is User:
            kwargs["queryset"] = known_users(request.user)
        elif not is_superuser(request.user):
            kwargs["queryset"] = rows.none()
        field: ModelChoiceField[Any] | None = super().formfield_for_foreignkey(  # type: ignore[misc]
            db_field, request, **kwargs
        )
        return field


class BoundedSearch:
    """Let no address ask a list for what the database cannot look for, or not in time.

    Django hands lookups of the address to the database as they came: a pattern that is
    none, or a number of forty digits, would be a fault of ours.
    """

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Refuse patterns, and numbers that are no id."""
        if lookup.endswith(("__regex", "__iregex")):
            return False
        values = value if isinstance(value, list | tuple) else [value]
        if any(_TOO_LARGE.search(str(one)) for one in values):
            return False
        allowed: bool = super().lookup_allowed(lookup, value, request)  # type: ignore[misc]
        return allowed

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Model], search_term: str
    ) -> tuple[QuerySet[Model], bool]:
        """Search for the first words alone: each one is a condition of its own."""
        words = tidy(search_term[:_LONGEST_SEARCH]).split()[:_MOST_WORDS]
        found: tuple[QuerySet[Model], bool] = super().get_search_results(  # type: ignore[misc]
            request, queryset, " ".join(words)
        )
        return found


class ScopedAdmin(FirstLine, BoundedSearch, ScopedFields, ModelAdmin):  # type: ignore[misc]
    """Show and change rows of the user's stores as the role allows; others answer 404.

    `view_roles`, `write_roles` and `delete_roles` may look, add and change, delete.
    """

    view_roles: tuple[Role, ...] = MEMBERS
    delete_roles: tuple[Role, ...] = OWNERS

    list_filter_submit = True
    show_full_result_count = False
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Model]:
        """Return the rows of the stores in which the user may look."""
        rows: Any = super().get_queryset(request)
        visible: QuerySet[Model] = rows.with_role(request.user, self.view_roles)
        return visible

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user may look at rows of any store."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the user may look at the row, or at those of any store."""
        return self._has_role(request, self.view_roles, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Tell whether the user may add rows to any store."""
        return self._has_role(request, self.write_roles)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the user may change the row, or those of any store."""
        return self._has_role(request, self.write_roles, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the user may delete the row, or those of any store."""
        return self._has_role(request, self.delete_roles, obj)

    def _has_role(
        self, request: HttpRequest, roles: tuple[Role, ...], obj: Any = None
    ) -> bool:
        """Ask the database, since a form may have put another store into `obj`."""
        if obj is None:
            return has_role(request, roles)
        rows: Any = self.model._default_manager
        return bool(rows.with_role(request.user, roles).filter(pk=obj.pk).exists())


class ScopedInline(ScopedFields, TabularInline):  # type: ignore[misc]
    """Rows inside the form of the row that they belong to, by the rights on that."""

    extra = 0

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Return the field with its name upon it: in a table it has no label."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None:
            widget = getattr(field.widget, "widget", field.widget)
            widget.attrs.setdefault("aria-label", capfirst(field.label))
        return field

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the user may look: whoever may see the form."""
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the user may add rows to the store of the form."""
        return self._has_role(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the user may change rows of the store of the form."""
        return self._has_role(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the user may delete rows of the store of the form."""
        return self._has_role(request, obj)

    def _has_role(self, request: HttpRequest, obj: Any) -> bool:
        """Ask of the form's own row; a new one is added to a store of the user's."""
        if obj is None or obj.pk is None:
            return has_role(request, self.write_roles)
        rows: Any = self.parent_model._default_manager.filter(pk=obj.pk)
        return bool(rows.with_role(request.user, self.write_roles).exists())
