"""What a control's field may be, and what its form starts with; emulator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..model.buckets import DEFAULT_PLANS
from ..model.entities import Application
from ..model.places import PLACES, REGIONS
from ..model.state import World
from ..reports.documents import (
    DOWNLOAD_OPERATION,
    FEED_DOWNLOAD_OPERATION,
    FEED_UPLOAD_OPERATION,
)
from .fields import Choices, Current, Field

LWA_OPERATION = "lwa.token"
RATES_OPERATION = "ecb.rates"


def fixed(*names: str) -> Choices:
    """Return the choice among these names."""
    return lambda _world: names


def seller_ids(world: World) -> tuple[str, ...]:
    """Return every seller's id."""
    return tuple(world.sellers)


def pools(_world: World) -> tuple[str, ...]:
    """Return the names of the FBA pools."""
    return tuple(dict.fromkeys(place.fba_pool for place in PLACES.values()))


def switch(name: str) -> Current:
    """Return how a switch is set now; `reports.gzip` is one of the reports."""

    def current(world: World) -> Any:
        value: Any = world.switches
        for part in name.split("."):
            value = getattr(value, part)
        return value

    return current


def registered(read: Callable[[Application], Any]) -> Current:
    """Return what the application has now."""
    return lambda world: read(world.application)


REGION_NAMES = fixed(*REGIONS)
MARKETPLACES = fixed(*PLACES)
OPERATIONS = fixed("*", *DEFAULT_PLANS)
FAULT_OPERATIONS = fixed(
    "*",
    LWA_OPERATION,
    RATES_OPERATION,
    DOWNLOAD_OPERATION,
    FEED_UPLOAD_OPERATION,
    FEED_DOWNLOAD_OPERATION,
    *DEFAULT_PLANS,
)
REGION = Field("region", "text", "Region", "na", REGION_NAMES)
SELLER = Field("seller_id", "text", "Seller", None, seller_ids, in_form=False)
ORDER_ID = Field("order_id", "text", "Order")
