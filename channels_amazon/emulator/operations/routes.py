"""Which operation answers which method and path; emulator."""

from __future__ import annotations

from ..protocol.calling import Route
from . import (
    catalog,
    feeds,
    fulfillment_orders,
    inventory,
    listings,
    merchant_fulfillment,
    notifications,
    orders,
    outbound,
    reports,
    sellers,
    shipment,
    tokens,
)

_APIS = (
    sellers,
    orders,
    shipment,
    listings,
    inventory,
    notifications,
    catalog,
    tokens,
    outbound,
    fulfillment_orders,
    reports,
    feeds,
    merchant_fulfillment,
)
ROUTES: tuple[Route, ...] = tuple(route for api in _APIS for route in api.ROUTES)


def find_route(method: str, segments: list[str]) -> tuple[Route, dict[str, str]] | None:
    """Return the route for a method and path, with the path's parameters."""
    for route in ROUTES:
        found = route.match(segments) if route.method == method else None
        if found is not None:
            return route, found
    return None
