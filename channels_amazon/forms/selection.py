"""The form that ships chosen orders: what all share, each one's own; forms layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from channels_amazon.forms.carriers import CarrierField, resolve_other_carrier
from channels_amazon.forms.local_times import LocalTimeField, readers_zone, zone_of
from channels_amazon.forms.orders import ship_date
from channels_amazon.forms.origins import agreed_in, named, text_of
from channels_amazon.rules.local_times import TO_THE_MINUTE, shown
from channels_amazon.rules.shipping.carriers import OTHER, Carrier
from channels_amazon.services.shipping.selection import (
    MOST_ORDERS,
    ChosenOrder,
    PlannedOrder,
)
from channels_amazon.services.shipping.shipments import ShipmentDraft

# A mark and the space after it.
_MARK_LENGTH = 25


class SharedForm(forms.Form):
    """What holds for every chosen order that says nothing else."""

    carrier = CarrierField(required=False, label=_("Carrier of all"))
    carrier_name = forms.CharField(
        label=_("Carrier's name"),
        required=False,
        max_length=60,
        help_text=_("Needed when the carrier is “Other”."),
    )
    shipping_method = forms.CharField(
        label=_("Shipping method"), required=False, max_length=60
    )
    shipped_at = LocalTimeField(label=_("Ship date"), asks=True)
    # The marks of the plans that the page showed.
    seen = forms.CharField(required=False, max_length=MOST_ORDERS * _MARK_LENGTH)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, label_suffix="", initial={"shipped_at": timezone.now()})

    def clean_shipped_at(self) -> datetime:
        """Return the ship date; one in the future is refused, as by Amazon."""
        typed = self["shipped_at"].data
        return ship_date(self.cleaned_data["shipped_at"], zone_of(typed))

    def clean(self) -> dict[str, Any]:
        """Check that another carrier than Amazon's has a name."""
        cleaned: dict[str, Any] = super().clean() or {}
        resolve_other_carrier(self, "carrier", "carrier_name")
        return cleaned

    def marks(self) -> frozenset[str]:
        """Return the marks of the plans that the page showed."""
        return frozenset(self.cleaned_data["seen"].split())


class ChosenForm(forms.Form):
    """One chosen order: its tracking number, its carrier, and what is asked of it."""

    tracking_number = forms.CharField(
        label=_("Tracking number"), required=False, max_length=80
    )
    carrier = CarrierField(required=False)
    carrier_name = forms.CharField(required=False, max_length=60)
    ships_all_the_same = forms.BooleanField(required=False)
    below_zero = forms.CharField(required=False, max_length=10_000)

    def __init__(self, chosen: ChosenOrder, data: Any = None) -> None:
        super().__init__(data, label_suffix="", prefix=f"o{chosen.order.pk}")
        self.chosen = chosen
        self.plan: PlannedOrder | None = None
        order_id = chosen.order.amazon_order_id
        for name in ("tracking_number", "carrier"):
            field = self.fields[name]
            # A page has many of them: each is known by its order.
            field.widget.attrs["aria-label"] = f"{field.label}: {order_id}"

    def draft(self, shared: SharedForm) -> ShipmentDraft | None:
        """Return the package that was entered, None where there is no number."""
        cleaned = self.cleaned_data
        if not cleaned["tracking_number"]:
            return None
        carrier = self._carrier(shared)
        return ShipmentDraft(
            carrier_code=carrier.code,
            carrier_name=carrier.name,
            shipping_method=carrier.method,
            tracking_number=cleaned["tracking_number"],
            shipped_at=shared.cleaned_data["shipped_at"],
            ships_all_the_same=cleaned["ships_all_the_same"],
            agreed=agreed_in(cleaned["below_zero"]),
        )

    def clean(self) -> dict[str, Any]:
        """Take Amazon's carrier for one that everybody knows by another name."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("carrier") == OTHER:
            resolve_other_carrier(self, "carrier", "carrier_name")
            # The name that all share will do; without one the plan says what lacks.
            self.errors.pop("carrier_name", None)
            cleaned.setdefault("carrier_name", "")
        return cleaned

    def _carrier(self, shared: SharedForm) -> Carrier:
        own, common = self.cleaned_data, shared.cleaned_data
        method = common["shipping_method"]
        if not own["carrier"]:
            return Carrier(common["carrier"], common["carrier_name"], method)
        name = own["carrier_name"]
        if own["carrier"] == OTHER and not name:
            name = common["carrier_name"]
        return Carrier(own["carrier"], name, method)

    @property
    def shipped_at_text(self) -> str:
        """Return the ship date of the plan, to the minute, by the reader's clocks."""
        draft = self.plan.draft if self.plan else None
        return shown(draft.shipped_at, readers_zone(), TO_THE_MINUTE) if draft else ""

    @property
    def asked(self) -> str:
        """Return the levels that the page asks about, as a tick sends them."""
        return named(self.plan.shortfalls) if self.plan else ""

    @property
    def asked_text(self) -> str:
        """Return what the tick agrees to, "" where nothing is asked."""
        fallen = self.plan.shortfalls if self.plan else ()
        return " ".join(text_of(one) for one in fallen)

    @property
    def is_agreed(self) -> bool:
        """Tell whether what the page asks about is ticked already."""
        draft = self.plan.draft if self.plan else None
        agreed = draft.agreed if draft is not None and draft.agreed else {}
        fallen = self.plan.shortfalls if self.plan else ()
        return bool(fallen) and all(one.is_within(agreed) for one in fallen)


def drafts_of(
    forms_: Sequence[ChosenForm], shared: SharedForm
) -> Mapping[int, ShipmentDraft]:
    """Return what was entered into the forms that are valid, by the order's id."""
    entered = {
        one.chosen.order.pk: one.draft(shared) for one in forms_ if one.is_valid()
    }
    return {pk: draft for pk, draft in entered.items() if draft is not None}
