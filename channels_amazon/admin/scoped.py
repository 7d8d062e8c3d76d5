"""Admin forms that show a user the rows of the user's stores only; admin layer."""

from __future__ import annotations

from typing import Any

from django.db.models import Field, ForeignKey, Model, QuerySet, URLField
from django.forms import ModelChoiceField
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from channels_amazon.models import StoreQuerySet


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


class ScopedAdmin(ScopedFields, ModelAdmin):  # type: ignore[misc]
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
