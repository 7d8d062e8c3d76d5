"""Amazon's token buckets: one per operation, application, seller, region; emulator."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

MCF_OPERATIONS = (
    "getFulfillmentPreview",
    "createFulfillmentOrder",
    "listAllFulfillmentOrders",
    "getFulfillmentOrder",
    "updateFulfillmentOrder",
    "cancelFulfillmentOrder",
    "getPackageTrackingDetails",
    "outbound.getOrderPreview",
    "outbound.createOrder",
    "outbound.listOrders",
    "outbound.getOrder",
    "outbound.updateOrder",
    "outbound.cancelOrder",
)
# Requests a second and burst of each operation (usage plans of the models).
DEFAULT_PLANS: dict[str, tuple[float, int]] = {
    "searchOrders": (0.0056, 20),
    "getOrder": (0.5, 30),
    "confirmShipment": (2.0, 10),
    "getMarketplaceParticipations": (0.016, 15),
    "getAccount": (0.016, 15),
    "getInventorySummaries": (2.0, 2),
    "getListingsItem": (5.0, 10),
    "putListingsItem": (5.0, 10),
    "patchListingsItem": (5.0, 5),
    "searchListingsItems": (5.0, 5),
    "searchCatalogItems": (2.0, 2),
    "createRestrictedDataToken": (1.0, 10),
    "createDestination": (1.0, 5),
    "getDestinations": (1.0, 5),
    "getDestination": (1.0, 5),
    "deleteDestination": (1.0, 5),
    "createSubscription": (1.0, 5),
    "getSubscription": (1.0, 5),
    "getSubscriptionById": (1.0, 5),
    "deleteSubscriptionById": (1.0, 5),
    "createReport": (0.0167, 15),
    "getReport": (2.0, 15),
    "getReports": (0.0222, 10),
    "cancelReport": (0.0222, 10),
    "getReportDocument": (0.0167, 15),
    **dict.fromkeys(MCF_OPERATIONS, (2.0, 30)),
    "getShipment": (1.0, 1),
    "getEligibleShipmentServices": (6.0, 12),
}


@dataclass(frozen=True)
class BucketKey:
    """Name one bucket."""

    operation: str
    application_id: str
    # the seller, or the empty text for a grantless call
    seller_id: str
    region: str


@dataclass
class Bucket:
    """Hold tokens that refill at `rate` a second up to `burst`."""

    rate: float
    burst: int
    tokens: float
    settled_at: datetime

    def settle(self, now: datetime) -> None:
        """Add what has refilled since the last look."""
        seconds = max(0.0, (now - self.settled_at).total_seconds())
        self.tokens = min(float(self.burst), self.tokens + seconds * self.rate)
        self.settled_at = now

    def take(self, now: datetime) -> bool:
        """Take one token if there is one."""
        self.settle(now)
        # A token refilled in ten float steps is a token all the same.
        if self.tokens < 1 - 1e-9:
            return False
        self.tokens = max(0.0, self.tokens - 1)
        return True


@dataclass
class Buckets:
    """Keep every bucket and the plans that were changed from the defaults."""

    _buckets: dict[BucketKey, Bucket] = field(default_factory=dict)
    # by (operation, region or "")
    _plans: dict[tuple[str, str], tuple[float, int]] = field(default_factory=dict)

    def plan(self, operation: str, region: str) -> tuple[float, int]:
        """Return rate and burst of an operation in a region."""
        for key in ((operation, region), (operation, ""), ("*", region), ("*", "")):
            if key in self._plans:
                return self._plans[key]
        return DEFAULT_PLANS[operation]

    def set_plan(
        self, operation: str, rate: float, burst: int, *, region: str = ""
    ) -> None:
        """Change the plan of an operation (`*`: all), now and for full buckets too."""
        if rate <= 0 or burst < 1:
            raise ValueError("A rate is above zero and a burst at least one.")
        if operation != "*" and operation not in DEFAULT_PLANS:
            raise ValueError(f"There is no operation {operation}.")
        self._plans[(operation, region)] = (rate, burst)

    def reset_plans(self) -> None:
        """Go back to the default plans and full buckets."""
        self._plans.clear()
        self._buckets.clear()

    def take(self, key: BucketKey, now: datetime) -> bool:
        """Take one token from a bucket, made full on first use."""
        rate, burst = self.plan(key.operation, key.region)
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = Bucket(rate, burst, float(burst), now)
        if (bucket.rate, bucket.burst) != (rate, burst):
            # Settle at the old rate first, or time already passed counts anew.
            bucket.settle(now)
            bucket.rate, bucket.burst = rate, burst
            bucket.tokens = min(bucket.tokens, float(burst))
        return bucket.take(now)

    def rate_text(self, operation: str, region: str, *, speed: float = 1.0) -> str:
        """Return the rate as x-amzn-RateLimit-Limit says it, per real second."""
        rate, _ = self.plan(operation, region)
        return str(round(rate * speed, 6))
