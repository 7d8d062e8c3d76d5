"""The audit log and the failed sign-ins, which nobody changes; admin layer."""

from __future__ import annotations

from typing import Any

from axes.models import AccessFailureLog
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from channels_amazon.admin.first_line import FirstLine
from channels_amazon.admin.scoped import OWNERS, BoundedSearch, ScopedAdmin
from channels_amazon.admin.site import site
from channels_amazon.admin.user_admin import SuperuserOnly
from channels_amazon.models import AuditEntry, translated


class ReadOnly:
    """A log: written by what happens, deleted by the retention pass."""

    actions = None
    ordering = ("-pk",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: what happened does not change."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False


@admin.register(AuditEntry, site=site)
class AuditEntryAdmin(ReadOnly, ScopedAdmin):
    """Who changed whose rights and what was refused; owners read their store's."""

    purpose = _("Who changed whose rights, and what was refused to whom; newest first.")
    view_roles = OWNERS
    list_display = ("at", "what_happened", "reference", "actor", "store")
    list_select_related = ("store",)
    search_fields = ("=reference", "=actor", "^code")
    fields = ("at", "code", "what_happened", "reference", "actor", "store")

    @admin.display(description=_("what happened"))
    def what_happened(self, entry: AuditEntry) -> str:
        """Return the sentence in the reader's language."""
        return translated(entry.message)


@admin.register(AccessFailureLog, site=site)
class FailedSignInAdmin(FirstLine, ReadOnly, SuperuserOnly, BoundedSearch, ModelAdmin):  # type: ignore[misc]
    """Sign-ins that failed, whatever name was typed."""

    purpose = _("Sign-ins that failed, by name and address; too many lock for a while.")
    list_display = ("attempt_time", "username", "ip_address", "locked_out")
    list_filter = ("locked_out",)
    search_fields = ("=username",)

    def lookup_allowed(
        self, lookup: str, value: Any, request: HttpRequest | None = None
    ) -> bool:
        """Let the address filter as the page offers: an address is no free text."""
        return lookup.partition("__")[0] == "locked_out"
