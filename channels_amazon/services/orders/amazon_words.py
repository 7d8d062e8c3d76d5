"""Amazon's own words for people: statuses, services, reasons; services layer.

The enumerations are those of Amazon's published models. A word that is none of them is
shown as Amazon's own, in quotation marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _


class Enumeration(StrEnum):
    """One of Amazon's lists of words."""

    ORDER_STATUS = "order_status"
    SERVICE = "service"
    PROGRAM = "program"
    ADDRESS_TYPE = "address_type"
    CANCEL_REASON = "cancel_reason"
    MCF_STATUS = "mcf_status"
    SELLING_PLAN = "selling_plan"


# By the word as Amazon's newer interfaces write it: capitals and underscores.
_WORDS: Mapping[Enumeration, Mapping[str, Any]] = {
    Enumeration.ORDER_STATUS: {
        "PENDING_AVAILABILITY": _("Pre-order"),
        "PENDING": _("Pending"),
        "UNSHIPPED": _("Unshipped"),
        "PARTIALLY_SHIPPED": _("Partially shipped"),
        "SHIPPED": _("Shipped"),
        "CANCELLED": _("Cancelled"),
        "CANCELED": _("Cancelled"),
        "UNFULFILLABLE": _("Unfulfillable"),
        "INVOICE_UNCONFIRMED": _("Invoice not confirmed"),
    },
    Enumeration.SERVICE: {
        "STANDARD": pgettext_lazy("shipping service", "Standard"),
        "EXPEDITED": pgettext_lazy("shipping service", "Expedited"),
        "PRIORITY": pgettext_lazy("shipping service", "Priority"),
        "FREE_ECONOMY": _("Free economy"),
        "SAME_DAY": _("Same day"),
        "NEXT_DAY": _("Next day"),
        "SECOND_DAY": _("Second day"),
        "SCHEDULED": _("Scheduled delivery"),
        "SCHEDULED_DELIVERY": _("Scheduled delivery"),
    },
    Enumeration.PROGRAM: {
        "AMAZON_BAZAAR": "Amazon Bazaar",
        "AMAZON_BUSINESS": "Amazon Business",
        "AMAZON_EASY_SHIP": "Amazon Easy Ship",
        "AMAZON_HAUL": "Amazon Haul",
        "DELIVERY_BY_AMAZON": _("Delivery by Amazon"),
        "FBM_SHIP_PLUS": "FBM Ship+",
        "INVOICE_BY_AMAZON": _("Invoice by Amazon"),
        "IN_STORE_PICK_UP": _("In-store pickup"),
        "PREMIUM": _("Premium"),
        "PREORDER": _("Pre-order"),
        "PRIME": "Prime",
    },
    Enumeration.ADDRESS_TYPE: {
        "RESIDENTIAL": _("Residential"),
        "COMMERCIAL": _("Commercial"),
        "PICKUP_POINT": _("Pickup point"),
    },
    # Amazon publishes no list of these; buyers choose among the following.
    Enumeration.CANCEL_REASON: {
        "ORDERED_BY_MISTAKE": _("Ordered by mistake"),
        "CREATED_BY_MISTAKE": _("Ordered by mistake"),
        "FOUND_CHEAPER": _("Found cheaper elsewhere"),
        "FOUND_CHEAPER_SOMEWHERE_ELSE": _("Found cheaper elsewhere"),
        "NO_LONGER_NEEDED": _("No longer needed"),
        "WOULD_NOT_ARRIVE_ON_TIME": _("Would not arrive in time"),
        "SHIPPING_COST_TOO_HIGH": _("Shipping too expensive"),
        "PRICE_TOO_HIGH": _("Price too high"),
        "CHANGED_MIND": _("Changed the mind"),
        "CHANGED_MIND_ABOUT_PURCHASE": _("Changed the mind"),
    },
    Enumeration.MCF_STATUS: {
        "NEW": _("Taken by Amazon"),
        "RECEIVED": _("Received"),
        "PLANNING": _("Planning"),
        "PROCESSING": _("Processing"),
        "COMPLETE": _("Completed"),
        "COMPLETE_PARTIAL": _("Partly complete"),
        "COMPLETE_PARTIALLED": _("Partly complete"),
        "CANCELLED": _("Cancelled"),
        "UNFULFILLABLE": _("Unfulfillable"),
        "INVALID": _("Invalid"),
    },
    Enumeration.SELLING_PLAN: {
        "PROFESSIONAL": _("Professional selling plan"),
        "INDIVIDUAL": _("Individual selling plan"),
    },
}


def amazon_word(word: str, enumeration: str) -> str:
    """Return the reader's word for one of Amazon's, quoted where it is none we know.

    "PartiallyShipped" of the older interfaces is PARTIALLY_SHIPPED of the newer ones.
    """
    if not word:
        return ""
    known = _WORDS[Enumeration(enumeration)].get(_key(word))
    return str(known) if known is not None else gettext("“%(word)s”") % {"word": word}


def amazon_words(words: Iterable[str], enumeration: str) -> str:
    """Return Amazon's words as an enumeration in the reader's language."""
    return gettext(", ").join(amazon_word(word, enumeration) for word in words)


def knows(word: str, enumeration: Enumeration) -> bool:
    """Tell whether the reader's word for one of Amazon's is known."""
    return _key(word) in _WORDS[enumeration]


def _key(word: str) -> str:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", word.strip())
    return re.sub(r"[\s-]+", "_", spaced).upper()
