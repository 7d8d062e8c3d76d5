"""Amazon's regions and marketplaces: ids, hosts, first currency and language; no layer.

Currency and language are the initial defaults only: the truth is what
getMarketplaceParticipations answers.
"""

from __future__ import annotations

from dataclasses import dataclass

from babel.core import Locale, UnknownLocaleError


@dataclass(frozen=True, slots=True)
class Region:
    """One of Amazon's three regions: the unit of an authorisation and an endpoint."""

    code: str
    name: str
    endpoint: str
    seller_central: str


@dataclass(frozen=True, slots=True)
class Marketplace:
    """One country site.

    `country_code` is ISO 3166 (Great Britain is GB, as the Sellers API says).
    Sites with the same `fba_pool` report the same physical units.
    """

    id: str
    country_code: str
    name: str
    region: str
    seller_central: str
    currency: str
    language: str
    domain: str
    fba_pool: str

    def name_in(self, language: str) -> str:
        """Return the country's name in a language such as `zh-hans`."""
        return country_name(self.country_code, language, self.name)

    @property
    def prices_include_tax(self) -> bool:
        """Tell whether the price that a buyer sees here has the tax in it."""
        return self.country_code not in _PRICED_WITHOUT_TAX


def country_name(code: str, language: str, default: str = "") -> str:
    """Return a country's name in a language such as `zh-hans`, else default or code."""
    try:
        names = Locale.parse(language, sep="-").territories
    except (ValueError, UnknownLocaleError):
        return default or code
    return str(names.get(code, default or code))


REGIONS: dict[str, Region] = {
    "na": Region(
        "na",
        "North America",
        "https://sellingpartnerapi-na.amazon.com",
        "https://sellercentral.amazon.com",
    ),
    "eu": Region(
        "eu",
        "Europe",
        "https://sellingpartnerapi-eu.amazon.com",
        "https://sellercentral-europe.amazon.com",
    ),
    "fe": Region(
        "fe",
        "Far East",
        "https://sellingpartnerapi-fe.amazon.com",
        "https://sellercentral.amazon.co.jp",
    ),
}

LWA_TOKEN_URL = "https://api.amazon.com/auth/o2/token"  # noqa: S105  (an address)

# Sales tax comes on top at the checkout, by where the buyer lives. Everywhere else
# consumers are shown the whole price by law: Directive 98/6/EC article 2 in the EU,
# the Price Marking Order 2004 in Great Britain, the Consumption Tax Act article 63 in
# Japan, the Australian Consumer Law section 48, the VAT Act section 65 in South Africa,
# the VAT Law article 38 in the Emirates, and the like of them.
_PRICED_WITHOUT_TAX = frozenset({"US", "CA"})

# id, country, name, region, domain, currency, language
_ROWS = (
    ("ATVPDKIKX0DER", "US", "United States", "na", "amazon.com", "USD", "en_US"),
    ("A2EUQ1WTGCTBG2", "CA", "Canada", "na", "amazon.ca", "CAD", "en_CA"),
    ("A1AM78C64UM0Y8", "MX", "Mexico", "na", "amazon.com.mx", "MXN", "es_MX"),
    ("A2Q3Y263D00KWC", "BR", "Brazil", "na", "amazon.com.br", "BRL", "pt_BR"),
    ("A28R8C7NBKEWEA", "IE", "Ireland", "eu", "amazon.ie", "EUR", "en_IE"),
    ("A1RKKUPIHCS9HS", "ES", "Spain", "eu", "amazon.es", "EUR", "es_ES"),
    ("A1F83G8C2ARO7P", "GB", "United Kingdom", "eu", "amazon.co.uk", "GBP", "en_GB"),
    ("A13V1IB3VIYZZH", "FR", "France", "eu", "amazon.fr", "EUR", "fr_FR"),
    ("AMEN7PMS3EDWL", "BE", "Belgium", "eu", "amazon.com.be", "EUR", "fr_BE"),
    ("A1805IZSGTT6HS", "NL", "Netherlands", "eu", "amazon.nl", "EUR", "nl_NL"),
    ("A1PA6795UKMFR9", "DE", "Germany", "eu", "amazon.de", "EUR", "de_DE"),
    ("APJ6JRA9NG5V4", "IT", "Italy", "eu", "amazon.it", "EUR", "it_IT"),
    ("A2NODRKZP88ZB9", "SE", "Sweden", "eu", "amazon.se", "SEK", "sv_SE"),
    ("AE08WJ6YKNBMC", "ZA", "South Africa", "eu", "amazon.co.za", "ZAR", "en_ZA"),
    ("A1C3SOZRARQ6R3", "PL", "Poland", "eu", "amazon.pl", "PLN", "pl_PL"),
    ("ARBP9OOSHTCHU", "EG", "Egypt", "eu", "amazon.eg", "EGP", "ar_AE"),
    ("A33AVAJ2PDY3EV", "TR", "Türkiye", "eu", "amazon.com.tr", "TRY", "tr_TR"),
    ("A17E79C6D8DWNP", "SA", "Saudi Arabia", "eu", "amazon.sa", "SAR", "ar_AE"),
    ("A2VIGQ35RCS4UG", "AE", "United Arab Emirates", "eu", "amazon.ae", "AED", "en_AE"),
    ("A21TJRUUN4KGV", "IN", "India", "eu", "amazon.in", "INR", "en_IN"),
    ("A19VAU5U5O7RUS", "SG", "Singapore", "fe", "amazon.sg", "SGD", "en_SG"),
    ("A39IBJ37TRP1C6", "AU", "Australia", "fe", "amazon.com.au", "AUD", "en_AU"),
    ("A1VC38T7YXB528", "JP", "Japan", "fe", "amazon.co.jp", "JPY", "ja_JP"),
)

# Five European sites have no Seller Central host of their own.
_SHARED_EUROPE = frozenset({"ES", "GB", "FR", "DE", "IT"})
_PAN_EU = frozenset({"DE", "FR", "IT", "ES", "NL", "PL", "SE", "BE", "IE"})


def _pool(country: str) -> str:
    if country in _PAN_EU:
        return "EU"
    return "UK" if country == "GB" else country


def _host(country: str, domain: str) -> str:
    if country in _SHARED_EUROPE:
        return REGIONS["eu"].seller_central
    return f"https://sellercentral.{domain}"


MARKETPLACES: dict[str, Marketplace] = {
    id_: Marketplace(
        id=id_,
        country_code=country,
        name=name,
        region=region,
        seller_central=_host(country, domain),
        currency=currency,
        language=language,
        domain=f"www.{domain}",
        fba_pool=_pool(country),
    )
    for id_, country, name, region, domain, currency, language in _ROWS
}


def by_region(region: str) -> tuple[Marketplace, ...]:
    """Return the marketplaces of `region` (na, eu or fe), in the table's order."""
    return tuple(site for site in MARKETPLACES.values() if site.region == region)
