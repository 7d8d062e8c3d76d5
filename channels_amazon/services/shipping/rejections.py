"""Says in plain words why Amazon refused a shipment and what to do; services layer."""

from __future__ import annotations

from dataclasses import dataclass

from channels_amazon.spapi.errors import InvalidRequest, NotFound
from channels_amazon.wording import sentence


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why Amazon rejected a shipment: a code, its sentence, what a person does."""

    code: str
    message: str
    fix: str


ALREADY_SHIPPED = "shipment.already_shipped"
REFUSED = "shipment.refused"

CONFIRMED_BY_AMAZON = "shipment.confirmed_by_amazon"

_SHIPPED = sentence(
    "Amazon has the order as shipped or cancelled already. Look at it in Seller "
    "Central before anything else is sent."
)
_BY_AMAZON = sentence(
    "Amazon confirms this order by itself, as with labels bought from it."
)
_AGAIN = sentence(
    "Correct what Amazon names, and ship these units again from this page."
)
# Amazon has no code for most of these, only a text. Part of that text, our code and the
# fix; the first match in this order counts.
_KNOWN: tuple[tuple[str, str, str], ...] = (
    ("packagetoupdatenotfound", ALREADY_SHIPPED, _SHIPPED),
    ("already fulfilled", ALREADY_SHIPPED, _SHIPPED),
    ("itself confirms", CONFIRMED_BY_AMAZON, _BY_AMAZON),
    ("ship+", CONFIRMED_BY_AMAZON, _BY_AMAZON),
    ("ship plus", CONFIRMED_BY_AMAZON, _BY_AMAZON),
    ("ship_plus", CONFIRMED_BY_AMAZON, _BY_AMAZON),
    (
        "packagereferenceid",
        "shipment.number_refused",
        sentence(
            "Amazon wants a positive number for the package. Please report this: the "
            "number is given here, and is one."
        ),
    ),
    (
        "carriername",
        "shipment.carrier_name_missing",
        sentence(
            "With “Other” Amazon wants the carrier's name: ship these units again "
            "with it, or choose the carrier from the list."
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
        "in the future",
        "shipment.date_refused",
        sentence(
            "The ship date lies ahead of Amazon's clock. Ship these units again with "
            "the time at which they left, and see that this host's clock is right."
        ),
    ),
    (
        "before the order",
        "shipment.date_refused",
        sentence(
            "The ship date lies before the order. Ship these units again with the "
            "time at which they left."
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
    (
        "order item",
        "shipment.item_refused",
        sentence(
            "Amazon does not have a line of the package in this order any more. Look "
            "at the order in Seller Central, and ship the lines that it shows."
        ),
    ),
    (
        "marketplaceid",
        "shipment.marketplace_refused",
        sentence(
            "Amazon has the order in another marketplace: look at it in Seller "
            "Central before these units are shipped again."
        ),
    ),
    (
        "not found",
        "shipment.order_unknown",
        sentence(
            "Amazon does not know the order for this account. See in Seller Central "
            "to which seller account it belongs."
        ),
    ),
    (
        "codcollectionmethod",
        "shipment.cod_refused",
        sentence("Confirm this order in Seller Central: it is paid on delivery."),
    ),
)


def explain(error: InvalidRequest | NotFound) -> Rejection:
    """Return what Amazon's rejection of a shipment means for the person who ships."""
    said = " ".join(
        f"{issue.message} {issue.details}" for issue in error.evidence.issues
    )
    text = f"{said} {error.message}".lower()
    for word, code, fix in _KNOWN:
        if word in text:
            return Rejection(code, error.message, fix)
    return Rejection(REFUSED, error.message, _AGAIN)
