"""The form of a ship template and of its carriers; forms layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from channels_amazon.forms.carriers import CarrierField, resolve_other_carrier
from channels_amazon.forms.filters import marketplace_choices
from channels_amazon.models import AmazonAccount, ShipTemplate, Store, Warehouse
from channels_amazon.rules.shipping.carriers import (
    OTHER,
    Carrier,
    CarrierMapping,
)
from channels_amazon.services.shipping.templates import TemplateDraft

# Empty rows under the carriers that are there; the button brings as many more.
EXTRA_ROWS = 3
MOST_CARRIERS = 200


class TemplateForm(forms.Form):
    """For which orders a template holds, where they leave from, and when."""

    store = forms.ModelChoiceField(label=_("Store"), queryset=Store.objects.none())
    name = forms.CharField(label=_("Name"), max_length=120)
    account = forms.ModelChoiceField(
        label=_("Account"),
        queryset=AmazonAccount.objects.none(),
        required=False,
        empty_label=_("every account of the store"),
    )
    marketplace = forms.ChoiceField(label=_("Marketplace"), required=False)
    warehouse = forms.ModelChoiceField(
        label=_("Ship from"),
        queryset=Warehouse.objects.none(),
        required=False,
        empty_label=_("where the units are held"),
    )
    splits_by_parcel = forms.TypedChoiceField(
        label=_("Packages"),
        choices=[
            ("yes", _("Each parcel is a package")),
            ("no", _("One package an order")),
        ],
        coerce=lambda value: value == "yes",
        help_text=_("One package waits until its parcels hold the whole order."),
    )
    confirm_when = forms.ChoiceField(
        label=_("Confirm"), choices=ShipTemplate.ConfirmWhen.choices
    )
    hours_before_deadline = forms.IntegerField(
        label=_("Hours before the latest ship time"),
        min_value=1,
        max_value=240,
        initial=4,
        help_text=_("Then at the latest a package that waits for parcels goes, too."),
    )

    def __init__(
        self,
        stores: Sequence[Store],
        data: Any = None,
        *,
        template: ShipTemplate | None = None,
    ) -> None:
        super().__init__(data, label_suffix="", initial=_initial(template))
        fields: dict[str, Any] = self.fields
        chosen = [template.store] if template is not None else list(stores)
        keys = [store.pk for store in chosen]
        accounts = AmazonAccount.objects.not_disconnected().filter(store__in=keys)
        fields["store"].queryset = Store.objects.filter(pk__in=keys)
        if len(chosen) == 1:
            fields["store"].initial = chosen[0].pk
            fields["store"].widget = forms.HiddenInput()
        fields["account"].queryset = accounts
        fields["warehouse"].queryset = Warehouse.objects.filter(store__in=keys)
        fields["marketplace"].choices = [
            ("", gettext("every marketplace")),
            *marketplace_choices(accounts)[1:],
        ]

    def draft(self, carriers: Sequence[CarrierMapping]) -> TemplateDraft:
        """Return the template that the valid form and its carriers describe."""
        cleaned = self.cleaned_data
        return TemplateDraft(
            name=cleaned["name"],
            account=cleaned["account"],
            marketplace_id=cleaned["marketplace"],
            warehouse=cleaned["warehouse"],
            confirm_when=cleaned["confirm_when"],
            hours_before_deadline=cleaned["hours_before_deadline"],
            splits_by_parcel=cleaned["splits_by_parcel"],
            carriers=carriers,
        )


class CarrierForm(forms.Form):
    """What one carrier of the store is called at Amazon."""

    store_carrier = forms.CharField(
        label=_("The store's carrier"), max_length=80, required=False
    )
    store_method = forms.CharField(
        label=_("Its method, empty for every one"), max_length=80, required=False
    )
    carrier_code = CarrierField(label=_("Amazon's carrier"), required=False)
    carrier_name = forms.CharField(
        label=_("Name, with “Other”"), max_length=60, required=False
    )
    shipping_method = forms.CharField(
        label=_("Method told to Amazon"), max_length=60, required=False
    )

    def clean(self) -> dict[str, Any]:
        """Refuse a row that is begun and not finished."""
        cleaned: dict[str, Any] = super().clean() or {}
        if not any(value for key, value in cleaned.items() if key != "DELETE"):
            return cleaned
        if not cleaned.get("store_carrier"):
            self.add_error("store_carrier", gettext("Enter the store's name of it."))
        if not cleaned.get("carrier_code") and "carrier_code" not in self.errors:
            self.add_error("carrier_code", gettext("Choose the carrier."))
        resolve_other_carrier(self, "carrier_code", "carrier_name")
        return cleaned


def carrier_formset(
    data: Any = None,
    *,
    mappings: Sequence[CarrierMapping] = (),
    more: Sequence[dict[str, str]] = (),
) -> BaseFormSet[CarrierForm]:
    """Return the rows of a template's carriers, `more` begun, and some empty ones."""
    rows = [
        {
            "store_carrier": one.store_carrier,
            "store_method": one.store_method,
            "carrier_code": one.carrier.code,
            "carrier_name": one.carrier.name,
            "shipping_method": one.carrier.method,
        }
        for one in mappings
    ]
    factory = formset_factory(
        CarrierForm,
        extra=EXTRA_ROWS,
        can_delete=True,
        max_num=MOST_CARRIERS,
        validate_max=True,
    )
    return factory(data, initial=[*rows, *more], prefix="carriers")


def with_more_rows(data: Any) -> Any:
    """Return what the form sent, with room for some more carriers."""
    copy = data.copy()
    total = str(copy.get("carriers-TOTAL_FORMS", "0"))
    rows = int(total) if total.isdecimal() and len(total) < 5 else 0
    copy["carriers-TOTAL_FORMS"] = str(min(rows + EXTRA_ROWS, MOST_CARRIERS))
    return copy


def mappings_from(formset: BaseFormSet[CarrierForm]) -> list[CarrierMapping]:
    """Return the carriers that a valid formset holds."""
    return [
        CarrierMapping(
            row["store_carrier"],
            row["store_method"],
            Carrier(
                row["carrier_code"],
                row["carrier_name"] if row["carrier_code"] == OTHER else "",
                row["shipping_method"],
            ),
        )
        for row in formset.cleaned_data
        if row.get("store_carrier") and not row.get("DELETE")
    ]


def _initial(template: ShipTemplate | None) -> dict[str, Any]:
    if template is None:
        return {}
    return {
        "store": template.store_id,
        "name": template.name,
        "account": template.account_id,
        "marketplace": template.marketplace_id,
        "warehouse": template.warehouse_id,
        "splits_by_parcel": "yes" if template.splits_by_parcel else "no",
        "confirm_when": template.confirm_when,
        "hours_before_deadline": template.hours_before_deadline,
    }
