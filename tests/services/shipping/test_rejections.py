"""Amazon's refusals of packages in plain words."""

from __future__ import annotations

import pytest

from channels_amazon.services.shipping.rejections import explain
from channels_amazon.spapi.errors import (
    AmazonIssue,
    Evidence,
    InvalidRequest,
    NotFound,
)


@pytest.mark.parametrize(
    ("said", "details", "code"),
    [
        (
            "Failed to create package due to not finding a matching package or order "
            "already fulfilled",
            "errorMetric=PackageToUpdateNotFound",
            "shipment.already_shipped",
        ),
        ("Invalid Input", "PackageToUpdateNotFound", "shipment.already_shipped"),
        (
            "Amazon itself confirms the shipment of this order.",
            "",
            "shipment.confirmed_by_amazon",
        ),
        ("FBM Ship+ order", "", "shipment.confirmed_by_amazon"),
        (
            "Invalid type: packageReferenceId must be a positive numeric value",
            "",
            "shipment.number_refused",
        ),
        (
            "Missing required field carrierName.",
            "",
            "shipment.carrier_name_missing",
        ),
        ("Missing required field carrierCode.", "", "shipment.carrier_refused"),
        ("shipDate must not be in the future.", "", "shipment.date_refused"),
        ("shipDate must not be before the order date.", "", "shipment.date_refused"),
        ("Invalid Input", "shipDate", "shipment.date_refused"),
        ("Missing field trackingNumber", "", "shipment.tracking_refused"),
        ("The quantity is more than is left.", "", "shipment.quantity_refused"),
        ("Order item 7 is not part of the order.", "", "shipment.item_refused"),
        ("marketplaceId is not its own.", "", "shipment.marketplace_refused"),
        ("Order 902 is not found.", "", "shipment.order_unknown"),
        ("Invalid value for codCollectionMethod.", "", "shipment.cod_refused"),
        ("Computer says no.", "", "shipment.refused"),
    ],
)
def test_refusal_is_recognised_and_has_a_fix(
    said: str, details: str, code: str
) -> None:
    issue = AmazonIssue("InvalidInput", said, details)
    evidence = Evidence("confirmShipment", 400, "req-1", (issue,))

    for error in (InvalidRequest(said, evidence), NotFound(said, evidence)):
        refusal = explain(error)
        assert (refusal.code, refusal.message) == (code, said)
        assert refusal.fix.endswith(".")


def test_dates_before_the_order_and_ahead_have_fixes_of_their_own() -> None:
    fixes = {
        explain(InvalidRequest(text, Evidence("confirmShipment", 400))).fix
        for text in ("shipDate is in the future", "shipDate is before the order")
    }

    assert len(fixes) == 2
