"""The controls of orders and stock: their names, bodies and words; emulator."""

from __future__ import annotations

from ..model.statuses import FulfillmentChannel
from . import actions as act
from .choices import MARKETPLACES, ORDER_ID, REGION, REGION_NAMES, SELLER, fixed, pools
from .fields import Control, Field

ORDER_CONTROLS = (
    Control(
        "orders",
        "Place orders",
        "Buyers place n orders now; what is left open is chosen by chance.",
        (
            Field("n", "whole", "How many", 1),
            REGION,
            Field("marketplace_id", "text", "Marketplace", None, MARKETPLACES),
            Field(
                "fulfilled_by",
                "text",
                "Fulfilled by",
                None,
                fixed(*FulfillmentChannel),
            ),
            Field("sku", "text", "SKU"),
            Field("quantity", "whole", "Quantity"),
            Field("unknown_sku", "yes_no", "With a SKU nobody knows", False),
            Field("status", "text", "Status", in_form=False),
            Field("currency", "text", "Currency", in_form=False),
            Field("replacement_of", "text", "Replaces order", in_form=False),
            Field("over_seconds", "number", "Spread over (seconds)", 0.0),
            Field("amazon_share", "number", "Share Amazon ships (0 to 1)"),
            Field("ignore_stock", "yes_no", "Even when sold out", False),
            Field("seed", "whole", "Seed", in_form=False),
            SELLER,
        ),
        act.buy,
    ),
    Control(
        "cancel",
        "Cancel an order",
        "The buyer asks for a cancel, or the order is cancelled.",
        (
            Field("order_id", "text", "Order", required=True),
            Field(
                "kind",
                "text",
                "What happens",
                "request",
                fixed("request", "buyer", "merchant", "amazon"),
            ),
            Field("reason", "text", "Reason", in_form=False),
            Field("sku", "text", "Only the line of this SKU", in_form=False),
            Field("quantity", "whole", "Only so many units", in_form=False),
        ),
        act.cancel,
    ),
    Control(
        "ship_fba",
        "Ship from Amazon's warehouse",
        "Amazon ships one order, or all Amazon-fulfilled orders that wait.",
        (ORDER_ID, Field("region", "text", "Region", None, REGION_NAMES), SELLER),
        act.ship_fba,
    ),
    Control(
        "deliver",
        "Deliver the merchant's parcels",
        "The carrier delivers what the merchant shipped, or fails to.",
        (
            Field("order_id", "text", "Order", required=True),
            Field("package_reference_id", "text", "Package", in_form=False),
            Field(
                "status",
                "text",
                "Status",
                "DELIVERED",
                fixed("DELIVERED", "IN_TRANSIT", "UNDELIVERABLE"),
            ),
        ),
        act.deliver,
    ),
    Control(
        "sellers",
        "More sellers",
        "Further sellers open accounts in a region, each with listings and stock.",
        (
            REGION,
            Field("n", "whole", "How many", 1),
            Field("listings", "whole", "Listings of each", 12),
        ),
        act.add_sellers,
    ),
    Control(
        "stock",
        "Change stock at Amazon",
        "Change a quantity at Amazon without the merchant's doing.",
        (
            REGION,
            Field("sku", "text", "SKU", required=True),
            Field("quantity", "whole", "Merchant's quantity"),
            Field("fulfillable", "whole", "Fulfillable at FBA"),
            Field("pool", "text", "FBA pool", None, pools),
            SELLER,
        ),
        act.change_stock,
    ),
)
