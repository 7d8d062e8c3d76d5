"""Sellers API v1: where an account may sell; client layer."""

from __future__ import annotations

from dataclasses import dataclass

from channels_amazon.spapi import fields, operations
from channels_amazon.spapi.client import SpApiClient
from channels_amazon.spapi.fields import JsonObject


@dataclass(frozen=True, slots=True)
class Participation:
    """One marketplace of an account, taking part or not.

    `country_code` is ISO 3166 (GB), `language` a tag such as en_GB.
    """

    marketplace_id: str
    name: str
    country_code: str
    currency: str
    language: str
    domain: str
    store_name: str
    is_participating: bool
    has_suspended_listings: bool


@dataclass(frozen=True, slots=True)
class SellerAccount:
    """The account itself: the only answer that names the selling plan."""

    selling_plan: str
    business_type: str
    participations: tuple[Participation, ...]


def get_marketplace_participations(client: SpApiClient) -> tuple[Participation, ...]:
    """Return the marketplaces Amazon lists for the account, foreign ones included.

    Model: sellers.json. It says that the token is alive, at 0.016 calls a second.
    """
    answer = client.call(operations.GET_MARKETPLACE_PARTICIPATIONS)
    return fields.parse(answer, lambda data: _participations(data, "payload"))


def get_account(client: SpApiClient) -> SellerAccount:
    """Return selling plan and business type, which Amazon tells in Europe only."""
    return fields.parse(client.call(operations.GET_ACCOUNT), _account)


def _account(data: JsonObject) -> SellerAccount:
    payload = fields.required_object(data, "payload")
    return SellerAccount(
        selling_plan=fields.text(payload, "sellingPlan"),
        business_type=fields.text(payload, "businessType"),
        participations=_participations(payload, "marketplaceParticipationList"),
    )


def _participations(data: JsonObject, name: str) -> tuple[Participation, ...]:
    return tuple(_participation(entry) for entry in fields.required_objects(data, name))


def _participation(data: JsonObject) -> Participation:
    site = fields.required_object(data, "marketplace")
    state = fields.required_object(data, "participation")
    return Participation(
        marketplace_id=fields.text(site, "id"),
        name=fields.text(site, "name"),
        country_code=fields.text(site, "countryCode"),
        currency=fields.text(site, "defaultCurrencyCode"),
        language=fields.text(site, "defaultLanguageCode"),
        domain=fields.text(site, "domainName"),
        store_name=fields.optional_text(data, "storeName") or "",
        is_participating=fields.boolean(state, "isParticipating"),
        has_suspended_listings=fields.boolean(state, "hasSuspendedListings"),
    )
