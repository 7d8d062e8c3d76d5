"""Users and groups; admin layer.

Whoever may change a user can become that user, in every store: only a superuser may.
An owner sees the people of the own stores, and gives them roles there.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserCreationForm
from unfold.forms import UserChangeForm as LookUserChangeForm

from channels_amazon.admin.first_line import FirstLine, users_locked, users_missing
from channels_amazon.admin.scoped import (
    OWNERS,
    BoundedSearch,
    has_role,
    is_superuser,
    known_users,
)
from channels_amazon.admin.site import site
from channels_amazon.services.diagnostics.locked_sign_ins import locked_now

# What an owner sees of a fellow member.
_SHOWN_TO_OWNERS = (
    "username",
    "first_name",
    "last_name",
    "email",
    "is_active",
    "last_login",
)

# What Django's four permissions of each kind of row allow.
_ALLOWED: dict[str, Promise] = {
    "add": _("%(area)s: may add %(rows)s"),
    "change": _("%(area)s: may change %(rows)s"),
    "delete": _("%(area)s: may delete %(rows)s"),
    "view": _("%(area)s: may look at %(rows)s"),
}


# So many who are locked out are named, of however many there are.
MOST_NAMED = 5


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


class NamedPermissions:
    """Offer Django's permissions of rows with a page here, in the reader's language.

    What is stored of them is English alone, and of rows that nobody opens, too.
    """

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any
    ) -> Any:
        """Return the field, whose permissions are named by their model."""
        if db_field.related_model is not Permission:
            return super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]
        kwargs["queryset"] = _of_pages().select_related("content_type")
        field = super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]
        if field is not None:
            field.label_from_instance = permission_name
        return field


def _of_pages() -> QuerySet[Permission]:
    """Return the permissions of the rows that have a page on this site."""
    pages = Q()
    for model in filter(site.is_registered, apps.get_models()):
        names = {"app_label": model._meta.app_label, "model": model._meta.model_name}
        pages |= Q(**{f"content_type__{key}": name for key, name in names.items()})
    return Permission.objects.filter(pages)


def permission_name(permission: Permission) -> str:
    """Return what a permission allows, as it is stored where it is none of the four."""
    action = permission.codename.partition("_")[0]
    model = permission.content_type.model_class()
    if model is None or action not in _ALLOWED:
        return str(permission)
    return str(_ALLOWED[action]) % {
        "area": apps.get_app_config(model._meta.app_label).verbose_name,
        "rows": model._meta.verbose_name_plural,
    }


class UserChangeForm(LookUserChangeForm):  # type: ignore[misc]
    """The form of a user, whose every word is in the reader's language."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The look's own text holds a link with its style, in English alone.
        if "password" in self.fields:
            self.fields["password"].help_text = format_html(
                '{} <a href="../password/">{}</a>',
                gettext("No password is kept as it was typed: nobody can look it up."),
                gettext("Change password"),
            )


@admin.register(User, site=site)
class UserAdmin(  # type: ignore[misc]
    FirstLine,
    SuperuserOnly,
    BoundedSearch,
    NamedPermissions,
    DjangoUserAdmin,  # type: ignore[type-arg]
    ModelAdmin,  # type: ignore[misc]
):
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

    def also_missing(self, request: HttpRequest) -> str:
        """Say which of them are locked out now, if any are."""
        names = locked_now(timezone.now()).names
        if not names:
            return ""
        known = self.get_queryset(request).filter(username__in=names)
        locked = sorted(known.values_list("username", flat=True)[:MOST_NAMED])
        return users_locked(locked) if locked else ""

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
class GroupAdmin(  # type: ignore[misc]
    FirstLine,
    SuperuserOnly,
    BoundedSearch,
    NamedPermissions,
    DjangoGroupAdmin,
    ModelAdmin,  # type: ignore[misc]
):
    """Permissions that several people share."""

    filter_horizontal = ()
    purpose = _("Groups do not count here: what people may do is said under Members.")
