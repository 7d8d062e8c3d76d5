"""The forms of the first sign-in: store, owner, place, warehouse, catalogue; forms."""

from __future__ import annotations

from typing import Any

from babel.core import Locale
from django import forms
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from channels_amazon.forms.local_times import time_zones
from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.models import Store
from channels_amazon.services.accounts.store_setup import FIRST_WAREHOUSE

# What an import in a page may take; more is the command's.
MOST_BYTES = 1_000_000
MOST_PRODUCTS = 1000
# Sellers' own currencies beside those of Amazon's sites.
_MORE_CURRENCIES = {"CNY", "HKD", "TWD", "KRW", "CHF", "NOK", "DKK", "NZD", "VND"}
# What the list of territories has beside countries: unions and names for tests.
_NO_COUNTRIES = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}


def currencies() -> list[tuple[str, str]]:
    """Return currencies to choose from, each with its name in the reader's language."""
    codes = {site.currency for site in MARKETPLACES.values()} | _MORE_CURRENCIES
    names = _locale().currencies
    return [(code, f"{code} · {names.get(code, code)}") for code in sorted(codes)]


def countries() -> list[tuple[str, str]]:
    """Return the countries by their names in the reader's language."""
    named = _locale().territories
    codes = {str(code) for code in named} - _NO_COUNTRIES
    found = [
        (code, str(named[code])) for code in codes if len(code) == 2 and code.isalpha()
    ]
    # Chinese readers look for a name by its sound, which this encoding goes by.
    encoding = "gb18030" if _locale().language == "zh" else "utf-8"
    return [("", "–"), *sorted(found, key=lambda pair: pair[1].encode(encoding))]


def _locale() -> Locale:
    return Locale.parse((get_language() or "en").replace("-", "_"))


class _Form(forms.Form):
    """A form whose labels end without a colon."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **options})


class PlaceForm(_Form):
    """Where the store is at home: its time zone, language and currency."""

    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=time_zones,
        help_text=_("Of who chose none, and whose browser says none."),
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    currency = forms.ChoiceField(label=_("Currency"), choices=currencies)


class OwnerForm(_Form):
    """Who owns the store and may connect its accounts."""

    owner = forms.ModelChoiceField(
        label=_("Owner"),
        queryset=get_user_model().objects.none(),
        empty_label=None,
        help_text=_("May connect Amazon accounts and choose the other members."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        owner: Any = self.fields["owner"]
        users = get_user_model().objects.filter(is_active=True, is_staff=True)
        owner.queryset = users.order_by("username")


class NewStoreForm(PlaceForm, OwnerForm):
    """A store that is to be made."""

    name = forms.CharField(label=_("Name of the store"), max_length=120)
    plan = forms.ChoiceField(label=_("Plan"), choices=Store.Plan.choices)

    field_order = ("name", "owner", "time_zone", "language", "currency", "plan")

    def clean_name(self) -> str:
        """Refuse the name of a store that is there: its owner would get another one."""
        name = str(self.cleaned_data["name"])
        if Store.objects.filter(name=name).exists():
            raise ValidationError(
                gettext("There is a store of this name already: choose another name.")
            )
        return name


class WarehouseForm(_Form):
    """The first place that holds the store's stock."""

    name = forms.CharField(
        label=_("Name of the warehouse"), max_length=80, initial=FIRST_WAREHOUSE
    )
    country_code = forms.ChoiceField(
        label=_("Country"), choices=countries, required=False
    )


class CatalogueForm(_Form):
    """A file of the store's products."""

    file = forms.FileField(
        label=_("CSV file"),
        help_text=_(
            "UTF-8, with the columns sku, title and, where you have them, barcode, "
            "price, currency, category, stock, warehouse."
        ),
    )

    def clean_file(self) -> list[str]:
        """Return the file's lines; refuse what a page cannot take."""
        file: Any = self.cleaned_data["file"]
        if (file.size or 0) > MOST_BYTES:
            raise ValidationError(_too_big())
        try:
            lines: list[str] = file.read().decode("utf-8-sig").splitlines(keepends=True)
        except UnicodeDecodeError as error:
            raise ValidationError(
                gettext("The file is not UTF-8 text: save it as CSV in UTF-8.")
            ) from error
        if len(lines) > MOST_PRODUCTS + 1:
            raise ValidationError(_too_big())
        return lines


def _too_big() -> str:
    return gettext(
        "The file is too big for a page (%(count)d products): import it by "
        "manage.py import_products."
    ) % {"count": MOST_PRODUCTS}
