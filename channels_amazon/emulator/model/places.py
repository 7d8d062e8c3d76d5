"""Marketplaces the emulated sellers trade in: ids, currencies, pools; emulator."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

REGIONS = ("na", "eu", "fe")


@dataclass(frozen=True)
class Place:
    """One marketplace, as the Sellers API describes it."""

    marketplace_id: str
    country_code: str
    region: str
    name: str
    domain: str
    currency: str
    language: str
    # Marketplaces that sell the same physical FBA units share a pool.
    fba_pool: str


_ROWS = (
    ("ATVPDKIKX0DER", "US", "na", "Amazon.com", "USD", "en_US", "US"),
    ("A2EUQ1WTGCTBG2", "CA", "na", "Amazon.ca", "CAD", "en_CA", "CA"),
    ("A1AM78C64UM0Y8", "MX", "na", "Amazon.com.mx", "MXN", "es_MX", "MX"),
    ("A1PA6795UKMFR9", "DE", "eu", "Amazon.de", "EUR", "de_DE", "EU"),
    ("A13V1IB3VIYZZH", "FR", "eu", "Amazon.fr", "EUR", "fr_FR", "EU"),
    ("APJ6JRA9NG5V4", "IT", "eu", "Amazon.it", "EUR", "it_IT", "EU"),
    ("A1RKKUPIHCS9HS", "ES", "eu", "Amazon.es", "EUR", "es_ES", "EU"),
    ("A1F83G8C2ARO7P", "GB", "eu", "Amazon.co.uk", "GBP", "en_GB", "GB"),
    ("A1VC38T7YXB528", "JP", "fe", "Amazon.co.jp", "JPY", "ja_JP", "JP"),
)

PLACES: dict[str, Place] = {
    row[0]: Place(
        marketplace_id=row[0],
        country_code=row[1],
        region=row[2],
        name=row[3],
        domain="www." + row[3].lower(),
        currency=row[4],
        language=row[5],
        fba_pool=row[6],
    )
    for row in _ROWS
}

# Real marketplaces of each region in which no emulated seller trades.
OTHER_MARKETPLACES: dict[str, str] = {
    "A2Q3Y263D00KWC": "na",
    "A28R8C7NBKEWEA": "eu",
    "AMEN7PMS3EDWL": "eu",
    "A1805IZSGTT6HS": "eu",
    "A2NODRKZP88ZB9": "eu",
    "AE08WJ6YKNBMC": "eu",
    "A1C3SOZRARQ6R3": "eu",
    "ARBP9OOSHTCHU": "eu",
    "A33AVAJ2PDY3EV": "eu",
    "A17E79C6D8DWNP": "eu",
    "A2VIGQ35RCS4UG": "eu",
    "A21TJRUUN4KGV": "eu",
    "A19VAU5U5O7RUS": "fe",
    "A39IBJ37TRP1C6": "fe",
}

FBA_CHANNELS = {"na": "AMAZON_NA", "eu": "AMAZON_EU", "fe": "AMAZON_JP"}
# Units of each currency for one euro; rough, only to make prices look plausible.
RATES = {
    "EUR": Decimal(1),
    "USD": Decimal("1.09"),
    "CAD": Decimal("1.49"),
    "MXN": Decimal("19.80"),
    "GBP": Decimal("0.86"),
    "JPY": Decimal(163),
}


def places_of(region: str) -> list[Place]:
    """Return the marketplaces of a region, in the order Amazon lists them."""
    return [place for place in PLACES.values() if place.region == region]


def marketplace_region(marketplace_id: str) -> str | None:
    """Return the region a marketplace id belongs to, or None for an unknown id."""
    place = PLACES.get(marketplace_id)
    return place.region if place else OTHER_MARKETPLACES.get(marketplace_id)
