"""Which tracking numbers look wrong for their carrier."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.rules.shipping.amazon_carriers import CARRIERS
from channels_amazon.rules.shipping.tracking_forms import (
    TrackingDoubt,
    fedex_check_digit,
    mod10_check_digit,
    s10_check_digit,
    tracking_doubt,
    ups_check_digit,
)

FORM, DIGIT = TrackingDoubt.WRONG_FORM, TrackingDoubt.WRONG_CHECK_DIGIT


def digits(count: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=count, max_size=count)


@pytest.mark.parametrize(
    ("carrier", "number"),
    [
        ("UPS", "1Z5R89390357567127"),
        ("UPS", "1z 879e 9303 4683 4440"),
        ("UPS", "K2479825491"),
        ("USPS", "0307 1790 0005 2348 3741"),
        ("USPS", "71969010756003077385"),
        ("USPS", "9505511069605048600624"),
        ("USPS", "420100233424 9200190132607600833457"),
        ("USPS", "RB123456785US"),
        ("FedEx", "986578788855"),
        ("FedEx", "477179081230"),
        ("FedEx", "041441760228964"),
        ("FedEx", "9611020987654312345672"),
        ("DHL Express", "3318810025"),
        ("DHL", "3318810036"),
        ("DHL-Paket", "00340434292135100186"),
        ("DHL", "JJD000390007367738497"),
        ("China Post", "RB123456785CN"),
        ("Royal Mail", "RB123456785GB"),
        ("Yun Express", "YT2633100000123"),
        ("Other", "anything-goes-1"),
        ("", "SF1234567890123"),
    ],
)
def test_number_of_the_carriers_form_is_not_doubted(carrier: str, number: str) -> None:
    assert tracking_doubt(carrier, number) is None


@pytest.mark.parametrize(
    ("carrier", "number", "doubt"),
    [
        ("UPS", "1Z5R89390357567128", DIGIT),
        ("UPS", "1Z5R8939035756712", FORM),
        ("UPS", "YT2633100000123", FORM),
        ("USPS", "9505511069605048600625", DIGIT),
        ("USPS", "YT2633100000123", FORM),
        ("USPS", "RB123456786US", DIGIT),
        ("FedEx", "986578788856", DIGIT),
        ("FedEx", "98657878885", FORM),
        ("DHL Express", "3318810026", DIGIT),
        ("DHL-Paket", "00340434292135100187", DIGIT),
        ("China Post", "RB123456780CN", DIGIT),
    ],
)
def test_number_of_another_form_is_doubted(
    carrier: str, number: str, doubt: TrackingDoubt
) -> None:
    assert tracking_doubt(carrier, number) is doubt


@pytest.mark.parametrize("carrier", ["UPS", "Yun Express", "Other", ""])
@pytest.mark.parametrize(
    "number",
    ["N/A", "n.a.", "abc", "123", "none", "待补", "无", "-", "0000000000", "TBD", ""],
)
def test_word_in_place_of_a_number_is_doubted(carrier: str, number: str) -> None:
    assert tracking_doubt(carrier, number) is TrackingDoubt.PLACEHOLDER


@given(st.sampled_from(CARRIERS), st.text(max_size=40))
def test_any_text_is_judged_without_an_error(carrier: str, number: str) -> None:
    assert tracking_doubt(carrier, number) in {None, *TrackingDoubt}


@given(digits(15), st.integers(1, 9))
def test_every_mistyped_last_digit_of_a_1z_number_is_seen(
    serial: str, off: int
) -> None:
    right = ups_check_digit(serial)

    assert tracking_doubt("UPS", f"1Z{serial}{right}") is None
    assert tracking_doubt("UPS", f"1Z{serial}{(right + off) % 10}") is DIGIT


@given(digits(21), st.integers(0, 20), st.integers(1, 9))
def test_every_mistyped_digit_of_a_usps_number_is_seen(
    serial: str, place: int, off: int
) -> None:
    serial = f"9{serial[1:]}"
    check = mod10_check_digit(serial)
    assert tracking_doubt("USPS", f"{serial}{check}") is None

    wrong = str((int(serial[place]) + off) % 10)
    typed = serial[:place] + wrong + serial[place + 1 :]
    assert tracking_doubt("USPS", f"{typed}{check}") is not None


@given(digits(8), digits(11))
def test_right_check_digits_are_not_doubted(serial: str, express: str) -> None:
    post = f"RB{serial}{s10_check_digit(serial)}CN"
    parcel = f"{express}{fedex_check_digit(express)}"

    assert tracking_doubt("China Post", post) is None
    # Digits that are all alike are a placeholder.
    if len(set(parcel)) > 1 and parcel not in {"123456789012"}:
        assert tracking_doubt("FedEx", parcel) is None
