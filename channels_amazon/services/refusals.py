"""Says in plain words why Amazon refused a package and what to do; services layer."""

from __future__ import annotations

from dataclasses import dataclass

from channels_amazon.spapi.errors import InvalidRequest, NotFound
from channels_amazon.wording import sentence


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal's code, Amazon's sentence, and what a person does about it."""

    code: str
    message: str
    fix: str


ALREADY_SHIPPED = "shipment.already_shipped"
REFUSED = "shipment.refused"

_AGAIN = sentence(
    "Correct what Amazon names, and ship these units again from this page."
)
# What is found in Amazon's text, in the order of the table: the first match counts.
_KNOWN: tuple[tuple[str, str, str], ...] = (
    (
        "packagetoupdatenotfound",
        ALREADY_SHIPPED,
        sentence(
            "Amazon has the order as shipped or cancelled already. Look at it in "
            "Seller Central before anything else is sent."
        ),
    ),
    (
        "already fulfilled",
        ALREADY_SHIPPED,
        sentence(
            "Amazon has the order as shipped or cancelled already. Look at it in "
            "Seller Central before anything else is sent."
        ),
    ),
    (
        "itself confirms",
        "shipment.confirmed_by_amazon",
        sentence(
            "Amazon confirms this order by itself, as with labels bought from it."
        ),
    ),
    (
        "carrier",
        "shipment.carrier_refused",
        sentence(
            "Ship these units again with another carrier, or with “Other” and the "
            "carrier's name."
        ),
    ),
    (
        "shipdate",
        "shipment.date_refused",
        sentence(
            "Ship these units again with a date that lies neither before the order "
            "nor in the future."
        ),
    ),
    (
        "tracking",
        "shipment.tracking_refused",
        sentence(
            "Ship these units again with the tracking number as the carrier gave it."
        ),
    ),
    (
        "quantity",
        "shipment.quantity_refused",
        sentence(
            "Compare the packages in Seller Central with these, and ship only the "
            "units that are left."
        ),
    ),
)


def explain(error: InvalidRequest | NotFound) -> Refusal:
    """Return what Amazon's refusal of a package means for the person who ships."""
    said = " ".join(
        f"{issue.message} {issue.details}" for issue in error.evidence.issues
    )
    text = f"{said} {error.message}".lower()
    for word, code, fix in _KNOWN:
        if word in text:
            return Refusal(code, error.message, fix)
    return Refusal(REFUSED, error.message, _AGAIN)
