"""Chosen orders, and a person who enters their numbers and confirms them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels_amazon.models import Order
from tests.views.scene import World
from tests.views.shipping.origin_scene import held, stock

PAGE = "amazon-ship-selected"


def address(*orders: Order) -> str:
    """Return the page of these orders."""
    query = "&".join(f"order={order.pk}" for order in orders)
    return f"{reverse(PAGE)}?{query}"


def entered(*orders: Order, **over: Any) -> dict[str, Any]:
    """Return what a person enters who gives each order a number of its own."""
    data: dict[str, Any] = {
        "carrier": "UPS",
        "shipped_at": f"{timezone.now() - timedelta(hours=1):%Y-%m-%dT%H:%M}",
    }
    for order in orders:
        data[f"o{order.pk}-tracking_number"] = f"1Z{order.pk:016d}"
    return data | over


def preview(client: Client, data: dict[str, Any], *orders: Order) -> Any:
    """Ask what the data would do."""
    return client.post(address(*orders), data, follow=True)


def confirm(
    client: Client, data: dict[str, Any], *orders: Order, seen: str | None = None
) -> Any:
    """Confirm what the page showed of the data."""
    if seen is None:
        seen = preview(client, data, *orders).context["seen"]
    return client.post(address(*orders), {**data, "seen": seen, "confirm": "1"})


def after(client: Client, response: Any) -> Any:
    """Return the page that the answer to a form leads to."""
    assert response.status_code == 302
    return client.get(response["Location"])


def outcomes(response: Any) -> dict[int, str]:
    """Return what would become of each order that is still on the page."""
    return {
        form.chosen.order.pk: form.plan.outcome.value
        for form in response.context["forms"]
        if form.plan is not None
    }


def make_orders(world: World, count: int) -> list[Order]:
    """Make orders of two units, whose stock is held."""
    stock(world.variant, world.warehouse, 2 * count)
    return [held(world, 2) for _ in range(count)]


def said(client: Client, response: Any) -> list[str]:
    """Return the messages on the page that the answer leads to."""
    return [str(one) for one in after(client, response).context["messages"]]
