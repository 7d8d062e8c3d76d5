"""Checks where a store order goes; pure, rules layer.

The parts have Amazon's names. A city is needed everywhere but in Japan, where Amazon
takes none: there it is part of the lines.
"""

from __future__ import annotations

from collections.abc import Mapping

from babel.core import Locale

from channels_amazon.wording import Sentence, sentence

PARTS = (
    "name",
    "companyName",
    "addressLine1",
    "addressLine2",
    "addressLine3",
    "city",
    "districtOrCounty",
    "stateOrRegion",
    "postalCode",
    "countryCode",
    "phone",
)
LONGEST = 200
_WITHOUT_CITY = "JP"
_COUNTRIES = frozenset(
    code
    for code in map(str, Locale("en").territories)
    if len(code) == 2 and code.isalpha()
)
# How people write it who do not know that ISO says GB.
_SAID = {"UK": "GB"}


class BadDestination(ValueError):
    """The address cannot be shipped to as it is written."""

    def __init__(self, message: Sentence) -> None:
        super().__init__(message)
        self.message = message


def country_of(text: str) -> str:
    """Return the ISO code; raises BadDestination for what is no country."""
    code = text.strip().upper()
    code = _SAID.get(code, code)
    if code not in _COUNTRIES or code == "ZZ":
        raise BadDestination(
            sentence("The country must be a code of two letters, such as DE.")
        )
    return code


def read_destination(parts: Mapping[str, str]) -> dict[str, str]:
    """Return the parts that are given, tidied; raises BadDestination."""
    unknown = sorted(set(parts) - set(PARTS))
    if unknown:
        raise BadDestination(
            sentence("The address has unknown parts: %(names)s.", names=_names(unknown))
        )
    given = {name: " ".join(parts.get(name, "").split()) for name in PARTS}
    long = [name for name, text in given.items() if len(text) > LONGEST]
    if long:
        raise BadDestination(
            sentence("The address is too long in %(names)s.", names=_names(long))
        )
    if not all(text.isprintable() for text in given.values()):
        raise BadDestination(
            sentence("The address has characters that cannot be printed.")
        )
    given["countryCode"] = country_of(given["countryCode"])
    needed = ["name", "addressLine1", "postalCode"]
    if given["countryCode"] != _WITHOUT_CITY:
        needed.append("city")
    elif given["city"]:
        raise BadDestination(
            sentence("An address in Japan has no city: write it in the lines.")
        )
    missing = [name for name in needed if not given[name]]
    if missing:
        raise BadDestination(
            sentence("The address lacks %(names)s.", names=_names(missing))
        )
    return {name: text for name, text in given.items() if text}


def _names(names: list[str]) -> str:
    return ", ".join(names)
