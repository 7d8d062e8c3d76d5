"""What carriers of the store are called at Amazon, and which it would refuse."""

from __future__ import annotations

import pytest

from channels_amazon.rules.shipping.carrier_names import LISTED, UNLISTED
from channels_amazon.rules.shipping.carriers import (
    CARRIERS,
    OTHER,
    Carrier,
    CarrierMapping,
    CarrierProblem,
    carrier_options,
    known_carrier,
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


CHINESE = {
    "云途": "Yun Express",
    "YunExpress": "Yun Express",
    "顺丰速运": "SF Express",
    "燕文": "Yanwen",
    "邮政": "China Post",
    "递四方": "4PX",
    "万邑通": "WINIT",
    "中通": "ZTO Express",
    "圆通": "YTO Express",
    "申通": "STO Express",
    "韵达": "Yunda Express",
}


@pytest.mark.parametrize(("name", "code"), CHINESE.items())
def test_chinese_name_is_amazons_carrier(name: str, code: str) -> None:
    assert match_carrier((), name, "挂号") == Carrier(code, method="挂号")


@pytest.mark.parametrize(
    ("name", "stated"),
    [
        ("极兔", "J&T Express"),
        ("菜鸟", "Cainiao"),
        ("谷仓", "GoodCang"),
        ("德邦", "Deppon Express"),
    ],
)
def test_carrier_that_amazon_lacks_goes_as_other(name: str, stated: str) -> None:
    assert match_carrier((), name, "") == Carrier(OTHER, stated)


def test_every_seller_name_leads_to_a_name_that_amazon_takes() -> None:
    for code, written in LISTED:
        assert code in CARRIERS
        for name in (code, *written):
            found = known_carrier(name)
            assert found is not None
            assert found.problem is None
    for stated, written in UNLISTED:
        for name in (stated, *written):
            assert known_carrier(name) == Carrier(OTHER, stated)


def test_list_of_a_marketplace_begins_with_its_own_and_ends_with_other() -> None:
    britain = [one.code for one in carrier_options("A1F83G8C2ARO7P")]
    japan = [one.code for one in carrier_options("A1VC38T7YXB528")]

    assert "DPD Local" in britain
    assert "DPD Local" not in japan
    assert {"UPS", "Yun Express"} <= set(britain) & set(japan)
    assert britain[-1] == japan[-1] == OTHER
    assert len(carrier_options()) > 350
    assert {one.code: one.names for one in carrier_options()}["Yun Express"].startswith(
        "云途"
    )


def test_carrier_of_two_names_is_called_as_the_marketplace_calls_it() -> None:
    assert known_carrier("大和运输", "A1VC38T7YXB528") == Carrier("YAMATO")
    assert known_carrier("大和运输", "ATVPDKIKX0DER") == Carrier("YamatoTransport")
