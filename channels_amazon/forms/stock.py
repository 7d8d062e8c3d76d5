"""The form that sets a variant's stock in a warehouse; forms layer."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from channels_amazon.models import Variant, Warehouse

MOST_UNITS = 10_000_000


class StockForm(forms.Form):
    """A count: how many units of a variant are in a warehouse.

    `token` names this one form, so that sending it twice counts once.
    """

    warehouse = forms.ModelChoiceField(
        label=_("Warehouse"), queryset=Warehouse.objects.none(), empty_label=None
    )
    quantity = forms.IntegerField(label=_("On hand"), min_value=0, max_value=MOST_UNITS)
    token = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, variant: Variant, data: Any = None) -> None:
        # Where most of it lies: a count there is what a person most likely means.
        fullest = variant.levels.order_by("-on_hand", "warehouse_id").first()
        initial: dict[str, Any] = {"token": uuid.uuid4()}
        if fullest is not None:
            initial["warehouse"] = fullest.warehouse_id
        super().__init__(data, label_suffix="", initial=initial)
        self.variant = variant
        field: Any = self.fields["warehouse"]
        field.queryset = Warehouse.objects.filter(store=variant.store_id)
