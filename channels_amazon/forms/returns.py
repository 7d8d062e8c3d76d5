"""The form that books returned units of an order; forms layer."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from channels_amazon.models import Order, OrderLine, Warehouse
from channels_amazon.services.shipping.returns import ReturnDraft, returnable


class ReturnForm(forms.Form):
    """Units of one line that came back.

    `token` names this one form, so that sending it twice books once.
    """

    line = forms.ModelChoiceField(
        label=_("Item"), queryset=OrderLine.objects.none(), empty_label=None
    )
    quantity = forms.IntegerField(label=_("Units"), min_value=1, initial=1)
    warehouse = forms.ModelChoiceField(
        label=_("Into warehouse"), queryset=Warehouse.objects.none(), empty_label=None
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=200,
        help_text=_("No names and addresses: it stays when they are deleted."),
    )
    is_sellable = forms.BooleanField(
        label=_("Can be sold again: put it into the stock"),
        required=False,
        initial=True,
    )
    token = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, order: Order, data: Any = None) -> None:
        super().__init__(data, label_suffix="", initial={"token": uuid.uuid4()})
        self.left = returnable(order)
        # A form that comes back may name a line whose last unit it has booked itself:
        # the service knows the booking again.
        offered = [pk for pk, units in self.left.items() if self.is_bound or units > 0]
        self.is_needed = bool(offered)
        line: Any = self.fields["line"]
        line.queryset = OrderLine.objects.filter(order=order, pk__in=offered)
        line.label_from_instance = self._label
        warehouse: Any = self.fields["warehouse"]
        warehouse.queryset = Warehouse.objects.filter(store=order.account.store_id)

    def draft(self) -> ReturnDraft:
        """Return what a valid form describes."""
        cleaned = self.cleaned_data
        return ReturnDraft(
            quantity=cleaned["quantity"],
            warehouse=cleaned["warehouse"],
            is_sellable=cleaned["is_sellable"],
            note=cleaned["note"],
        )

    def key(self) -> str:
        """Return what makes this form book once."""
        return f"{self.cleaned_data['line'].pk}:{self.cleaned_data['token']}"

    def _label(self, line: OrderLine) -> str:
        sku = line.seller_sku or line.order_item_id
        left = max(0, self.left.get(line.pk, 0))
        return gettext("%(sku)s, at most %(count)d") % {"sku": sku, "count": left}
