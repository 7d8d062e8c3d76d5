"""Adds sellers to a running world, for a tool with many accounts; emulator."""

from __future__ import annotations

from .control_fields import Body, ControlError, Json
from .places import REGIONS
from .state import World
from .world import Plan, add_seller

MOST_SELLERS = 200
MOST_LISTINGS = 100


def add_sellers(world: World, body: Body) -> Json:
    """Add n sellers to a region and return their ids; they have no past orders."""
    if not 1 <= body["n"] <= MOST_SELLERS:
        raise ControlError(f"n must be between 1 and {MOST_SELLERS}.")
    if not 1 <= body["listings"] <= MOST_LISTINGS:
        raise ControlError(f"listings must be between 1 and {MOST_LISTINGS}.")
    region = body["region"]
    plan = Plan(dict.fromkeys(REGIONS, body["listings"]), orders=0, days=1)
    first = len(world.sellers) + 1
    ids = [f"A1EMULATOR{region.upper()}{first + at:04d}" for at in range(body["n"])]
    for seller_id in ids:
        add_seller(world, region, seller_id, plan)
    return {"seller_ids": ids}
