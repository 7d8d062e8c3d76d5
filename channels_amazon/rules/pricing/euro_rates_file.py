"""Reads the European Central Bank's daily file of rates; pure, rules layer.

www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml is a `gesmes:Envelope` with a Cube
of a day that holds a Cube a currency:

    <Cube><Cube time='2026-11-27'><Cube currency='USD' rate='1.0705'/>…

Anything else is refused whole: a price by half a file would be a wrong price. A file
with a document type is refused before it could define entities, so that none of them,
large or elsewhere, is ever read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from xml.parsers import expat

from channels_amazon.rules.pricing.rates import EURO, EuroRates
from channels_amazon.wording import Sentence, sentence

# Bytes; the real file has about 2,000.
MOST_BYTES = 64 * 1024
# Between a name's space and its word, as expat writes them.
_MARK = " "
_ENVELOPE = f"http://www.gesmes.org/xml/2002-08-01{_MARK}Envelope"
_CUBE = f"http://www.ecb.int/vocabulary/2002-08-01/eurofxref{_MARK}Cube"
_DAY = [_ENVELOPE, _CUBE, _CUBE]
_RATE = [*_DAY, _CUBE]
# The euro began on the first, its rates on the first working day after.
_FIRST_DAY = date(1999, 1, 4)
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_NUMBER = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")
# Of all currencies ever listed one euro was between 0.4 (Maltese) and 1.9 million
# (old Turkish lira).
_LEAST, _MOST = Decimal("0.01"), Decimal(10_000_000)
# Listed on every day since the first: a file without one of them is cut or made up.
_ALWAYS = ("USD", "JPY", "GBP", "CHF")


class EuroRatesFileError(ValueError):
    """The bytes are not the bank's daily file; `reason` says in what."""

    def __init__(self, reason: Sentence) -> None:
        super().__init__(reason)
        self.reason = reason


def read_euro_rates(content: bytes) -> EuroRates:
    """Return the day of the file and what one euro was on it, by currency.

    Raises EuroRatesFileError for whatever is not this file in full.
    """
    if len(content) > MOST_BYTES:
        raise EuroRatesFileError(sentence("The file of rates is too large."))
    reading = _Reading()
    # The bank writes UTF-8; what another file may declare instead is not looked up.
    parser = expat.ParserCreate("UTF-8", _MARK)
    parser.StartDoctypeDeclHandler = _refuse_document_type
    parser.StartElementHandler = reading.begin
    parser.EndElementHandler = reading.end
    try:
        parser.Parse(content, True)
    except expat.ExpatError:
        raise EuroRatesFileError(sentence("The file of rates is not XML.")) from None
    return reading.result()


def _refuse_document_type(*_: object) -> None:
    raise EuroRatesFileError(
        sentence("The file of rates has a document type, and is not read.")
    )


@dataclass(slots=True)
class _Reading:
    """What was read so far; `path` are the elements that are open."""

    path: list[str] = field(default_factory=list)
    day: date | None = None
    rates: dict[str, Decimal] = field(default_factory=dict)

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        """Take an element's beginning in; refuses what does not belong there."""
        self.path.append(name)
        if self.path[0] != _ENVELOPE:
            raise EuroRatesFileError(
                sentence("The file is not the European Central Bank's file of rates.")
            )
        if self.path == _DAY:
            self._begin_day(attributes)
        elif self.path == _RATE:
            self._add(attributes)
        elif len(self.path) > len(_RATE) and name == _CUBE:
            raise EuroRatesFileError(sentence("The file of rates is built otherwise."))

    def end(self, _: str) -> None:
        """Leave an element."""
        self.path.pop()

    def result(self) -> EuroRates:
        """Return what was read; refuses a file that lacks a part."""
        if self.day is None:
            raise EuroRatesFileError(sentence("The file of rates names no day."))
        lacking = next((code for code in _ALWAYS if code not in self.rates), None)
        if lacking is not None:
            raise EuroRatesFileError(
                sentence(
                    "The file of rates has none for %(currency)s.", currency=lacking
                )
            )
        return EuroRates(self.day, self.rates)

    def _begin_day(self, attributes: dict[str, str]) -> None:
        text = attributes.get("time", "")
        if self.day is not None:
            raise EuroRatesFileError(
                sentence("The file of rates names more than one day.")
            )
        self.day = _day(text)

    def _add(self, attributes: dict[str, str]) -> None:
        currency, text = attributes.get("currency", ""), attributes.get("rate", "")
        is_new = currency != EURO and currency not in self.rates
        if not is_new or not _CURRENCY.fullmatch(currency):
            raise EuroRatesFileError(
                sentence(
                    "The file of rates has %(currency)s where a currency belongs, or "
                    "names it twice.",
                    currency=repr(currency[:20]),
                )
            )
        rate = Decimal(text) if _NUMBER.fullmatch(text) else Decimal(0)
        if not _LEAST <= rate <= _MOST:
            raise EuroRatesFileError(
                sentence(
                    "The file of rates says %(rate)s for %(currency)s.",
                    rate=repr(text[:20]),
                    currency=currency,
                )
            )
        self.rates[currency] = rate


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text) if _TIME.fullmatch(text) else date.min
    except ValueError:
        day = date.min
    if day < _FIRST_DAY:
        raise EuroRatesFileError(
            sentence("The file of rates has %(day)s as its day.", day=repr(text[:20]))
        )
    return day
