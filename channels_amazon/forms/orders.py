"""The form that ships an order: carrier, tracking, units by line; forms layer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from channels_amazon.forms.carriers import CarrierField, resolve_other_carrier
from channels_amazon.forms.filters import moment_input
from channels_amazon.models import Order, OrderLine, Warehouse
from channels_amazon.services.shipping.shipments import units_left


class ShipForm(forms.Form):
    """One package of an order; each line's units not yet packed are proposed."""

    carrier = CarrierField(
        help_text=_("Write a part of its name, as “DHL” or “云途”, and choose."),
    )
    carrier_name = forms.CharField(
        label=_("Carrier's name"),
        required=False,
        max_length=60,
        help_text=_("Needed when the carrier is “Other”."),
    )
    tracking_number = forms.CharField(label=_("Tracking number"), max_length=80)
    shipping_method = forms.CharField(
        label=_("Shipping method"), required=False, max_length=60
    )
    shipped_at = forms.DateTimeField(
        label=_("Shipped (UTC)"),
        widget=moment_input(),
    )
    warehouse = forms.ModelChoiceField(
        label=_("From warehouse"), queryset=Warehouse.objects.none(), required=False
    )

    def __init__(
        self, order: Order, data: Any = None, *, left: dict[int, int] | None = None
    ) -> None:
        super().__init__(data, label_suffix="", initial={"shipped_at": timezone.now()})
        self.order = order
        warehouses = Warehouse.objects.filter(store=order.account.store_id)
        field: Any = self.fields["warehouse"]
        field.queryset = warehouses
        field.empty_label = None
        left = units_left(order) if left is None else left
        # A form that comes back may name lines that it has shipped itself meanwhile:
        # the service knows the package again, so that sending twice ships once.
        self.open_lines = [
            (line, left[line.pk])
            for line in order.lines.all()
            if self.is_bound or left[line.pk]
        ]
        if order.asks_to_cancel:
            # Asked once: shipping declines the wish.
            self.fields["ships_all_the_same"] = forms.BooleanField(
                label=_("The buyer asks to cancel: ship all the same"),
                error_messages={
                    "required": _(
                        "Say that the order ships although the buyer asks to cancel."
                    )
                },
            )
        for line, units in self.open_lines:
            self.fields[quantity_name(line)] = forms.IntegerField(
                label=line.seller_sku or line.order_item_id,
                min_value=0,
                max_value=line.quantity,
                initial=units,
                required=False,
                widget=forms.NumberInput(attrs={"max": units}),
            )

    def lines(self) -> Iterator[tuple[OrderLine, int, Any]]:
        """Yield each open line, its units left and its field, for the template."""
        for line, left in self.open_lines:
            yield line, left, self[quantity_name(line)]

    def clean_shipped_at(self) -> datetime:
        """Return the ship date in UTC; one in the future is refused, as by Amazon."""
        shipped_at: datetime = self.cleaned_data["shipped_at"].replace(tzinfo=UTC)
        if shipped_at > timezone.now():
            raise forms.ValidationError(gettext("The ship date is in the future."))
        return shipped_at

    def clean(self) -> dict[str, Any]:
        """Check what spans fields: the other carrier's name, at least one unit."""
        cleaned: dict[str, Any] = super().clean() or {}
        resolve_other_carrier(self, "carrier", "carrier_name")
        if not self.errors and not self.quantities():
            raise forms.ValidationError(
                gettext("Put at least one unit in the package.")
            )
        return cleaned

    def quantities(self) -> dict[int, int]:
        """Return how many units of each line, by the line's id, are in the package."""
        return {
            line.pk: units
            for line, _left in self.open_lines
            if (units := self.cleaned_data.get(quantity_name(line)) or 0)
        }


def quantity_name(line: OrderLine) -> str:
    """Return the name of the field that holds a line's units."""
    return f"line_{line.pk}"
