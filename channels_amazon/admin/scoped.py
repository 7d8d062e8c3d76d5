"""Admin forms that show a user the rows of the user's stores only; admin layer."""

from __future__ import annotations

import re
from typing import Any

from django.db.models import Field, ForeignKey, Model, QuerySet, URLField
from django.forms import ModelChoiceField
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from channels_amazon.models import StoreQuerySet
from channels_amazon.rules.pasted_ids import tidy

# Our ids and counts have 64 bits.
_TOO_LARGE = re.compile(r"[0-9]{19}")
_LONGEST_SEARCH = 200
_MOST_WORDS = 10


class ScopedFields:
    """Offer in foreign keys what the user may see, in forms and inlines alike."""

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
        """Return the field with its choices scoped to the user's stores."""
        rows = db_field.related_model._default_manager.all()
        if isinstance(rows, StoreQuerySet):
            kwargs["queryset"] = rows.visible_to(request.user)
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


class ScopedAdmin(BoundedSearch, ScopedFields, ModelAdmin):  # type: ignore[misc]
    """Show, change and delete rows of the user's stores, others answer 404."""

    list_filter_submit = True
    show_full_result_count = False
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Model]:
        """Return the rows of the user's stores."""
        rows: Any = super().get_queryset(request)
        visible: QuerySet[Model] = rows.visible_to(request.user)
        return visible


class ScopedInline(ScopedFields, TabularInline):  # type: ignore[misc]
    """Rows inside the form of the row that they belong to."""

    extra = 0
