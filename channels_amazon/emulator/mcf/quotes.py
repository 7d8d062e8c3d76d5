"""Fees and dates of an MCF order at each shipping speed; emulator.

The fees are invented, but the same order always costs the same.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from ..model.mcf_orders import McfSpeed
from ..model.places import PLACES, RATES
from ..model.state import World
from .fulfilment import TRANSIT

# Speeds that Amazon offers in some countries only.
LOCAL_SPEEDS = {
    McfSpeed.PRIORITY: frozenset({"CA", "MX", "IN"}),
    McfSpeed.SCHEDULED_DELIVERY: frozenset({"JP"}),
}
EUROPEAN_UNION = frozenset(
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU".split()
    + "IE IT LT LU LV MT NL PL PT RO SE SI SK".split()
)
ORDER_FEES = {
    McfSpeed.STANDARD: Decimal("3.20"),
    McfSpeed.EXPEDITED: Decimal("6.10"),
    McfSpeed.PRIORITY: Decimal("9.80"),
    McfSpeed.SCHEDULED_DELIVERY: Decimal("8.40"),
}
UNIT_FEE = Decimal("1.45")
KILOGRAM_FEE = Decimal("0.60")
# Amazon's codes for why something cannot be fulfilled.
TOO_FEW = "ItemQuantityNotAvailable"
NO_DELIVERY = "DeliverySLAUnavailable"
# From an order until it is shipped at the earliest.
HANDLING = timedelta(hours=12)


@dataclass(frozen=True)
class QuoteLine:
    """A line of a quote; `reason` is Amazon's code where it cannot be fulfilled."""

    item_id: str
    sku: str
    quantity: int
    weight: Decimal
    reason: str = ""


@dataclass(frozen=True)
class Quote:
    """One speed's answer; fees in the currency of the marketplace, weight in kg."""

    speed: McfSpeed
    currency: str
    lines: tuple[QuoteLine, ...]
    fees: dict[str, Decimal]
    ship_by: tuple[datetime, datetime]
    arrive_by: tuple[datetime, datetime]
    # Amazon's code where nothing can be delivered at this speed
    reason: str = ""

    @property
    def is_fulfillable(self) -> bool:
        """Tell whether Amazon can fulfil the whole order at this speed."""
        return not self.reason and not any(line.reason for line in self.lines)

    @property
    def weight(self) -> Decimal:
        """Return the weight of all units."""
        return sum((line.weight for line in self.lines), Decimal(0))

    @property
    def total(self) -> Decimal:
        """Return the sum of the fees."""
        return sum(self.fees.values(), Decimal(0))


def speeds_of(marketplace_id: str) -> tuple[McfSpeed, ...]:
    """Return the speeds that a marketplace's country has."""
    country = PLACES[marketplace_id].country_code
    return tuple(
        speed
        for speed in McfSpeed
        if speed not in LOCAL_SPEEDS or country in LOCAL_SPEEDS[speed]
    )


def delivers_to(marketplace_id: str, country_code: str) -> bool:
    """Tell whether the units of a marketplace's pool may go to a country."""
    place = PLACES[marketplace_id]
    if place.fba_pool == "EU":
        return country_code in EUROPEAN_UNION
    return country_code == place.country_code


def quote(
    world: World,
    seller_id: str,
    marketplace_id: str,
    country_code: str,
    wanted: list[tuple[str, str, int]],
    speed: McfSpeed,
) -> Quote:
    """Return what an order of (item id, SKU, units) costs at a speed, or why not."""
    currency = PLACES[marketplace_id].currency
    lines = tuple(
        _line(world, seller_id, marketplace_id, line, wanted) for line in wanted
    )
    offers = speed in speeds_of(marketplace_id)
    offers = offers and delivers_to(marketplace_id, country_code)
    start = world.now() + HANDLING
    arrives = start + TRANSIT[speed]
    return Quote(
        speed=speed,
        currency=currency,
        lines=lines,
        fees=_fees(lines, speed, currency),
        ship_by=(start, start + HANDLING),
        arrive_by=(arrives, arrives + timedelta(days=1)),
        reason="" if offers else NO_DELIVERY,
    )


def _line(
    world: World,
    seller_id: str,
    marketplace_id: str,
    line: tuple[str, str, int],
    wanted: list[tuple[str, str, int]],
) -> QuoteLine:
    item_id, sku, quantity = line
    stock = world.stock_for(seller_id, sku, marketplace_id)
    requested = sum(units for _, other, units in wanted if other == sku)
    is_short = stock is None or stock.fulfillable < requested
    return QuoteLine(
        item_id=item_id,
        sku=sku,
        quantity=quantity,
        weight=_unit_weight(sku) * quantity,
        reason=TOO_FEW if is_short else "",
    )


def _fees(
    lines: tuple[QuoteLine, ...], speed: McfSpeed, currency: str
) -> dict[str, Decimal]:
    units = sum(line.quantity for line in lines)
    weight = sum((line.weight for line in lines), Decimal(0))
    fees = {
        "FBAPerOrderFulfillmentFee": ORDER_FEES[speed],
        "FBAPerUnitFulfillmentFee": UNIT_FEE * units,
        "FBATransportationFee": KILOGRAM_FEE * weight,
    }
    cent = Decimal(1) if currency == "JPY" else Decimal("0.01")
    return {
        name: (amount * RATES[currency]).quantize(cent) for name, amount in fees.items()
    }


def _unit_weight(sku: str) -> Decimal:
    """Return between 0.2 and 1.1 kg, always the same for a SKU."""
    return Decimal(zlib.crc32(sku.encode()) % 10 + 2) / 10
