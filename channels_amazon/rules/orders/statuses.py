"""An order's statuses and who ships it, for rules and models; pure, rules layer."""

from __future__ import annotations

from enum import StrEnum


class OrderStatus(StrEnum):
    """Amazon's statuses in one spelling; `unknown` for one never seen."""

    PENDING_AVAILABILITY = "pending_availability"
    PENDING = "pending"
    UNSHIPPED = "unshipped"
    PARTIALLY_SHIPPED = "partially_shipped"
    SHIPPED = "shipped"
    CANCELLED = "cancelled"
    UNFULFILLABLE = "unfulfillable"
    UNKNOWN = "unknown"


class Fulfiller(StrEnum):
    """Who ships an order: Amazon (FBA) or the merchant (MFN); "" while nobody said."""

    AMAZON = "amazon"
    MERCHANT = "merchant"
    UNKNOWN = ""
