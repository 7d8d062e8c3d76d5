"""Why a listing publishes its quantity, as it is kept beside it; pure, rules layer."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from channels_amazon.rules.stock.sharing import SharingInputs


class WarehouseUnits(TypedDict):
    """The units in one warehouse, as a published quantity keeps them."""

    code: str
    on_hand: int
    reserved: int


class ScopeWords(TypedDict):
    """The scope of a stock rule, as a published quantity keeps it."""

    account: int | None
    category: str
    seller_sku: str


class QuantityInputs(TypedDict):
    """Why a listing publishes its quantity: `Listing.desired_why`, {} for no quantity.

    `available` is None while nobody ever counted the variant. Where a stock rule
    holds, `sync_rule` is its key, None for one that was never stored, and `part` what
    it would publish, where that has to wait for another account (`rises.py`).
    """

    on_hand: int
    reserved: int
    safety_stock: int
    available: int | None
    warehouses: list[WarehouseUnits]
    sharing: NotRequired[SharingInputs]
    sync_rule: NotRequired[int | None]
    scope: NotRequired[ScopeWords]
    part: NotRequired[int | None]
