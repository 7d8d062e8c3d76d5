"""The controls of multi-channel fulfilment: names, bodies and words; emulator."""

from __future__ import annotations

from . import control_actions as act
from .control_choices import REGION, SELLER, fixed
from .control_fields import Control, Field

MCF_STATUSES = (
    "New",
    "Received",
    "Planning",
    "Processing",
    "Cancelled",
    "Complete",
    "CompletePartialled",
    "Unfulfillable",
    "Invalid",
)

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
            Field("status", "text", "Status", "Received", fixed(*MCF_STATUSES)),
            SELLER,
        ),
        act.place_outbound,
    ),
)
