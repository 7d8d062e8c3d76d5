"""The choice of the warehouse that a line's units leave from; forms layer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from channels_amazon.services.shipping.origins import LineOrigins, Origin
from channels_amazon.services.stock.shortfalls import Agreed, Shortfall

_AGREED = re.compile(r"([0-9]{1,18})-([0-9]{1,18}):(-?[0-9]{1,9})")


class OriginSelect(forms.Select):
    """Warehouses as options; each carries its units for the page's script."""

    def __init__(self, origins: LineOrigins, attrs: dict[str, Any]) -> None:
        super().__init__(attrs=attrs)
        self.origins = {str(one.warehouse.pk): one for one in origins.choices}

    def create_option(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return an option with what is there."""
        option: dict[str, Any] = super().create_option(*args, **kwargs)
        origin = self.origins[str(option["value"])]
        option["attrs"] |= {
            "data-place": origin.warehouse.name,
            "data-on-hand": str(origin.on_hand),
            "data-available": str(origin.available),
        }
        if origin.is_holder:
            option["attrs"]["data-holder"] = "1"
        return option


class OriginField(forms.TypedChoiceField):
    """The warehouse that a line's units leave from, at first that which holds them."""

    def __init__(self, origins: LineOrigins, *, sku: str, units_name: str) -> None:
        known = {str(one.warehouse.pk): one.warehouse for one in origins.choices}
        row = origins.reservation
        attrs = {
            "data-variant": str(row.variant_id),
            "data-sku": sku,
            "data-held": str(row.quantity),
            "data-gone": str(origins.gone),
            "data-units": units_name,
            # A page may ask for several: each is known by its line.
            "aria-label": f"{gettext('From warehouse')}: {sku}",
        }
        if any(one.is_counted for one in origins.choices):
            attrs["data-counted"] = "1"
        choices = [(str(one.warehouse.pk), label_of(one)) for one in origins.choices]
        super().__init__(
            label=_("From warehouse"),
            choices=choices,
            coerce=known.__getitem__,
            initial=str(origins.holder.pk),
            empty_value=None,
            required=False,
            widget=OriginSelect(origins, attrs),
        )


def label_of(origin: Origin) -> str:
    """Return a warehouse's name with what is there: held for the line, or available."""
    values = {
        "warehouse": origin.warehouse.name,
        "units": origin.held,
        "on_hand": origin.on_hand,
    }
    if not origin.held:
        if not origin.is_counted:
            return gettext("%(warehouse)s: never counted") % values
        values["units"] = origin.available
        return gettext("%(warehouse)s: %(units)d available") % values
    if origin.is_counted and origin.on_hand < origin.held:
        return gettext("%(warehouse)s: holds %(units)d, %(on_hand)d on hand") % values
    text = ngettext(
        "%(warehouse)s: holds this unit",
        "%(warehouse)s: holds these %(units)d",
        origin.held,
    )
    return text % values


def below_zero_text(warehouse: str, sku: str, units: int | str) -> str:
    """Return what a person agrees to where a warehouse will show less than nothing."""
    text = gettext(
        "Ship from %(warehouse)s all the same: it will show %(units)s of %(sku)s."
    )
    return text % {"warehouse": warehouse, "sku": sku, "units": units}


def missing_text(warehouse: str, sku: str, units: int | str) -> str:
    """Return what a person agrees to where other orders will lack their units."""
    text = gettext(
        "Ship from %(warehouse)s all the same: %(units)s of %(sku)s will be missing "
        "there for other orders."
    )
    return text % {"warehouse": warehouse, "sku": sku, "units": units}


def text_of(fallen: Shortfall) -> str:
    """Return what a person agrees to by taking this level below zero."""
    text = below_zero_text if fallen.shown < 0 else missing_text
    return text(fallen.warehouse, fallen.sku, fallen.shown)


def named(fallen: Iterable[Shortfall]) -> str:
    """Return levels, and how short each will be, as a form sends them."""
    return " ".join(
        f"{variant_id}-{warehouse_id}:{one.shown}"
        for one in fallen
        for variant_id, warehouse_id in [one.place]
    )


def agreed_in(text: str) -> Agreed:
    """Return the levels that a form names, and how short; nonsense names none."""
    return {
        (int(found[1]), int(found[2])): int(found[3])
        for word in text.split()
        if (found := _AGREED.fullmatch(word))
    }
