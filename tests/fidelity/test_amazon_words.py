"""Every word of Amazon's published enumerations has its word for people."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from channels_amazon.services.orders.amazon_words import Enumeration, knows
from tests.fidelity.amazon_models import models_directory

# Where Amazon says which words there are: the model, the definition, the property.
PUBLISHED = [
    (Enumeration.ORDER_STATUS, "orders_2026-01-01", "FulfillmentStatus", None),
    (Enumeration.ORDER_STATUS, "ordersV0", "Order", "OrderStatus"),
    (
        Enumeration.SERVICE,
        "orders_2026-01-01",
        "OrderFulfillment",
        "fulfillmentServiceLevel",
    ),
    (
        Enumeration.SERVICE,
        "fulfillmentOutbound_2020-07-01",
        "ShippingSpeedCategory",
        None,
    ),
    (
        Enumeration.SERVICE,
        "fulfillmentOutbound_2026-07-04",
        "OfferServiceLevel",
        "serviceTier",
    ),
    (Enumeration.PROGRAM, "orders_2026-01-01", "Order", "programs"),
    (Enumeration.ADDRESS_TYPE, "orders_2026-01-01", "CustomerAddress", "addressType"),
    (Enumeration.ADDRESS_TYPE, "ordersV0", "Address", "AddressType"),
    (
        Enumeration.MCF_STATUS,
        "fulfillmentOutbound_2020-07-01",
        "FulfillmentOrderStatus",
        None,
    ),
    (Enumeration.MCF_STATUS, "fulfillmentOutbound_2026-07-04", "OrderStatus", None),
    (Enumeration.SELLING_PLAN, "sellers", "Account", "sellingPlan"),
]


def published(model: str, definition: str, name: str | None) -> Iterator[str]:
    """Yield the words of an enumeration, or of the text that tells of them."""
    path = models_directory() / "models" / f"{model}.json"
    if not path.exists():
        pytest.skip("Amazon's published models are not here")
    found: Any = json.loads(path.read_text())["definitions"][definition]
    if name is not None:
        found = found["properties"][name]
    if "enum" in found:
        yield from found["enum"]
        return
    said = found["description"].partition("ossible values")[2]
    yield from re.findall(r"`([A-Z_]+)`", said)


@pytest.mark.parametrize(("enumeration", "model", "definition", "name"), PUBLISHED)
def test_each_published_word_is_known(
    enumeration: Enumeration, model: str, definition: str, name: str | None
) -> None:
    words = list(published(model, definition, name))

    assert len(words) > 1
    assert [word for word in words if not knows(word, enumeration)] == []
