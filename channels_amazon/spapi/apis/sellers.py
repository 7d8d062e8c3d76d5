"""Sellers API v1: where an account may sell; client layer."""

from __future__ import annotations

from dataclasses import dataclass

from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.rules.orders.limits import LONGEST_MARKETPLACE_ID
from channels_amazon.spapi import fields, operations
from channels_amazon.spapi.client import SpApiClient
from channels_amazon.spapi.fields import Details, FieldError, JsonObject

_MARKETPLACE_ID = fields.identity(LONGEST_MARKETPLACE_ID)


@dataclass(frozen=True, slots=True)
class Participation:
    """One marketplace of an account, taking part or not.

    `country_code` is ISO 3166 (GB), `language` a tag such as en_GB. What Amazon leaves
    out of the marketplace itself is taken from our own list, "" where that has none.
    `unread` is why details of it cannot be read; they are left out.
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
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UnreadableParticipation:
    """An entry that breaks the contract: its marketplace's id, "" for none, and why."""

    marketplace_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ParticipationList:
    """What Amazon lists for an account; the entries that cannot be read stand apart."""

    sites: tuple[Participation, ...]
    unreadable: tuple[UnreadableParticipation, ...] = ()


@dataclass(frozen=True, slots=True)
class SellerAccount:
    """The account itself: the only answer that names the selling plan.

    Amazon's own sample has little more than that, so nothing else is asked of it.
    """

    selling_plan: str
    business_type: str


def get_marketplace_participations(client: SpApiClient) -> ParticipationList:
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
        business_type=Details().text(payload, "businessType") or "",
    )


def _participations(data: JsonObject, name: str) -> ParticipationList:
    """Return what can be read; raises FieldError where none of it can."""
    entries = fields.required_objects(data, name)
    sites: list[Participation] = []
    unreadable: list[UnreadableParticipation] = []
    for entry in entries:
        try:
            sites.append(_participation(entry))
        except FieldError as error:
            if len(unreadable) + 1 == len(entries):
                raise
            unreadable.append(UnreadableParticipation(_id_of(entry), error.reason))
    return ParticipationList(tuple(sites), tuple(unreadable))


def _id_of(data: JsonObject) -> str:
    """Return the id of the entry's marketplace, "" where that cannot be read."""
    try:
        return _MARKETPLACE_ID(fields.required_object(data, "marketplace"), "id")
    except FieldError:
        return ""


def _participation(data: JsonObject) -> Participation:
    details = Details()
    site = fields.required_object(data, "marketplace")
    state = fields.required_object(data, "participation")
    marketplace_id = _MARKETPLACE_ID(site, "id")
    known = MARKETPLACES.get(marketplace_id)

    def told(name: str, ours: str) -> str:
        return details.text(site, name) or ours

    country = told("countryCode", known.country_code if known else "")
    has_suspended = details.of(fields.boolean, state, "hasSuspendedListings")
    return Participation(
        marketplace_id=marketplace_id,
        name=told("name", known.domain if known else marketplace_id),
        country_code=country,
        currency=told("defaultCurrencyCode", ""),
        language=told("defaultLanguageCode", ""),
        domain=told("domainName", known.domain if known else ""),
        store_name=details.text(data, "storeName") or "",
        is_participating=fields.boolean(state, "isParticipating"),
        has_suspended_listings=has_suspended or False,
        unread=tuple(details.unread),
    )
