"""What a carrier of the store is called at Amazon; pure, rules layer.

Amazon publishes no list in its model; CARRIERS are the spellings of its order schema
(amzn-base.xsd). Any other carrier goes as OTHER with its name beside it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

OTHER = "Other"

CARRIERS: tuple[str, ...] = (
    "4PX",
    "Australia Post",
    "Canada Post",
    "China Post",
    "Deutsche Post",
    "DHL",
    "DHL eCommerce",
    "DPD",
    "FedEx",
    "GLS",
    "Hermes",
    "Royal Mail",
    "SF Express",
    "UPS",
    "USPS",
    "Yanwen",
    "Yun Express",
    OTHER,
)


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


_BY_FOLDED_CODE = {folded(code): code for code in CARRIERS if code != OTHER}


def match_carrier(
    mappings: Iterable[CarrierMapping], carrier: str, method: str
) -> Carrier | None:
    """Return what the store's carrier and method are called at Amazon, None if unknown.

    The mapping of exactly this method counts before the one of every method; a
    carrier that bears Amazon's own name needs none.
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
    known = _BY_FOLDED_CODE.get(wanted)
    return Carrier(known, method=method) if known else None
