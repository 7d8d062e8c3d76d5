"""Sellers v1: marketplace participations and the account; emulator."""

from __future__ import annotations

from typing import Any

from ..model.entities import Seller
from ..model.places import Place, places_of
from ..protocol.calling import ApiReply, Call, Route


def get_marketplace_participations(call: Call) -> ApiReply:
    """Serve getMarketplaceParticipations."""
    return ApiReply(200, {"payload": _participations(call.seller)})


def get_account(call: Call) -> ApiReply:
    """Serve getAccount, which the gate opens in Europe only."""
    seller = call.seller
    payload = {
        "marketplaceParticipationList": _participations(seller),
        "businessType": seller.business_type,
        "sellingPlan": seller.selling_plan,
        "business": {
            "name": seller.store_name,
            "registeredBusinessAddress": {
                "addressLine1": "Beispielstraße 1",
                "countryCode": "DE",
                "city": "Musterstadt",
                "postalCode": "65000",
            },
        },
    }
    return ApiReply(200, {"payload": payload})


def _participations(seller: Seller) -> list[dict[str, Any]]:
    return [
        _participation(seller, place)
        for place in places_of(seller.region)
        if place.marketplace_id in seller.marketplace_ids
        or place.marketplace_id in seller.not_participating
    ]


def _participation(seller: Seller, place: Place) -> dict[str, Any]:
    return {
        "marketplace": {
            "id": place.marketplace_id,
            "name": place.name,
            "countryCode": place.country_code,
            "defaultCurrencyCode": place.currency,
            "defaultLanguageCode": place.language,
            "domainName": place.domain,
        },
        "participation": {
            "isParticipating": place.marketplace_id not in seller.not_participating,
            "hasSuspendedListings": place.marketplace_id in seller.suspended,
        },
        "storeName": seller.store_name,
    }


ROUTES = (
    Route(
        "getMarketplaceParticipations",
        "GET",
        "/sellers/v1/marketplaceParticipations",
        get_marketplace_participations,
    ),
    Route("getAccount", "GET", "/sellers/v1/account", get_account),
)
