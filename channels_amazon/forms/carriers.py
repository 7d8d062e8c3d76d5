"""The field in which a person finds one of Amazon's carriers; forms layer."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from channels_amazon.rules.shipping.carriers import OTHER, known_carrier

# The id of the list of suggestions, which a page has once (`parts/carrier_list.html`).
CARRIER_LIST = "carrier-list"


class CarrierField(forms.CharField):
    """Takes a carrier by Amazon's name or by one that sellers use; gives Amazon's.

    One that Amazon's list lacks is OTHER; `resolve_other_carrier` states its name.

    The browser searches the list of suggestions while a person writes.
    """

    widget = forms.TextInput(
        attrs={"list": CARRIER_LIST, "autocomplete": "off", "spellcheck": "false"}
    )

    def __init__(self, **options: Any) -> None:
        options.setdefault("max_length", 60)
        options.setdefault("label", _("Carrier"))
        super().__init__(**options)

    def clean(self, value: Any) -> str:
        """Return Amazon's name of the carrier; refuse one that Amazon does not have."""
        text: str = super().clean(value)
        if not text or text.casefold() == OTHER.casefold():
            return OTHER if text else ""
        known = known_carrier(text)
        if known is None:
            raise forms.ValidationError(
                gettext(
                    "Amazon has no carrier of this name: choose one of the list, or "
                    "“Other” and enter the name."
                )
            )
        return known.code


def resolve_other_carrier(form: forms.Form, code_field: str, name_field: str) -> None:
    """State a name beside “Other”, and take Amazon's carrier where it is one.

    What was chosen by a name that everybody knows needs no other; else one is demanded.
    """
    cleaned = form.cleaned_data
    if cleaned.get(code_field) != OTHER:
        return
    chosen = known_carrier(str(form.data.get(form.add_prefix(code_field), "")).strip())
    if chosen is not None and chosen.name:
        cleaned[name_field] = cleaned.get(name_field) or chosen.name
    name = cleaned.get(name_field)
    if not name:
        form.add_error(name_field, gettext("Enter the carrier's name."))
        return
    known = known_carrier(name)
    if known is not None and known.code != OTHER:
        # Amazon tracks what it knows by its own name, and “Other” not at all.
        cleaned[code_field], cleaned[name_field] = known.code, ""
