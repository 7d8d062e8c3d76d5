"""Units moving between the states of an FBA pool; emulator."""

from __future__ import annotations

from ..model.entities import EmulatedFbaStock
from ..model.state import World
from ..notifications.stock_and_mcf import publish_stock_change


def reserve(world: World, stock: EmulatedFbaStock, units: int) -> int:
    """Promise up to so many fulfillable units to orders; return how many."""
    taken = min(stock.fulfillable, units)
    stock.fulfillable -= taken
    stock.pending_customer_orders += taken
    if taken:
        publish_stock_change(world, stock)
    return taken


def give_back(world: World, stock: EmulatedFbaStock, units: int) -> None:
    """Make promised units fulfillable again."""
    back = min(stock.pending_customer_orders, units)
    stock.pending_customer_orders -= back
    stock.fulfillable += back
    publish_stock_change(world, stock)


def send_out(world: World, stock: EmulatedFbaStock, units: int) -> None:
    """Let promised units leave the pool."""
    stock.pending_customer_orders = max(0, stock.pending_customer_orders - units)
    publish_stock_change(world, stock)


def find_damaged(world: World, stock: EmulatedFbaStock, units: int) -> None:
    """Let promised units turn out to be damaged."""
    lost = min(stock.pending_customer_orders, units)
    stock.pending_customer_orders -= lost
    stock.warehouse_damaged += lost
    publish_stock_change(world, stock)
