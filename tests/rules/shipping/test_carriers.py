"""What carriers of the store are called at Amazon, and which it would refuse."""

from __future__ import annotations

import pytest

from channels_amazon.rules.shipping.carriers import (
    OTHER,
    Carrier,
    CarrierMapping,
    CarrierProblem,
    match_carrier,
)

DHL, EXPRESS = Carrier("DHL"), Carrier("DHL", method="Express")
BIKE = Carrier("Other", "Bike Couriers")
MAPPINGS = (
    CarrierMapping("dhl  Paket", "", DHL),
    CarrierMapping("DHL Paket", "Ex press", EXPRESS),
    CarrierMapping("Radkurier", "same day", BIKE),
)


@pytest.mark.parametrize(
    ("carrier", "method", "found"),
    [
        ("DHL PAKET", "", DHL),
        ("dhlpaket", "Standard", DHL),
        ("DHL Paket", "express", EXPRESS),
        ("ＤＨＬ Paket", "Express", EXPRESS),
        ("Radkurier", "Same Day", BIKE),
        ("Radkurier", "", None),
        ("ups", "Ground", Carrier("UPS", method="Ground")),
        ("sf express", "", Carrier("SF Express")),
        ("Other", "", None),
        ("", "", None),
        ("Pigeon", "", None),
    ],
)
def test_carrier_is_matched_by_the_narrowest_rule(
    carrier: str, method: str, found: Carrier | None
) -> None:
    assert match_carrier(MAPPINGS, carrier, method) == found


def test_rule_counts_before_amazons_own_name() -> None:
    rules = [CarrierMapping("UPS", "", BIKE)]

    assert match_carrier(rules, "ups", "") == BIKE


@pytest.mark.parametrize(
    ("carrier", "problem"),
    [
        (Carrier("DHL"), None),
        (Carrier("Pigeon"), CarrierProblem.NOT_LISTED),
        (Carrier(OTHER, "  "), CarrierProblem.NAME_MISSING),
        (BIKE, None),
    ],
)
def test_carrier_says_why_amazon_would_refuse_it(
    carrier: Carrier, problem: CarrierProblem | None
) -> None:
    assert carrier.problem is problem


def test_name_is_stated_beside_other_only() -> None:
    assert BIKE.stated_name == "Bike Couriers"
    assert Carrier("DHL", "Bike Couriers").stated_name == ""


def test_label_names_the_carrier_as_people_do() -> None:
    assert (BIKE.label, EXPRESS.full_label) == ("Bike Couriers", "DHL Express")
