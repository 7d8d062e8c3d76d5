"""Names the inner values that pages show: reasons, addresses; views layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import (
    get_language,
    pgettext_lazy,
)
from django.utils.translation import gettext_lazy as _

from channels_amazon.marketplaces import country_name
from channels_amazon.rules.stock.sharing import DecidedBy
from channels_amazon.services.orders.amazon_words import Enumeration, amazon_word
from channels_amazon.spapi.outbound import PackageStatus

# Why a quantity is what it is, in a word or two.
DECISIONS: Mapping[str, Promise] = {
    DecidedBy.NO_RULE: _("no rule: all that is left"),
    DecidedBy.ALL: _("all that is available"),
    DecidedBy.SHARE: _("its share"),
    DecidedBy.BUFFER: _("less the buffer"),
    DecidedBy.CAP: _("the most it publishes"),
    DecidedBy.FLOOR: _("it stops selling"),
    DecidedBy.FIXED: _("always the same number"),
    DecidedBy.NOT_PUBLISHED: _("no quantity is published"),
    DecidedBy.NOT_COUNTED: _("never counted"),
}
# Amazon's names for the parts of a buyer and an address.
PERSONAL: dict[str, Promise] = {
    "buyer": _("Buyer"),
    "buyerName": _("Buyer"),
    "buyerEmail": _("E-mail"),
    "buyerCompanyName": _("Company"),
    "buyerPurchaseOrderNumber": _("Purchase order"),
    "name": _("Recipient"),
    "companyName": _("Company"),
    "addressLine1": _("Address"),
    "addressLine2": _("Address, line 2"),
    "addressLine3": _("Address, line 3"),
    "city": _("City"),
    "districtOrCounty": _("District"),
    "stateOrRegion": pgettext_lazy("address", "State"),
    "municipality": _("Municipality"),
    "postalCode": _("Postal code"),
    "countryCode": _("Country"),
    "phone": _("Phone"),
    "addressType": _("Kind of address"),
}

# Where a package of Amazon's is: how it looks, and the word.
MCF_PACKAGES: Mapping[str, tuple[str, Promise]] = {
    PackageStatus.PROCESSING: ("waiting", _("Being packed")),
    PackageStatus.IN_TRANSIT: ("busy", _("On its way")),
    PackageStatus.DELAYED: ("warning", _("Delayed")),
    PackageStatus.OUT_FOR_DELIVERY: ("busy", _("Out for delivery")),
    PackageStatus.AVAILABLE_FOR_PICKUP: ("info", _("To be picked up")),
    PackageStatus.DELIVERED: ("ok", _("Delivered")),
    PackageStatus.UNDELIVERABLE: ("error", _("Undeliverable")),
    PackageStatus.RETURNED: ("warning", _("Returned")),
    PackageStatus.CANCELLED: ("off", _("Cancelled")),
    PackageStatus.UNKNOWN: ("waiting", _("Not known")),
}


def decision(decided_by: str) -> str:
    """Return what made a quantity what it is; "" is no rule."""
    return str(DECISIONS.get(decided_by or DecidedBy.NO_RULE, decided_by))


def flattened(
    value: Mapping[str, Any], labels: Mapping[str, Promise]
) -> Iterator[tuple[Any, Any]]:
    """Yield the label and text of each leaf that is not empty, in its order."""
    for key, item in value.items():
        if isinstance(item, Mapping):
            yield from flattened(item, labels)
        elif isinstance(item, list):
            parts = [str(part) for part in item]
            if parts:
                yield labels.get(key, key), "; ".join(parts)
        elif item not in (None, ""):
            yield labels.get(key, key), _worded(key, item)


def _worded(key: str, item: Any) -> Any:
    """Return a value as people say it, where it is a word of ours or of Amazon's."""
    if key == "addressType":
        return amazon_word(str(item), Enumeration.ADDRESS_TYPE)
    if key == "countryCode":
        return country_name(str(item), get_language() or "en")
    return item
