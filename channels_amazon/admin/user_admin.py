"""Users and groups in the project's look; admin layer."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from channels_amazon.admin.scoped import BoundedSearch
from channels_amazon.admin.site import site


@admin.register(User, site=site)
class UserAdmin(BoundedSearch, DjangoUserAdmin, ModelAdmin):  # type: ignore[misc, type-arg]
    """The people who sign in."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_filter_submit = True


@admin.register(Group, site=site)
class GroupAdmin(BoundedSearch, DjangoGroupAdmin, ModelAdmin):  # type: ignore[misc]
    """Permissions that several people share."""
