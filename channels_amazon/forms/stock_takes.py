"""The forms of stock-takes, and the filter of the movements; forms layer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from channels_amazon.forms.filters import ANY, FilterForm
from channels_amazon.forms.local_times import LocalTimeField
from channels_amazon.models import StockMovement, Store, Warehouse
from channels_amazon.storefronts.stock_file import MOST_BYTES


class StockTakeForm(forms.Form):
    """What was counted in a warehouse: a file, or a pasted list."""

    warehouse = forms.ModelChoiceField(
        label=_("Warehouse"), queryset=Warehouse.objects.none(), empty_label=None
    )
    file = forms.FileField(
        label=_("CSV file"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
    )
    text = forms.CharField(
        label=_("Or paste it here"),
        required=False,
        max_length=MOST_BYTES // 4,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
    )

    def __init__(
        self, stores: QuerySet[Store], data: Any = None, files: Any = None
    ) -> None:
        super().__init__(data, files, label_suffix="")
        field: Any = self.fields["warehouse"]
        places = Warehouse.objects.filter(store__in=stores).select_related("store")
        field.queryset = places.order_by("store", "-is_default", "code")
        if len(stores) > 1:
            field.label_from_instance = _with_store

    def clean_file(self) -> Any:
        """Refuse a file that is too large."""
        file = self.cleaned_data["file"]
        if file is not None and file.size > MOST_BYTES:
            raise forms.ValidationError(gettext("The file is larger than 2 MB."))
        return file

    def clean(self) -> dict[str, Any]:
        """Take one of the two, the file or the text."""
        cleaned: dict[str, Any] = super().clean() or {}
        has_file, has_text = bool(cleaned.get("file")), bool(cleaned.get("text"))
        if not self.errors and has_file == has_text:
            raise forms.ValidationError(
                gettext("Send a file or a pasted list, one of the two.")
            )
        return cleaned


class MovementFilter(FilterForm):
    """The filter of the movements: a period, a warehouse, a reason, a SKU."""

    account = None  # type: ignore[assignment]
    warehouse = forms.ChoiceField(label=_("Warehouse"), required=False)
    reason = forms.ChoiceField(
        label=_("Reason"), required=False, choices=[ANY, *StockMovement.Reason.choices]
    )
    # Of an hour that clocks show twice nothing is left out.
    since = LocalTimeField(label=_("From"), required=False)
    until = LocalTimeField(label=_("To"), required=False, is_later=True)

    field_order = ("q", "warehouse", "reason", "since", "until")

    def __init__(self, data: Any, warehouses: Iterable[Warehouse]) -> None:
        super().__init__(data, ())
        self.fields["warehouse"].choices = [  # type: ignore[attr-defined]
            ANY,
            *((str(place.pk), place.name) for place in warehouses),
        ]
        self.full_clean()

    def narrow(self, rows: QuerySet[StockMovement]) -> QuerySet[StockMovement]:
        """Return what of `rows` the filter lets through, none where it is unclear."""
        rows = self.understood(rows)
        if warehouse := self.chosen("warehouse"):
            rows = rows.filter(warehouse_id=int(warehouse))
        if reason := self.chosen("reason"):
            rows = rows.filter(reason=reason)
        if since := self.moment("since"):
            rows = rows.filter(created_at__gte=since)
        if until := self.moment("until"):
            rows = rows.filter(created_at__lte=until)
        if terms := self.terms():
            named = Q(variant__sku__in=terms) | Q(variant__barcode__in=terms)
            rows = rows.filter(named | Q(reference__in=terms))
        return rows


def _with_store(place: Any) -> str:
    return f"{place.name} ({place.store.name})"
