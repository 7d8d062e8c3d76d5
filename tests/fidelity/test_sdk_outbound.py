"""Amazon's own Python SDK lets the emulator fulfil orders of the web shop."""

from __future__ import annotations

from channels_amazon.emulator import Emulator
from channels_amazon.emulator.operations import outbound
from tests.fidelity.scene import Scene
from tests.fidelity.sdk import Sdk

PERFORMED = frozenset(route.operation for route in outbound.ROUTES)


def test_get_fulfillment_order(amazon: Emulator, sdk: Sdk, scene: Scene) -> None:
    amazon.control(
        "outbound", region="na", order_id="sdk-1", sku=scene.names["fba_sku"]
    )
    api = sdk.package.FbaOutboundApi(sdk.seller)
    answer = api.get_fulfillment_order("sdk-1")
    assert answer.payload.fulfillment_order.seller_fulfillment_order_id == "sdk-1"


def test_operations_were_performed(amazon: Emulator) -> None:
    with amazon.state.lock:
        assert set(amazon.state.calls) >= PERFORMED
