"""Finds the stock that may be sold twice, or is about to run out; services layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import F

from channels_amazon.models import Listing, PushState
from channels_amazon.models.listing import ListingQuerySet
from channels_amazon.models.stock import StockLevelQuerySet

# So many are named, the worst first.
SHOWN = 8
# No more units are few.
FEW = 5
# What nobody bought or counted for longer lies still: it does not run out.
LATELY = timedelta(days=1)


class Risk(StrEnum):
    """What is wrong with a stock, the worst first.

    BELOW_ZERO: more left than was counted. OVERSTATED: Amazon still offers more than
    can be sold. SOLD_OUT and FEW_LEFT changed lately.
    """

    BELOW_ZERO = "below_zero"
    OVERSTATED = "overstated"
    SOLD_OUT = "sold_out"
    FEW_LEFT = "few_left"


@dataclass(frozen=True, slots=True)
class StockRisk:
    """A SKU at risk: its variant's page, the units there are, what Amazon offers.

    `place` is the warehouse of a level below zero, else the account of the listing.
    `offered` is None where that is not known; `since` is when the units changed;
    `is_refused` says that Amazon did not take the number that is right.
    """

    risk: Risk
    sku: str
    variant_id: int | None
    place: str
    units: int
    offered: int | None
    since: datetime | None
    is_refused: bool = False


@dataclass(frozen=True, slots=True)
class StockRisks:
    """The worst risks, SHOWN at most, and whether there are more."""

    rows: list[StockRisk]
    has_more: bool


def stock_at_risk(
    levels: StockLevelQuerySet, listings: ListingQuerySet, now: datetime
) -> StockRisks:
    """Return what of these levels and listings is at risk, in three statements.

    What is below zero, and what waits to be sent, has an index of its own; the rest is
    asked of the listings, whose number does not grow with what is sold.
    """
    found = [*_below_zero(levels), *_overstated(listings), *_few(listings, now)]
    return StockRisks(found[:SHOWN], len(found) > SHOWN)


def _below_zero(levels: StockLevelQuerySet) -> Iterator[StockRisk]:
    rows = levels.below_zero().select_related("variant", "warehouse")
    for level in rows.order_by("on_hand", "pk")[: SHOWN + 1]:
        yield StockRisk(
            Risk.BELOW_ZERO,
            level.variant.sku,
            level.variant_id,
            str(level.warehouse),
            level.on_hand,
            None,
            level.updated_at,
        )


def _overstated(listings: ListingQuerySet) -> Iterator[StockRisk]:
    rows = listings.filter(
        is_mfn=True,
        push_due=True,
        acknowledged_quantity__gt=F("desired_quantity"),
    )
    more = F("acknowledged_quantity") - F("desired_quantity")
    for listing in rows.select_related("account").order_by(-more, "pk")[: SHOWN + 1]:
        yield _of_listing(Risk.OVERSTATED, listing)


def _few(listings: ListingQuerySet, now: datetime) -> Iterator[StockRisk]:
    rows = listings.filter(
        is_mfn=True, desired_quantity__lte=FEW, desired_at__gte=now - LATELY
    ).exclude(push_due=True, acknowledged_quantity__gt=F("desired_quantity"))
    newest = rows.order_by("desired_quantity", "-desired_at", "pk")
    for listing in newest.select_related("account")[: SHOWN + 1]:
        is_left = bool(listing.desired_quantity)
        yield _of_listing(Risk.FEW_LEFT if is_left else Risk.SOLD_OUT, listing)


def _of_listing(risk: Risk, listing: Listing) -> StockRisk:
    return StockRisk(
        risk,
        listing.seller_sku,
        listing.variant_id,
        str(listing.account),
        listing.desired_quantity or 0,
        listing.acknowledged_quantity,
        listing.desired_at,
        listing.push_state is PushState.REFUSED,
    )
