"""Connects a seller by a refresh token that was made by hand; services layer.

A private application is authorised in Seller Central itself, which then shows the
token; the seller id has to be told, since no answer of Amazon's holds it.
"""

from __future__ import annotations

from dataclasses import replace

from channels_amazon.errors import NeedsMerchant, ShoplinkError
from channels_amazon.models import AmazonAccount, DeveloperApplication, Store
from channels_amazon.services.accounts import connection
from channels_amazon.services.accounts.connection import AccountGrant
from channels_amazon.services.accounts.seller_identity import (
    confirm_seller_id,
    own_marketplaces,
    storefront_name,
)
from channels_amazon.services.amazon_client.applications import current_application
from channels_amazon.services.amazon_client.factory import client_before_connecting
from channels_amazon.services.diagnostics.entries import entry_for, record
from channels_amazon.spapi.apis import sellers
from channels_amazon.spapi.errors import AccessDenied
from channels_amazon.wording import sentence


def connect_by_token(store: Store, *, grant: AccountGrant, actor: str) -> AmazonAccount:
    """Verify the token and the seller id at Amazon, then connect the account.

    Raises SellerElsewhere, PlanExcludesAmazon, SellerIdRefused, SellerIdUnproven,
    NeedsMerchant, or the SpApiError that the verification ended in; then nothing was
    stored.
    """
    try:
        connection.require_plan(store)
        connection.require_free(store, grant.seller_id, grant.region)
        application = current_application()
        verified = _verify(grant, application)
    except ShoplinkError as error:
        record(replace(entry_for(error), store=store, actor=actor))
        raise
    return connection.connect_account(
        store, grant=verified, application=application, actor=actor
    )


def _verify(grant: AccountGrant, application: DeveloperApplication) -> AccountGrant:
    """Return the grant with the seller's name, once Amazon has accepted it."""
    client = client_before_connecting(application, grant.region, grant.refresh_token)
    try:
        sites = sellers.get_marketplace_participations(client).sites
    except AccessDenied as error:
        raise NeedsMerchant(
            "account.wrong_region",
            sentence(
                "Amazon accepts the token, but not in this region, or not for reading "
                "the marketplaces."
            ),
            fix=sentence(
                "Choose the region the token was made for; else give the application "
                "the role Product Listing or Selling Partner Insights."
            ),
        ) from error
    if not own_marketplaces(sites):
        raise NeedsMerchant(
            "marketplace.not_participating",
            sentence("The seller takes part in no marketplace of this region."),
            fix=sentence("Choose the region in which the seller sells."),
        )
    confirm_seller_id(client, grant.region, grant.seller_id, sites)
    return replace(grant, name=grant.name or storefront_name(sites))
