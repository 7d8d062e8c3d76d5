"""The filters of the late-shipment board and the parcels, and the file form; forms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from channels_amazon.forms.filters import OrderSearchForm
from channels_amazon.forms.local_times import FileZoneField
from channels_amazon.models import AmazonAccount, Order, Parcel, Store
from channels_amazon.models.order import OrderQuerySet
from channels_amazon.models.scope import COUNT_CAP
from channels_amazon.rules.pasted_ids import search_parts
from channels_amazon.rules.shipping.lateness import Urgency
from channels_amazon.storefronts.shipment_file import MOST_BYTES


class BoardFilter(OrderSearchForm):
    """The filter of the late-shipment board."""

    SHOWN = (
        ("", _("All")),
        (Urgency.OVERDUE, _("Overdue")),
        (Urgency.TODAY, _("Due today")),
        (Urgency.RISK, _("At risk")),
        (Urgency.ON_TRACK, _("On track")),
    )

    show = forms.ChoiceField(choices=SHOWN, required=False)
    marketplace = forms.ChoiceField(label=_("Marketplace"), required=False)

    field_order = ("q", "account", "marketplace", "show")

    def narrow(self, orders: OrderQuerySet) -> OrderQuerySet:
        """Return the orders of the chosen account and marketplace that are searched.

        What is whole of an order that is not to ship keeps no part from being found.
        """
        orders = self.understood(orders)
        if account := self.chosen("account"):
            orders = orders.filter(account_id=int(account))
        if marketplace := self.chosen("marketplace"):
            orders = orders.filter(marketplace_id=marketplace)
        # Said twice it would mislead the database: only where something is searched.
        return self.find(orders.to_ship()) if self.chosen("q") else orders

    @property
    def urgency(self) -> Urgency | None:
        """Return the part of the board to show, None for all of it."""
        chosen = self.chosen("show")
        return Urgency(chosen) if chosen else None


class ParcelFilter(OrderSearchForm):
    """The filter of the store's parcels."""

    SHOWN = (
        ("", _("All")),
        (Parcel.State.REFUSED, _("Need a person")),
        (Parcel.State.WAITING, _("Waiting")),
        (Parcel.State.APPLIED, _("Made a package")),
        (Parcel.State.DROPPED, _("Discarded")),
    )

    show = forms.ChoiceField(choices=SHOWN, required=False)

    field_order = ("q", "account", "show")

    def narrow(self, parcels: QuerySet[Parcel]) -> QuerySet[Parcel]:
        """Narrow by state and account, and by what is searched.

        A parcel whose order nobody knows may be of any account of its store.
        """
        parcels = self.understood(parcels)
        if self.chosen("q"):
            parcels = self._searched(parcels)
        if show := self.chosen("show"):
            parcels = parcels.filter(state=show)
        if account := self.chosen("account"):
            own = Q(order__account=int(account))
            stores = AmazonAccount.objects.filter(pk=int(account)).values("store")
            parcels = parcels.filter(own | Q(order=None, store__in=stores))
        return parcels

    def _searched(self, parcels: QuerySet[Parcel]) -> QuerySet[Parcel]:
        """Return the parcels of an order id or a number, else of the orders found.

        An order id may be that of an order which nobody knows yet. Looked up first, as
        the orders are: one condition for all would be asked of every parcel there is.
        """
        terms = self.terms()
        numbers = {one for term in terms for one in (term, term.upper())}
        named = parcels.filter(
            Q(amazon_order_id__in=terms) | Q(tracking_number__in=numbers)
        )
        if named.exists():
            return named
        orders = self.find(Order.objects.filter(account__in=self.accounts))
        parts = _any_part(search_parts(self.chosen("q")))
        held = (
            Q(order__in=orders.order_by().values("pk")),
            Q(order=None) & parts,
        )
        ids = [_first_ids(parcels.filter(one)) for one in held]
        if all(len(found) < COUNT_CAP for found in ids):
            return parcels.filter(pk__in={pk for found in ids for pk in found})
        # So many do that a page of the newest is soon found.
        return parcels.filter(held[0] | held[1])


def _first_ids(parcels: QuerySet[Parcel]) -> list[int]:
    return list(parcels.order_by().values_list("pk", flat=True)[:COUNT_CAP])


def _any_part(parts: Sequence[str]) -> Q:
    """Return what holds of an order id that has one of the parts, none for no part."""
    found = Q(pk__in=())
    for part in parts:
        found |= Q(amazon_order_id__icontains=part)
    return found


class ShipFileForm(forms.Form):
    """A file of parcels of one store."""

    store = forms.ModelChoiceField(label=_("Store"), queryset=Store.objects.none())
    file = forms.FileField(
        label=_("File"),
        help_text=_("CSV or text with tabs, up to 10,000 lines and 1.5 MB."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
    )

    def __init__(
        self,
        stores: Sequence[Store],
        data: Any = None,
        files: Any = None,
        *,
        file_zone: str = "",
    ) -> None:
        super().__init__(data, files, label_suffix="")
        self.fields["zone"] = FileZoneField(file_zone)
        field: Any = self.fields["store"]
        field.queryset = Store.objects.filter(pk__in=[store.pk for store in stores])
        if len(stores) == 1:
            field.initial = stores[0].pk
            field.widget = forms.HiddenInput()

    def clean_file(self) -> UploadedFile[bytes]:
        """Refuse a file that is too large to be one of parcels."""
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            raise forms.ValidationError(
                gettext("The file is larger than 1.5 MB: split it.")
            )
        return file
