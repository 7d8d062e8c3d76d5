"""The forms of store orders: their filter, a file of them, an MCF rule; forms layer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from channels_amazon.forms.filters import FilterForm
from channels_amazon.forms.local_times import FileZoneField
from channels_amazon.models import (
    AmazonAccount,
    McfRule,
    Store,
    StoreOrder,
    StoreOrderLine,
)
from channels_amazon.rules.mcf.destination import BadDestination, country_of
from channels_amazon.services.mcf.rules import RuleDraft

MOST_BYTES = 2 * 1024 * 1024
MOST_KEPT = 1_000_000


class StoreOrderFilter(FilterForm):
    """The filter of the store orders."""

    SHOWN = (
        ("", _("All")),
        (StoreOrder.State.NEEDS_PERSON.value, _("Need a person")),
        (StoreOrder.State.NEW.value, pgettext_lazy("store order", "New")),
        (StoreOrder.State.AT_AMAZON.value, pgettext_lazy("store order", "At Amazon")),
        (StoreOrder.State.LOCAL.value, _("For the store to ship")),
        (StoreOrder.State.DONE.value, _("Done")),
        (StoreOrder.State.CANCELLED.value, _("Cancelled")),
    )

    show = forms.ChoiceField(choices=SHOWN, required=False)

    field_order = ("q", "account", "show")

    def narrow(self, orders: QuerySet[StoreOrder]) -> QuerySet[StoreOrder]:
        """Return what of `orders` the filter lets through.

        The search finds a number, a SKU or a tracking number, each in full.
        """
        orders = self.understood(orders)
        if account := self.chosen("account"):
            orders = orders.filter(fulfillment__account_id=int(account))
        if show := self.chosen("show"):
            orders = orders.filter(state=show)
        if terms := self.terms():
            lines = StoreOrderLine.objects.filter(sku__in=terms).values("order_id")
            tracked = Q(fulfillment__packages__tracking_number__in=terms)
            found = StoreOrder.objects.filter(tracked).values("pk")
            named = Q(number__in=terms) | Q(pk__in=lines) | Q(pk__in=found)
            orders = orders.filter(named)
        return orders


class StoreOrderFileForm(forms.Form):
    """A CSV file of store orders; what comes of it can be looked at first."""

    store = forms.ModelChoiceField(
        label=_("Store"), queryset=Store.objects.none(), empty_label=None
    )
    file = forms.FileField(
        label=_("CSV file"), widget=forms.FileInput(attrs={"accept": ".csv,text/csv"})
    )

    def __init__(
        self,
        stores: QuerySet[Store],
        data: Any = None,
        files: Any = None,
        *,
        file_zone: str = "",
    ) -> None:
        super().__init__(data, files, label_suffix="")
        self.fields["zone"] = FileZoneField(file_zone)
        field: Any = self.fields["store"]
        field.queryset = stores

    def clean_file(self) -> bytes:
        """Return the file's content, if it is not too large."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(gettext("The file is larger than 2 MB."))
        content: bytes = file.read()
        return content


class McfRuleForm(forms.Form):
    """One MCF rule, as a person reads it."""

    account = forms.ModelChoiceField(
        label=_("Account"), queryset=AmazonAccount.objects.none(), empty_label=None
    )
    name = forms.CharField(label=_("Name"), max_length=120)
    prefer = forms.ChoiceField(label=_("Use"), choices=McfRule.Prefer.choices)
    countries = forms.CharField(
        label=_("Countries"),
        required=False,
        max_length=1000,
        help_text=_("Codes such as “US, CA”; empty: all that the marketplaces serve."),
    )
    kept_units = forms.IntegerField(
        label=_("Units to keep for Amazon's buyers"),
        min_value=0,
        max_value=MOST_KEPT,
        initial=0,
    )
    most_fee = forms.DecimalField(
        label=_("Highest fee"),
        required=False,
        min_value=0,
        max_digits=12,
        decimal_places=2,
        help_text=_("For the whole order, in the store's currency; empty: no limit."),
    )
    allows_slower = forms.BooleanField(
        label=_("A slower speed than promised will do"), required=False
    )
    is_active = forms.BooleanField(label=_("Switched on"), required=False)

    def __init__(
        self,
        accounts: QuerySet[AmazonAccount],
        data: Any = None,
        *,
        rule: McfRule | None = None,
    ) -> None:
        super().__init__(data, label_suffix="", initial=_initial(rule))
        field: Any = self.fields["account"]
        field.queryset = accounts

    def clean_countries(self) -> list[str]:
        """Return the codes; raises ValidationError for what is no country."""
        words = re.split(r"[\s,;]+", self.cleaned_data["countries"].strip())
        try:
            return [country_of(word) for word in words if word]
        except BadDestination as error:
            raise forms.ValidationError(
                gettext("A country must be a code of two letters, such as DE.")
            ) from error

    def draft(self) -> RuleDraft:
        """Return the rule that a valid form describes."""
        return RuleDraft(**self.cleaned_data)

    def fields_of_text(self) -> Iterable[Any]:
        """Return the fields that are drawn with their label above."""
        return [
            self[name]
            for name in self.fields
            if name not in {"allows_slower", "is_active"}
        ]


def _initial(rule: McfRule | None) -> dict[str, Any]:
    if rule is None:
        return {"prefer": McfRule.Prefer.LOCAL_FIRST}
    return {
        "account": rule.account_id,
        "name": rule.name,
        "prefer": rule.prefer,
        "countries": ", ".join(rule.countries),
        "kept_units": rule.kept_units,
        "most_fee": rule.most_fee,
        "allows_slower": rule.allows_slower,
        "is_active": rule.is_active,
    }
