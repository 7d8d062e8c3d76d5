"""The controls of multi-channel fulfilment: names, bodies and words; emulator."""

from __future__ import annotations

from ..mcf.fulfilment import STEPS
from ..model.mcf_orders import McfStatus
from . import mcf_actions as act
from .choices import REGION, SELLER, fixed, switch
from .fields import Control, Field


def _switch(name: str, kind: str, label: str) -> Field:
    return Field(name, kind, label, current=switch(f"outbound.{name}"))


OUTBOUND_CONTROLS = (
    Control(
        "outbound",
        "Multi-channel fulfilment order",
        "The merchant's web shop lets Amazon fulfil an order.",
        (
            REGION,
            Field("order_id", "text", "Order", required=True),
            Field("sku", "text", "SKU", required=True),
            Field("quantity", "whole", "Quantity", 1),
            Field("status", "text", "Status", McfStatus.RECEIVED, fixed(*McfStatus)),
            SELLER,
        ),
        act.place_outbound,
    ),
    Control(
        "outbound_step",
        "Move a multi-channel order on",
        "Amazon takes every step up to this one; shipping makes a parcel.",
        (
            Field("order_id", "text", "Order", required=True),
            Field("step", "text", "Step", "ship", fixed(*STEPS)),
            Field("carrier", "text", "Carrier", in_form=False),
            Field("tracking_number", "text", "Tracking number"),
            Field("sku", "text", "Only this SKU cannot be fulfilled", in_form=False),
            Field("quantity", "whole", "Only so many units cannot", in_form=False),
            SELLER,
        ),
        act.step_outbound,
    ),
    Control(
        "outbound_behaviour",
        "How multi-channel orders go on",
        "How long the steps take, and whether the orders show among Amazon's.",
        (
            _switch("accept_seconds", "number", "Validation takes (seconds)"),
            _switch("step_seconds", "number", "Each step takes (seconds; 0: never)"),
            _switch("listed_as_orders", "yes_no", "Listed among the orders"),
            _switch("synchronous", "yes_no", "Orders are answered at once"),
        ),
        act.change_outbound,
    ),
)
