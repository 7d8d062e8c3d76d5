"""Whether a tracking number can be one of its carrier's; pure, rules layer.

Only what carriers publish counts: lengths, prefixes, check digits. A doubt is said to a
person and stops nothing: carriers bring out new forms, and Amazon decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import StrEnum

from channels_amazon.rules.shipping.carriers import folded
from channels_amazon.rules.shipping.tracking import number_key


class TrackingDoubt(StrEnum):
    """Why a tracking number looks wrong."""

    # Written where a number lacks.
    PLACEHOLDER = "placeholder"
    # None of the carrier's numbers looks like it.
    WRONG_FORM = "wrong_form"
    # Its last digit does not follow from the others: one of them is mistyped.
    WRONG_CHECK_DIGIT = "wrong_check_digit"


# Fewer letters and digits are nobody's tracking number.
_SHORTEST = 6
_PLACEHOLDERS = frozenset(
    "na none null nil no notracking notrackingnumber tba tbd tobeadded pending unknown "
    "tracking trackingnumber test testing untracked notavailable notapplicable abcdefg "
    "123456 1234567 12345678 123456789 1234567890 "
    "待补 待定 待填 稍后补 无 没有 无单号 暂无 单号 测试".split()
)
_S10 = re.compile(r"[A-Z]{2}[0-9]{9}[A-Z]{2}")
# Post offices, whose international numbers follow the Universal Postal Union's S10.
_POSTS = frozenset(
    map(
        folded,
        (
            *("China Post", "EUB", "Hongkong Post", "Singapore Post", "Japan Post"),
            *("JP_EXPRESS", "Royal Mail", "ROYAL_MAIL", "Parcelforce", "Deutsche Post"),
            *("La Poste", "Coliposte", "Colissimo", "Poste Italiane", "Correos"),
            *("Canada Post", "Australia Post", "AUSSIE_POST", "Correios", "Post NL"),
            *("PostNL", "PostNord", "Swiss post", "Schweizer Post", "BPOST", "AT POST"),
            *("Polish Post", "India Post", "Emirates Post", "Jersey Post"),
        ),
    )
)


def tracking_doubt(carrier_code: str, number: str) -> TrackingDoubt | None:
    """Return why the number looks wrong for Amazon's carrier, None where it may be one.

    Spaces, hyphens and case do not matter. A carrier without a public form is only
    asked for a number at all.
    """
    text = number_key(number).upper()
    if _is_placeholder(text):
        return TrackingDoubt.PLACEHOLDER
    check = _CHECKS.get(folded(carrier_code))
    if check is None:
        check = _post if folded(carrier_code) in _POSTS else None
    return check(text) if check is not None else None


def _is_placeholder(text: str) -> bool:
    if text.lower() in _PLACEHOLDERS or len(set(text)) == 1:
        return True
    return len(text) < _SHORTEST


def _ups(text: str) -> TrackingDoubt | None:
    if text.startswith("1Z"):
        if not re.fullmatch(r"1Z[0-9A-Z]{15}[0-9]", text):
            return TrackingDoubt.WRONG_FORM
        return _unless(ups_check_digit(text[2:17]) == int(text[17]))
    # Freight, Mail Innovations and what UPS hands to a post office.
    is_other = re.fullmatch(r"[0-9]{9}|[0-9]{12}|[A-Z][0-9]{10}|[0-9]{18,34}", text)
    return _post(text) if _S10.fullmatch(text) else _form(is_other)


def _mail_innovations(text: str) -> TrackingDoubt | None:
    if re.fullmatch(r"[0-9]{20}|[0-9]{22}", text):
        return _usps(text)
    return _ups(text)


def _usps(text: str) -> TrackingDoubt | None:
    if _S10.fullmatch(text):
        return _post(text)
    # The label's bar code begins with 420 and the ZIP code of 5 or 9 digits.
    parcel = re.fullmatch(r"(?:420(?:[0-9]{5}|[0-9]{9}))?(9[0-9]{21})", text)
    digits = parcel[1] if parcel else text
    if re.fullmatch(r"[0-9]{20}", digits):
        # Its check digit may count the 91 that the bar code has before it.
        ends = {mod10_check_digit(digits[:19]), mod10_check_digit(f"91{digits[:19]}")}
        return _unless(int(digits[19]) in ends)
    if not re.fullmatch(r"9[0-9]{21}|9[0-9]{25}", digits):
        return TrackingDoubt.WRONG_FORM
    return _unless(mod10_check_digit(digits[:-1]) == int(digits[-1]))


def _fedex(text: str) -> TrackingDoubt | None:
    if re.fullmatch(r"[0-9]{12}", text):
        return _unless(fedex_check_digit(text[:11]) == int(text[11]))
    if re.fullmatch(r"[0-9]{15}", text):
        return _unless(mod10_check_digit(text[:14]) == int(text[14]))
    if re.fullmatch(r"96[0-9]{20}", text):
        # The last fifteen are the number itself.
        return _unless(mod10_check_digit(text[7:21]) == int(text[21]))
    if re.fullmatch(r"9[0-9]{21}|[0-9]{20}", text):
        return _unless(mod10_check_digit(text[:-1]) == int(text[-1]))
    return _form(re.fullmatch(r"[0-9]{14}|[0-9]{34}", text))


def _dhl_express(text: str) -> TrackingDoubt | None:
    if re.fullmatch(r"[0-9]{10}", text):
        return _unless(int(text[:9]) % 7 == int(text[9]))
    # Piece numbers.
    return _form(re.fullmatch(r"J[A-Z]{2,4}[0-9A-Z]{8,24}|[0-9]{11}", text))


def _dhl_parcel(text: str) -> TrackingDoubt | None:
    if _S10.fullmatch(text):
        return _post(text)
    if re.fullmatch(r"0034[0-9]{16}", text):
        return _unless(mod10_check_digit(text[:19]) == int(text[19]))
    return _form(
        re.fullmatch(r"[0-9]{10,14}|[0-9]{16,39}|[A-Z]{2,6}[0-9A-Z]{7,33}", text)
    )


def _dhl(text: str) -> TrackingDoubt | None:
    """Doubt what neither DHL Express nor DHL's parcels would have."""
    if re.fullmatch(r"[0-9]{10}", text):
        return _dhl_express(text)
    return _dhl_parcel(text)


def _post(text: str) -> TrackingDoubt | None:
    """Check an S10 number; inland numbers of post offices have no common form."""
    if not _S10.fullmatch(text):
        return None
    return _unless(s10_check_digit(text[2:10]) == int(text[10]))


_CHECKS: dict[str, Callable[[str], TrackingDoubt | None]] = {
    folded(code): check
    for codes, check in (
        (("UPS",), _ups),
        (("UPSMI", "UPS Mail Innovations"), _mail_innovations),
        (("USPS",), _usps),
        (("FedEx", "FEDEX_JP", "FedEx SmartPost"), _fedex),
        (("DHL",), _dhl),
        (("DHL Express",), _dhl_express),
        (("DHL-Paket", "DHL eCommerce", "DHL Global Mail"), _dhl_parcel),
    )
    for code in codes
}


def ups_check_digit(serial: str) -> int:
    """Return the last digit of a 1Z number whose other 15 characters are these."""
    values = [int(sign) if sign.isdigit() else (ord(sign) - 63) % 10 for sign in serial]
    return -(sum(values[0::2]) + 2 * sum(values[1::2])) % 10


def mod10_check_digit(digits: str) -> int:
    """Return the check digit of GS1 and USPS: from the right, weights 3 and 1."""
    return -_weighted(_from_right(digits), (3, 1)) % 10


def fedex_check_digit(digits: str) -> int:
    """Return the last digit of a FedEx Express number whose first 11 are these."""
    return _weighted(_from_right(digits), (1, 3, 7)) % 11 % 10


def s10_check_digit(digits: str) -> int:
    """Return the ninth digit of an S10 number whose first eight are these."""
    rest = 11 - _weighted([int(sign) for sign in digits], (8, 6, 4, 2, 3, 5, 9, 7)) % 11
    return {10: 0, 11: 5}.get(rest, rest)


def _from_right(digits: str) -> list[int]:
    return [int(sign) for sign in reversed(digits)]


def _weighted(values: Sequence[int], weights: Sequence[int]) -> int:
    return sum(
        value * weights[place % len(weights)] for place, value in enumerate(values)
    )


def _form(match: re.Match[str] | None) -> TrackingDoubt | None:
    return None if match else TrackingDoubt.WRONG_FORM


def _unless(is_right: bool) -> TrackingDoubt | None:
    return None if is_right else TrackingDoubt.WRONG_CHECK_DIGIT
