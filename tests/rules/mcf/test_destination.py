"""Which addresses a store order may have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.rules.mcf.destination import (
    PARTS,
    BadDestination,
    country_of,
    read_destination,
)

GOOD = {
    "name": "Ann Buyer",
    "addressLine1": "1 High Street",
    "city": "Leeds",
    "postalCode": "LS1 1AA",
    "countryCode": "GB",
}


def test_address_is_tidied() -> None:
    given_parts = GOOD | {"name": "  Ann \t Buyer ", "countryCode": "uk", "phone": ""}

    assert read_destination(given_parts) == GOOD


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"name": " "}, "name"),
        ({"addressLine1": ""}, "addressLine1"),
        ({"postalCode": ""}, "postalCode"),
        ({"city": ""}, "city"),
        ({"countryCode": "XX"}, "country"),
        ({"countryCode": "ZZ"}, "country"),
        ({"countryCode": "Germany"}, "country"),
        ({"countryCode": "001"}, "country"),
        ({"countryCode": ""}, "country"),
        ({"name": "A" * 201}, "too long"),
        ({"name": "Ann\x00"}, "printed"),
        ({"planet": "Earth"}, "planet"),
        ({"countryCode": "JP"}, "Japan"),
    ],
)
def test_bad_address_says_what_is_wrong(change: dict[str, str], word: str) -> None:
    with pytest.raises(BadDestination) as caught:
        read_destination(GOOD | change)
    assert word in caught.value.message


def test_address_in_japan_needs_no_city() -> None:
    parts = {**GOOD, "countryCode": "JP", "city": ""}

    assert "city" not in read_destination(parts)


def test_country_is_known_by_its_code_alone() -> None:
    assert country_of(" de ") == "DE"
    with pytest.raises(BadDestination):
        country_of("D")


@given(st.dictionaries(st.sampled_from(PARTS), st.text(max_size=30)))
def test_address_is_read_the_same_twice_or_refused(parts: dict[str, str]) -> None:
    try:
        found = read_destination(parts)
    except BadDestination:
        return
    assert read_destination(found) == found
