"""What a carrier of the store is called at Amazon; pure, rules layer.

Amazon's names are in `amazon_carriers.py`, what sellers write for them in
`carrier_names.py`. A carrier that Amazon's list does not have for the marketplace goes
as OTHER with its name beside it, and only such a one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache

from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.rules.shipping.amazon_carriers import (
    CARRIERS,
    EVERYWHERE,
    HOME,
    OTHER,
)
from channels_amazon.rules.shipping.carrier_names import LISTED, UNLISTED

__all__ = [
    "CARRIERS",
    "OTHER",
    "Carrier",
    "CarrierMapping",
    "CarrierOption",
    "CarrierProblem",
    "carrier_options",
    "folded",
    "known_carrier",
    "match_carrier",
]


class CarrierProblem(StrEnum):
    """Why Amazon would refuse a carrier."""

    NOT_LISTED = "not_listed"
    NAME_MISSING = "name_missing"


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier as confirmShipment wants it; `name` goes with the code OTHER only."""

    code: str
    name: str = ""
    method: str = ""

    @property
    def problem(self) -> CarrierProblem | None:
        """Return why Amazon would refuse the carrier, None if it would not."""
        if self.code not in CARRIERS:
            return CarrierProblem.NOT_LISTED
        if self.code == OTHER and not self.name.strip():
            return CarrierProblem.NAME_MISSING
        return None

    @property
    def stated_name(self) -> str:
        """Return the name to state beside the code, "" where the code says it all."""
        return self.name.strip() if self.code == OTHER else ""

    @property
    def label(self) -> str:
        """Return what people call the carrier."""
        return self.name or self.code

    @property
    def full_label(self) -> str:
        """Return what people call the carrier, with its method."""
        return " ".join(filter(None, (self.label, self.method)))


@dataclass(frozen=True, slots=True)
class CarrierMapping:
    """What a carrier of the store is at Amazon; an empty method stands for them all."""

    store_carrier: str
    store_method: str
    carrier: Carrier


def folded(text: str) -> str:
    """Return the text without what people write in different ways: case, spaces."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


@dataclass(frozen=True, slots=True)
class CarrierOption:
    """A carrier as a list offers it, with what sellers call it.

    `code` is Amazon's name; of one that Amazon's list lacks, the name beside OTHER.
    """

    code: str
    names: str = ""


@cache
def carrier_options(marketplace_id: str = "") -> tuple[CarrierOption, ...]:
    """Return the carriers to offer for a marketplace, all of them for "".

    Of the spellings that only case tells apart the first is offered. Those of the
    marketplace's country come first, then what Amazon lacks, OTHER last.
    """
    country = _country_of(marketplace_id)
    home = HOME.get(country, ()) if country else CARRIERS[:-1]
    codes = {folded(code): code for code in reversed((*home, *EVERYWHERE))}
    first = [codes[folded(code)] for code in (*home, *sorted(EVERYWHERE, key=folded))]
    names = {code: " · ".join(written) for code, written in LISTED}
    lacking = {code: " · ".join(written) for code, written in UNLISTED}
    return tuple(
        CarrierOption(code, (names | lacking).get(code, ""))
        for code in (*dict.fromkeys(first), *lacking, OTHER)
    )


def known_carrier(name: str, marketplace_id: str = "") -> Carrier | None:
    """Return the carrier of that name, Amazon's or a seller's; None for an unknown one.

    Amazon's list is one for all marketplaces, but spells a few carriers in another way
    for one country.
    """
    if name in _CODES:
        return Carrier(name)
    wanted = folded(name)
    code = _BY_NAME.get(wanted)
    if code is not None:
        is_japan = _country_of(marketplace_id) == "JP"
        return Carrier(code if is_japan else _OUTSIDE_JAPAN.get(code, code))
    stated = _UNLISTED_BY_NAME.get(wanted)
    return Carrier(OTHER, stated) if stated else None


def match_carrier(
    mappings: Iterable[CarrierMapping],
    carrier: str,
    method: str,
    marketplace_id: str = "",
) -> Carrier | None:
    """Return what the store's carrier and method are called at Amazon, None if unknown.

    The mapping of exactly this method counts before the one of every method; a
    carrier that bears Amazon's own name, or one that everybody knows, needs none.
    """
    wanted, wanted_method = folded(carrier), folded(method)
    general: Carrier | None = None
    for mapping in mappings:
        if folded(mapping.store_carrier) != wanted:
            continue
        its_method = folded(mapping.store_method)
        if its_method == wanted_method:
            return mapping.carrier
        if not its_method and general is None:
            general = mapping.carrier
    if general is not None:
        return general
    known = known_carrier(carrier, marketplace_id)
    return replace(known, method=method) if known else None


def _country_of(marketplace_id: str) -> str:
    found = MARKETPLACES.get(marketplace_id)
    return found.country_code if found is not None else ""


_CODES = frozenset(CARRIERS) - {OTHER}
_BY_NAME = {
    folded(name): code
    for code, written in (
        *((code, (code,)) for code in reversed(CARRIERS) if code != OTHER),
        *LISTED,
    )
    for name in written
}
_UNLISTED_BY_NAME = {
    folded(name): stated for stated, written in UNLISTED for name in (stated, *written)
}
# Amazon has two names for these, of which one is Japan's.
_OUTSIDE_JAPAN = {"YAMATO": "YamatoTransport", "SAGAWA": "SagawaExpress"}
