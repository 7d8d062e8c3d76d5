"""Amazon's words for the state of orders, reports, feeds and offers; emulator.

Every member is a str equal to Amazon's word, so that it goes into JSON as it is.
"""

from __future__ import annotations

from enum import StrEnum


class EmulatedOrderStatus(StrEnum):
    """How far an order is, in the words of Orders 2026-01-01 (fulfillmentStatus)."""

    PENDING_AVAILABILITY = "PENDING_AVAILABILITY"
    PENDING = "PENDING"
    UNSHIPPED = "UNSHIPPED"
    PARTIALLY_SHIPPED = "PARTIALLY_SHIPPED"
    SHIPPED = "SHIPPED"
    CANCELLED = "CANCELLED"
    UNFULFILLABLE = "UNFULFILLABLE"


# The payment is not authorised yet: Amazon shows neither money nor an address.
PENDING_STATUSES = frozenset(
    {EmulatedOrderStatus.PENDING, EmulatedOrderStatus.PENDING_AVAILABILITY}
)
# The merchant still has units to ship.
TO_SHIP_STATUSES = frozenset(
    {EmulatedOrderStatus.UNSHIPPED, EmulatedOrderStatus.PARTIALLY_SHIPPED}
)


class FulfillmentChannel(StrEnum):
    """Who ships an order (fulfilledBy)."""

    MERCHANT = "MERCHANT"
    AMAZON = "AMAZON"


class SalesChannel(StrEnum):
    """Where an order was placed; NON_AMAZON marks the copy of an MCF order."""

    AMAZON = "AMAZON"
    NON_AMAZON = "NON_AMAZON"


class OfferStatus(StrEnum):
    """What buyers can do with an offer; one may have both statuses, or none."""

    BUYABLE = "BUYABLE"
    DISCOVERABLE = "DISCOVERABLE"


class ReportStatus(StrEnum):
    """How far a report is (processingStatus); CANCELLED also says: no data."""

    CANCELLED = "CANCELLED"
    DONE = "DONE"
    FATAL = "FATAL"
    IN_PROGRESS = "IN_PROGRESS"
    IN_QUEUE = "IN_QUEUE"


class FeedStatus(StrEnum):
    """How far a feed is (processingStatus); DONE says nothing of its messages."""

    CANCELLED = "CANCELLED"
    DONE = "DONE"
    FATAL = "FATAL"
    IN_PROGRESS = "IN_PROGRESS"
    IN_QUEUE = "IN_QUEUE"
