"""The terms of a price rule as its row keeps them, and back; pure, rules layer.

{"currency": "EUR", "markup": {"percent": "30", "fixed": "1"}, "rounding": "ending_99",
"limits": {"floor": "5"}, …}: what a rule does not say is not written. Numbers are
texts, so that no reader makes floats of them; times are ISO 8601 in UTC.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from channels_amazon.rules.pricing.money import ZERO
from channels_amazon.rules.pricing.rounding import Rounding
from channels_amazon.rules.pricing.steps import plain
from channels_amazon.rules.pricing.terms import (
    Business,
    Fees,
    Limits,
    Markup,
    MarkupTier,
    PriceTerms,
    QuantityDiscount,
    Sale,
    TierBasis,
)
from channels_amazon.rules.pricing.validation import faults_of
from channels_amazon.wording import Sentence, sentence

Json = dict[str, Any]
Word = TypeVar("Word", bound=StrEnum)
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?")
_LIMITS = ("floor", "ceiling", "least_margin", "allowed_minimum", "allowed_maximum")


class TermsError(ValueError):
    """Terms that nobody can reckon with; `faults` says what is wrong, by field."""

    def __init__(self, faults: Mapping[str, Sentence]) -> None:
        super().__init__("; ".join(f"{name}: {why}" for name, why in faults.items()))
        self.faults = dict(faults)


def terms_to_json(terms: PriceTerms) -> Json:
    """Return what is stored of valid terms."""
    limits = {name: getattr(terms.limits, name) for name in _LIMITS}
    kept: Json = {
        "currency": terms.currency,
        "markup": _pair(terms.markup),
        "tiers": [
            {"start": plain(tier.start), **_pair(tier.markup)} for tier in terms.tiers
        ],
        "tiers_by": terms.tiers_by.value if terms.tiers else "",
        "fees": _pair(terms.fees),
        "tax": _text(terms.tax),
        "rounding": terms.rounding.value,
        "limits": _said({name: _text(one) for name, one in limits.items()}),
        "most_change": _text(terms.most_change),
        "sale": _sale(terms.sale) if terms.sale else {},
        # A rule may offer businesses the price for all, which says nothing else.
        "business": _business(terms.business) if terms.business else None,
    }
    return _said(kept)


def terms_from_json(kept: object) -> PriceTerms:
    """Return the terms of a stored rule; raises TermsError for what is not valid."""
    reading = _Reading()
    terms = reading.terms(kept)
    faults = reading.faults or faults_of(terms)
    if faults:
        raise TermsError(faults)
    return terms


def _said(values: Json) -> Json:
    """Return what is not empty; an empty object of `business` says something too."""
    return {
        name: value
        for name, value in values.items()
        if value or (name == "business" and value is not None)
    }


def _text(number: Decimal | None) -> str:
    return "" if number is None else plain(number)


def _pair(part: Markup | Fees) -> Json:
    pairs = (("percent", part.percent), ("fixed", part.fixed))
    return {name: plain(number) for name, number in pairs if number}


def _sale(sale: Sale) -> Json:
    return _said(
        {
            "starts_at": sale.starts_at.isoformat(),
            "ends_at": sale.ends_at.isoformat(),
            "percent": _text(sale.percent),
            "amount": _text(sale.amount),
        }
    )


def _business(business: Business) -> Json:
    quantities = [
        {"units": one.units, "percent": plain(one.percent)}
        for one in business.quantities
    ]
    percent = plain(business.percent) if business.percent else ""
    return _said({"percent": percent, "quantities": quantities})


@dataclass(frozen=True, slots=True)
class _Place:
    """An object of the stored terms, and where it lies: "" or such as `sale.`."""

    data: Mapping[str, Any]
    path: str = ""


@dataclass(slots=True)
class _Reading:
    """Reads stored terms, and keeps what cannot be read by its field."""

    faults: dict[str, Sentence] = field(default_factory=dict)

    def terms(self, kept: object) -> PriceTerms:
        """Return the terms; what cannot be read is as in a rule without words."""
        place = self.place(kept, "", {one.name for one in fields(PriceTerms)})
        return PriceTerms(
            currency=self.text(place, "currency"),
            markup=self.markup(self.inner(place, "markup", {"percent", "fixed"})),
            tiers=tuple(map(self.tier, self.rows(place, "tiers"))),
            tiers_by=self.word(place, "tiers_by", TierBasis.COST),
            fees=self.fees(self.inner(place, "fees", {"percent", "fixed"})),
            tax=self.number(place, "tax"),
            rounding=self.word(place, "rounding", Rounding.EXACT),
            limits=self.limits(self.inner(place, "limits", set(_LIMITS))),
            most_change=self.number(place, "most_change"),
            sale=self.sale(place) if "sale" in place.data else None,
            business=self.business(place) if "business" in place.data else None,
        )

    def tier(self, place: _Place) -> MarkupTier:
        """Return a tier: its start and its markup in one object."""
        self.expect(place, {"start", "percent", "fixed"})
        return MarkupTier(self.number(place, "start") or ZERO, self.markup(place))

    def markup(self, place: _Place) -> Markup:
        """Return a markup."""
        percent, fixed = self.number(place, "percent"), self.number(place, "fixed")
        return Markup(percent or ZERO, fixed or ZERO)

    def fees(self, place: _Place) -> Fees:
        """Return fees."""
        percent, fixed = self.number(place, "percent"), self.number(place, "fixed")
        return Fees(percent or ZERO, fixed or ZERO)

    def limits(self, place: _Place) -> Limits:
        """Return limits."""
        return Limits(**{name: self.number(place, name) for name in _LIMITS})

    def sale(self, whole: _Place) -> Sale | None:
        """Return a sale, None where its times cannot be read."""
        names = {"starts_at", "ends_at", "percent", "amount"}
        place = self.inner(whole, "sale", names)
        starts_at, ends_at = self.time(place, "starts_at"), self.time(place, "ends_at")
        if starts_at is None or ends_at is None:
            return None
        percent, amount = self.number(place, "percent"), self.number(place, "amount")
        return Sale(starts_at, ends_at, percent, amount)

    def business(self, whole: _Place) -> Business:
        """Return the price for businesses."""
        place = self.inner(whole, "business", {"percent", "quantities"})
        quantities = tuple(map(self.quantity, self.rows(place, "quantities")))
        return Business(self.number(place, "percent") or ZERO, quantities)

    def quantity(self, place: _Place) -> QuantityDiscount:
        """Return a discount by quantity."""
        self.expect(place, {"units", "percent"})
        units = place.data.get("units")
        if type(units) is not int:
            self.fault(place, "units", sentence("This is not a number of units."))
            units = 0
        return QuantityDiscount(units, self.number(place, "percent") or ZERO)

    def number(self, place: _Place, name: str) -> Decimal | None:
        """Return a number, None where there is none."""
        text = place.data.get(name)
        if text is None:
            return None
        if isinstance(text, str) and _NUMBER.fullmatch(text):
            return Decimal(text)
        self.fault(place, name, sentence("This is not a number."))
        return None

    def time(self, place: _Place, name: str) -> datetime | None:
        """Return a time, None where there is none that can be read."""
        text = place.data.get(name)
        try:
            if isinstance(text, str):
                return datetime.fromisoformat(text)
        except ValueError:
            pass
        self.fault(place, name, sentence("This is not a time."))
        return None

    def text(self, place: _Place, name: str) -> str:
        """Return a text, "" where there is none."""
        text = place.data.get(name, "")
        if isinstance(text, str):
            return text
        self.fault(place, name, sentence("This is not a text."))
        return ""

    def word(self, place: _Place, name: str, default: Word) -> Word:
        """Return a word of the default's enumeration."""
        text = place.data.get(name, default.value)
        for word in type(default):
            if text == word.value:
                return word
        self.fault(place, name, sentence("There is no such choice."))
        return default

    def inner(self, place: _Place, name: str, names: set[str]) -> _Place:
        """Return an object within another, an empty one where there is none."""
        return self.place(place.data.get(name, {}), f"{place.path}{name}", names)

    def rows(self, place: _Place, name: str) -> list[_Place]:
        """Return the objects of a list within an object."""
        given = place.data.get(name, [])
        path = f"{place.path}{name}"
        if not isinstance(given, list):
            self.faults[path] = sentence("This is not a list.")
            return []
        return [self.place(row, f"{path}.{number}") for number, row in enumerate(given)]

    def place(self, given: object, path: str, names: set[str] | None = None) -> _Place:
        """Return an object with where it lies; `names` are all that it may have."""
        if not isinstance(given, dict):
            self.faults[path] = sentence("This is not an object.")
            given = {}
        found = _Place(given, f"{path}." if path else "")
        if names is not None:
            self.expect(found, names)
        return found

    def expect(self, place: _Place, names: set[str]) -> None:
        """Refuse what a rule of another time or hand may have said besides."""
        for name in place.data:
            if name not in names:
                self.fault(place, str(name), sentence("There is no such term."))

    def fault(self, place: _Place, name: str, reason: Sentence) -> None:
        """Keep what is wrong with a field."""
        self.faults.setdefault(f"{place.path}{name}", reason)
