"""Finds out whose a fresh authorisation is: name and seller id; services layer.

No answer of Amazon's holds the seller id. It comes through the merchant's browser, or
is typed in: believed as it stands, one could claim another seller's place here.
"""

from __future__ import annotations

from django.utils.translation import gettext

from channels_amazon.errors import NeedsMerchant
from channels_amazon.marketplaces import MARKETPLACES, by_region
from channels_amazon.spapi.apis import catalog, listings
from channels_amazon.spapi.apis.sellers import Participation
from channels_amazon.spapi.client import SpApiClient
from channels_amazon.spapi.errors import AccessDenied, SpApiError

# Any well-formed identifier: it is the permission that is asked for.
_SOME_ASIN = "B000000000"


class SellerIdRefused(NeedsMerchant):
    """The authorisation is another seller's than the one it is said to be."""


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

    Raises SellerIdRefused. What cannot be found out is taken on trust: an application
    may lack the role for listings, and Amazon may be down.
    """
    home = next(iter(own_marketplaces(sites)), by_region(region)[0].id)
    try:
        search = listings.ListingsSearch(seller_id, (home,), page_size=1)
        listings.search_listings_items(client, search)
    except AccessDenied as error:
        if _reads_catalogue(client, home):
            raise _refused() from error
    except SpApiError:
        return


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
        gettext("Amazon refuses to show the listings of this seller id."),
        fix=gettext(
            "The seller id is not the one of who authorised: copy the merchant token "
            "from Seller Central, Account Info, or start again there."
        ),
    )
