"""The forms that connect an account; forms layer."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from channels_amazon.marketplaces import by_region
from channels_amazon.models import AmazonAccount, Store
from channels_amazon.rules.pasted_ids import PastedId, WrongForm, read


class _StoreForm(forms.Form):
    """Which of the user's own stores it is for."""

    store = forms.ModelChoiceField(
        label=_("Store"), queryset=Store.objects.none(), empty_label=None
    )

    def __init__(self, stores: QuerySet[Store], *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **options})
        field: Any = self.fields["store"]
        field.queryset = stores


class ConnectForm(_StoreForm):
    """Which sites of a region to authorise; `account` when it is done anew."""

    region = forms.ChoiceField(
        choices=AmazonAccount.Region.choices, widget=forms.HiddenInput
    )
    marketplaces = forms.MultipleChoiceField(
        label=_("Marketplaces to synchronise"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one marketplace.")},
    )
    account = forms.ModelChoiceField(
        queryset=AmazonAccount.objects.none(),
        required=False,
        widget=forms.HiddenInput,
    )

    def __init__(
        self,
        stores: QuerySet[Store],
        region: str,
        *args: Any,
        accounts: QuerySet[AmazonAccount],
        **options: Any,
    ) -> None:
        super().__init__(stores, *args, **options)
        sites: Any = self.fields["marketplaces"]
        sites.choices = [
            (site.id, f"{site.country_code} · {site.domain}")
            for site in by_region(region)
        ]
        account: Any = self.fields["account"]
        account.queryset = accounts

    def clean(self) -> dict[str, Any]:
        """Refuse an account that is not of the chosen store and region."""
        cleaned: dict[str, Any] = super().clean() or {}
        account, store = cleaned.get("account"), cleaned.get("store")
        if account is not None and (
            account.store != store or account.region != cleaned.get("region")
        ):
            raise ValidationError(
                gettext("The account is of another store or region: start again.")
            )
        return cleaned


class PrivateForm(_StoreForm):
    """A refresh token made by hand, and whose it is; the token is never shown."""

    region = forms.ChoiceField(label=_("Region"), choices=AmazonAccount.Region.choices)
    seller_id = forms.CharField(
        label=_("Seller id"),
        # Longer than an id: it may be pasted with what surrounds it.
        max_length=200,
        help_text=_("The merchant token in Seller Central, Account Info."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    refresh_token = forms.CharField(
        label=_("Refresh token"),
        help_text=_("It begins with “Atzr|” and is shown once in Seller Central."),
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    def clean_seller_id(self) -> str:
        """Return the seller id in capitals; refuse what cannot be one."""
        try:
            return read(PastedId.SELLER_ID, self.cleaned_data["seller_id"])
        except WrongForm as error:
            text = gettext(
                "A seller id has 6 to 20 letters and digits, such as %(example)s."
            )
            raise ValidationError(text % {"example": error.example}) from error

    def clean_refresh_token(self) -> str:
        """Return the token; refuse what cannot be one."""
        try:
            return read(PastedId.REFRESH_TOKEN, self.cleaned_data["refresh_token"])
        except WrongForm as error:
            text = gettext(
                "This is not a whole refresh token: one looks like %(example)s…"
            )
            raise ValidationError(text % {"example": error.example}) from None


class AppstoreForm(_StoreForm):
    """For which store an authorisation is that the merchant began at Amazon."""

    amazon_callback_uri = forms.CharField(max_length=2000, widget=forms.HiddenInput)
    amazon_state = forms.CharField(max_length=2000, widget=forms.HiddenInput)
    selling_partner_id = forms.CharField(
        max_length=40, required=False, widget=forms.HiddenInput
    )
