"""The form that ships an order: carrier, tracking, units by line; forms layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from channels_amazon.forms.carriers import CarrierField, resolve_other_carrier
from channels_amazon.forms.local_times import LocalTimeField, as_words, zone_of
from channels_amazon.forms.origins import (
    OriginField,
    agreed_in,
    below_zero_text,
    missing_text,
    named,
    text_of,
)
from channels_amazon.models import Order, OrderLine, Warehouse
from channels_amazon.services.shipping.origins import origins_of
from channels_amazon.services.shipping.shipments import CLOCKS_DIFFER
from channels_amazon.services.shipping.units import units_left
from channels_amazon.services.stock.shortfalls import Agreed, Shortfall


class PackageForm(forms.Form):
    """One package of an order: its carrier, its number, and its units by line."""

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
    shipped_at = LocalTimeField(label=_("Ship date"), asks=True)

    def __init__(
        self, order: Order, data: Any = None, *, left: dict[int, int] | None = None
    ) -> None:
        super().__init__(data, label_suffix="", initial={"shipped_at": timezone.now()})
        self.order = order
        left = units_left([order.pk]) if left is None else left
        # A form that comes back may name lines that it has shipped itself meanwhile:
        # the service knows the package again, so that sending twice ships once.
        self.open_lines = [
            (line, left[line.pk])
            for line in order.lines.all()
            if self.is_bound or left[line.pk]
        ]
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
        """Return the ship date; one in the future is refused, as by Amazon."""
        return ship_date(self.cleaned_data["shipped_at"], self.zone_of("shipped_at"))

    def zone_of(self, name: str) -> tzinfo:
        """Return the zone that the page of this form showed with a time."""
        return zone_of(self[name].data)

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


class ShipForm(PackageForm):
    """A new package: each line's units not yet packed are proposed, from their place.

    Each line that holds units is asked where they leave from; the warehouse that holds
    them stands first. A choice that takes a warehouse below zero is made by ticking
    `below_zero`, which names what was seen.
    """

    below_zero = forms.CharField(required=False, max_length=10_000)

    def __init__(self, order: Order, data: Any = None) -> None:
        super().__init__(order, data)
        self.shortfalls: Sequence[Shortfall] = ()
        self.origins = origins_of(order, self.open_lines)
        for line, _left in self.open_lines:
            if line.pk in self.origins:
                self.fields[origin_name(line)] = OriginField(
                    self.origins[line.pk],
                    sku=line.variant.sku if line.variant else line.seller_sku,
                    units_name=quantity_name(line),
                )
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

    def rows(self) -> Iterator[tuple[OrderLine, int, Any, Any]]:
        """Yield each open line with its units left, its units and its warehouse.

        The last is None where no warehouse is asked for.
        """
        for line, left, field in self.lines():
            has_origin = line.pk in self.origins
            yield line, left, field, self[origin_name(line)] if has_origin else None

    def warehouses(self) -> dict[int, Warehouse]:
        """Return by line id the warehouse that was chosen."""
        chosen = {
            pk: self.cleaned_data.get(f"from_{pk}") or origins.holder
            for pk, origins in self.origins.items()
        }
        return {pk: place for pk, place in chosen.items() if pk in self.quantities()}

    def agreed(self) -> Agreed:
        """Return the levels that may fall below zero, and how far."""
        return agreed_in(self.cleaned_data["below_zero"])

    def ask(self, shortfalls: Sequence[Shortfall]) -> None:
        """Have the page ask whether these levels may fall below zero."""
        self.shortfalls = shortfalls

    @property
    def asked(self) -> str:
        """Return what the page asks about, as a tick sends it."""
        return named(self.shortfalls)

    @property
    def asked_text(self) -> str:
        """Return what the tick agrees to, "" where nothing is asked."""
        return " ".join(text_of(one) for one in self.shortfalls)

    @property
    def below_zero_pattern(self) -> str:
        """Return the words of the page's script for a warehouse below zero."""
        return below_zero_text("{warehouse}", "{sku}", "{units}")

    @property
    def missing_pattern(self) -> str:
        """Return the words of the page's script for units promised to others."""
        return missing_text("{warehouse}", "{sku}", "{units}")


def ship_date(shipped_at: datetime, zone: tzinfo) -> datetime:
    """Return the ship date, which may be a little ahead of our clock.

    Raises ValidationError for one in the future, as it was read in `zone`.
    """
    if shipped_at > timezone.now() + CLOCKS_DIFFER:
        text = gettext("The ship date is in the future, as read in %(zone)s.")
        raise forms.ValidationError(text % {"zone": as_words(zone)})
    return shipped_at


def origin_name(line: OrderLine) -> str:
    """Return the name of the field that says where a line's units leave from."""
    return f"from_{line.pk}"


def quantity_name(line: OrderLine) -> str:
    """Return the name of the field that holds a line's units."""
    return f"line_{line.pk}"
