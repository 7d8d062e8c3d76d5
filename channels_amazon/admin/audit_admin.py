"""The audit log and the failed sign-ins, which nobody changes; admin layer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from axes.models import AccessFailureLog
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin

from channels_amazon.admin.first_line import FirstLine
from channels_amazon.admin.scoped import OWNERS, BoundedSearch, ScopedAdmin
from channels_amazon.admin.site import site
from channels_amazon.admin.user_admin import MOST_NAMED, SuperuserOnly
from channels_amazon.models import AuditEntry, translated
from channels_amazon.services.diagnostics.locked_sign_ins import (
    LockedSignIns,
    locked_now,
)
from channels_amazon.templatetags.shoplink import exactly
from channels_amazon.templatetags.shoplink_states import state


def network_name(kept: str | None) -> str:
    """Return how a network is written whose first address was kept, "-" for none."""
    return f"{kept}/64" if ":" in (kept or "") else kept or "-"


def locked_line(locked: LockedSignIns) -> str:
    """Say who cannot sign in now and when that ends, "" where everybody can."""
    if not locked:
        return ""
    who = [network_name(address) for address in locked.addresses]
    who += locked.users
    who += [
        gettext("%(name)s at %(address)s")
        % {"name": name, "address": network_name(address)}
        for name, address in locked.pairs
    ]
    named = gettext(", ").join(who[:MOST_NAMED]) + (" …" if who[MOST_NAMED:] else "")
    minutes = settings.AXES_COOLOFF_TIME // timedelta(minutes=1)
    return gettext(
        "Locked out now: %(who)s. It ends by itself within %(minutes)d min, or at once "
        "by “manage.py unlock_sign_in” on the server."
    ) % {"who": named, "minutes": minutes}


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
    list_display = ("time", "what_happened", "reference", "actor", "of_store")
    list_select_related = ("store",)
    search_fields = ("=reference", "=actor", "^code")
    fields = ("time", "code", "what_happened", "reference", "actor", "of_store")

    @admin.display(description=_("Time"), ordering="at")
    def time(self, entry: AuditEntry) -> str:
        """Return the time by the reader's clocks, in UTC on hover and focus."""
        return exactly(entry.at)

    @admin.display(description=_("store"), ordering="store")
    def of_store(self, entry: AuditEntry) -> str | None:
        """Return whose owners may read it; the column itself has an English name."""
        return str(entry.store) if entry.store is not None else None

    @admin.display(description=_("what happened"))
    def what_happened(self, entry: AuditEntry) -> str:
        """Return the sentence in the reader's language."""
        return translated(entry.message)


@admin.register(AccessFailureLog, site=site)
class FailedSignInAdmin(FirstLine, ReadOnly, SuperuserOnly, BoundedSearch, ModelAdmin):  # type: ignore[misc]
    """Sign-ins that failed, whatever name was typed.

    They are counted and kept by network; the log of the process has the address.
    """

    purpose = _("Sign-ins that failed, by name and network; too many lock for a while.")
    list_display = ("time", "username", "network", "lock")
    fields = (*list_display, "user_agent", "http_accept", "path_info")
    readonly_fields = fields
    list_filter = ("locked_out",)
    search_fields = ("=username",)

    def also_missing(self, request: HttpRequest) -> str:
        """Say who is locked out now, if anybody is."""
        return locked_line(locked_now(timezone.now()))

    @admin.display(description=_("Time"), ordering="attempt_time")
    def time(self, failure: AccessFailureLog) -> str:
        """Return the time by the reader's clocks, in UTC on hover and focus."""
        return exactly(failure.attempt_time)

    @admin.display(description=_("locked out"), ordering="locked_out")
    def lock(self, failure: AccessFailureLog) -> str:
        """Say that it was one too many; a tick would look as if all were well."""
        return state("warning", gettext("locked out")) if failure.locked_out else "–"

    @admin.display(description=_("network"), ordering="ip_address")
    def network(self, failure: AccessFailureLog) -> str:
        """Return the address of IPv4, or the network of IPv6 that it was in."""
        return network_name(failure.ip_address)

    def lookup_allowed(
        self, lookup: str, value: Any, request: HttpRequest | None = None
    ) -> bool:
        """Let the address filter as the page offers: an address is no free text."""
        return lookup.partition("__")[0] == "locked_out"
