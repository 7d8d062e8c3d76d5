"""Amazon's own Python SDK, with clients that know the emulator only."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest

from channels_amazon.emulator.operations import (
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
from channels_amazon.emulator.server import Emulator
from tests.fidelity.scene import SCOPE

LOGGERS = ("", "spapi", "urllib3")


def operations_of(*apis: ModuleType) -> frozenset[str]:
    """Return the names of the operations that the emulator's modules serve."""
    return frozenset(route.operation for api in apis for route in api.ROUTES)


# Which test file performs which operations.
REPORTS = operations_of(reports)
FEEDS = operations_of(feeds)
OUTBOUND = operations_of(outbound, fulfillment_orders)
OTHERS = operations_of(
    catalog,
    inventory,
    listings,
    merchant_fulfillment,
    notifications,
    orders,
    sellers,
    shipment,
    tokens,
)


@dataclass
class Sdk:
    """The SDK's package with two clients: a seller's and a grantless one."""

    package: Any
    seller: Any
    grantless: Any

    def models(self, api: str) -> Any:
        """Return the module of an API's generated models."""
        return importlib.import_module(f"spapi.models.{api}")


def clients_of(amazon: Emulator) -> Iterator[Sdk]:
    """Yield the SDK, and take away the log handlers it leaves behind."""
    before = {name: list(logging.getLogger(name).handlers) for name in LOGGERS}
    levels = {name: logging.getLogger(name).level for name in LOGGERS}
    package = pytest.importorskip("spapi")
    settings = amazon.settings()
    keys = (settings["LWA_CLIENT_ID"], settings["LWA_CLIENT_SECRET"])
    clients = [
        package.SPAPIClient(
            package.SPAPIConfig(*keys, **grant),
            oauth_endpoint=settings["LWA_TOKEN_URL"],
            endpoint=settings["SPAPI_ENDPOINT_NA"],
        ).api_client
        for grant in (
            {"refresh_token": amazon.refresh_token("na")},
            {"scope": SCOPE},
        )
    ]
    yield Sdk(package, *clients)
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers[:] = before[name]
        logger.setLevel(levels[name])
    for client in clients:
        client.rest_client.pool_manager.clear()
