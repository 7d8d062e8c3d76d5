"""Finds out whose a fresh authorisation is: name and seller id; services layer.

No answer of Amazon's holds the seller id. It comes through the merchant's browser, or
is typed in: believed as it stands, one could claim another seller's place here, get
that seller's messages and lock the seller out. So it is proven, or nothing connects.
"""

from __future__ import annotations

from channels_amazon.errors import NeedsMerchant
from channels_amazon.marketplaces import MARKETPLACES, by_region
from channels_amazon.spapi.apis import catalog, listings
from channels_amazon.spapi.apis.sellers import Participation
from channels_amazon.spapi.client import SpApiClient
from channels_amazon.spapi.errors import AccessDenied, SpApiError
from channels_amazon.wording import Sentence, sentence

# Any well-formed identifier: it is the permission that is asked for.
_SOME_ASIN = "B000000000"
_ROLE_FIX = sentence(
    "Choose the region in which the seller signs in, give the application the role "
    "Product Listing, and authorise it again."
)
_AGAIN_FIX = sentence("Wait a few minutes, then start again from the store.")


class SellerIdRefused(NeedsMerchant):
    """The authorisation is another seller's than the one it is said to be."""


class SellerIdUnproven(NeedsMerchant):
    """Amazon did not show whose the authorisation is."""


def own_marketplaces(sites: tuple[Participation, ...]) -> list[str]:
    """Return the ids of Amazon's own sites in which the seller takes part."""
    return [
        site.marketplace_id
        for site in sites
        if site.is_participating and site.marketplace_id in MARKETPLACES
    ]


def storefront_name(sites: tuple[Participation, ...]) -> str:
    """Return the name under which the seller is known, empty if Amazon tells none."""
    own = own_marketplaces(sites)
    names = (site.store_name for site in sites if site.marketplace_id in own)
    return next(filter(None, names), "")


def confirm_seller_id(
    client: SpApiClient, region: str, seller_id: str, sites: tuple[Participation, ...]
) -> None:
    """Read listings under the seller id, which Amazon refuses for another seller's.

    Raises SellerIdRefused, and SellerIdUnproven for whatever else hinders the reading:
    a token of another region is refused everything, as one without roles is.
    """
    own = own_marketplaces(sites)
    home = own[0] if own else by_region(region)[0].id
    try:
        search = listings.ListingsSearch(seller_id, (home,), page_size=1)
        listings.search_listings_items(client, search)
    except AccessDenied as error:
        # Where the seller's sites are unknown, `home` may be none of them.
        if own and _reads_catalogue(client, home):
            raise _refused() from error
        raise _unproven(error, _ROLE_FIX) from error
    except SpApiError as error:
        raise _unproven(error, _AGAIN_FIX) from error


def _reads_catalogue(client: SpApiClient, marketplace_id: str) -> bool:
    """Tell whether the role is there that would open the seller's own listings."""
    search = catalog.CatalogSearch(marketplace_id, (_SOME_ASIN,), "ASIN")
    try:
        catalog.search_catalog_items(client, search)
    except SpApiError:
        return False
    return True


def _refused() -> SellerIdRefused:
    return SellerIdRefused(
        "account.seller_id_refused",
        sentence("Amazon refuses to show the listings of this seller id."),
        fix=sentence(
            "The seller id is not the one of who authorised: copy the merchant token "
            "from Seller Central, Account Info, or start again there."
        ),
    )


def _unproven(error: SpApiError, fix: Sentence) -> SellerIdUnproven:
    return SellerIdUnproven(
        "account.identity_unproven",
        sentence(
            "Nothing was connected: Amazon did not show whose authorisation this is. "
            "%(reason)s",
            reason=error.message,
        ),
        fix=fix,
    )
