"""The forms that change a variant's stock: count, adjustment, transfer; forms layer."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from channels_amazon.forms.origins import agreed_in, named
from channels_amazon.models import StockMovement, Variant, Warehouse
from channels_amazon.services.stock.changes import Change
from channels_amazon.services.stock.shortfalls import Shortfall

MOST_UNITS = 10_000_000


class AskingForm(forms.Form):
    """A change that a person is asked about where levels would fall short.

    The tick sends what was named, in `below_zero`.
    """

    below_zero = forms.CharField(required=False, max_length=1_000_000)

    shortfalls: Sequence[Shortfall] = ()

    def ask(self, shortfalls: Sequence[Shortfall]) -> None:
        """Have the page ask whether these levels may fall short."""
        self.shortfalls = shortfalls

    @property
    def asked(self) -> str:
        """Return what the page asks about, as a tick sends it."""
        return named(self.shortfalls)

    @property
    def asked_texts(self) -> list[str]:
        """Return what the tick agrees to, one text a level."""
        return [short_text(one) for one in self.shortfalls]


class StockChangeForm(AskingForm):
    """A change of one variant's stock.

    `token` names this one form, so that sending it twice changes once; `KIND` tells it
    from the other forms of the page.
    """

    KIND: ClassVar[str] = ""

    token = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, variant: Variant, data: Any = None) -> None:
        super().__init__(
            data,
            label_suffix="",
            initial={"token": uuid.uuid4(), "below_zero": ""},
            auto_id=f"id_{self.KIND}_%s",
        )
        self.variant = variant
        warehouses = Warehouse.objects.filter(store=variant.store_id)
        for field in self.fields.values():
            if isinstance(field, forms.ModelChoiceField):
                field.queryset = warehouses
        # Where most of it lies: a change there is what a person most likely means.
        fullest = variant.levels.order_by("-on_hand", "warehouse_id").first()
        if fullest is not None:
            self.initial["warehouse"] = fullest.warehouse_id

    def change(self, actor: str) -> Change:
        """Return who changes the stock, and what a valid form agrees to."""
        cleaned = self.cleaned_data
        return Change(
            actor=actor,
            key=f"{self.KIND}:{self.variant.pk}:{cleaned['token']}",
            note=cleaned.get("note", ""),
            agreed=agreed_in(cleaned["below_zero"]),
        )


class StockForm(StockChangeForm):
    """A count: how many units of a variant are in a warehouse."""

    KIND = "count"

    warehouse = forms.ModelChoiceField(
        label=_("Warehouse"), queryset=Warehouse.objects.none(), empty_label=None
    )
    quantity = forms.IntegerField(label=_("On hand"), min_value=0, max_value=MOST_UNITS)


class AdjustForm(StockChangeForm):
    """Units that came to a warehouse, or left it, without an order; and why."""

    KIND = "adjust"

    warehouse = forms.ModelChoiceField(
        label=_("Warehouse"), queryset=Warehouse.objects.none(), empty_label=None
    )
    units = forms.IntegerField(
        label=_("Units more, or fewer"),
        min_value=-MOST_UNITS,
        max_value=MOST_UNITS,
        help_text=_("5 adds five, -5 takes five away."),
    )
    # None stands first: a reason that nobody chose would be a wrong one.
    cause = forms.ChoiceField(
        label=_("Reason"), choices=[("", "–"), *StockMovement.Cause.choices]
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=200)

    def clean_units(self) -> int:
        """Return the units; none are no change."""
        units: int = self.cleaned_data["units"]
        if not units:
            raise forms.ValidationError(gettext("Nothing changes by 0 units."))
        return units

    def clean(self) -> dict[str, Any]:
        """Ask for the note where the reason is another one."""
        cleaned: dict[str, Any] = super().clean() or {}
        is_other = cleaned.get("cause") == StockMovement.Cause.OTHER
        if is_other and not cleaned.get("note"):
            self.add_error("note", gettext("Say in the note what the reason is."))
        return cleaned


class TransferForm(StockChangeForm):
    """Units that move from one warehouse to another."""

    KIND = "transfer"

    warehouse = forms.ModelChoiceField(
        label=_("From warehouse"), queryset=Warehouse.objects.none(), empty_label=None
    )
    target = forms.ModelChoiceField(
        label=_("Into warehouse"), queryset=Warehouse.objects.none()
    )
    units = forms.IntegerField(label=_("Units"), min_value=1, max_value=MOST_UNITS)
    note = forms.CharField(label=_("Note"), required=False, max_length=200)

    def clean(self) -> dict[str, Any]:
        """Refuse a transfer that ends where it begins."""
        cleaned: dict[str, Any] = super().clean() or {}
        target = cleaned.get("target")
        if target is not None and target == cleaned.get("warehouse"):
            self.add_error("target", gettext("Choose two different warehouses."))
        return cleaned

    @property
    def is_possible(self) -> bool:
        """Tell whether the store has two warehouses at all."""
        field: Any = self.fields["warehouse"]
        return len(field.queryset[:2]) > 1


def short_text(fallen: Shortfall) -> str:
    """Return what a person agrees to where a level falls short."""
    values = {
        "warehouse": fallen.warehouse,
        "sku": fallen.sku,
        "units": fallen.shown,
    }
    if fallen.shown < 0:
        text = gettext("%(warehouse)s will show %(units)d of %(sku)s.")
    else:
        text = gettext(
            "%(warehouse)s will lack %(units)d of %(sku)s, which are reserved for "
            "orders."
        )
    return text % values
