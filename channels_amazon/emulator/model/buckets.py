"""Amazon's token buckets: one per operation, application, seller, region; emulator."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

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
# Rate (requests a second) and burst of each operation: the default usage plans in
# Amazon's API models.
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
    "deleteListingsItem": (5.0, 5),
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
    "createFeedDocument": (0.5, 15),
    "createFeed": (0.0083, 15),
    "getFeed": (2.0, 15),
    "getFeeds": (0.0222, 10),
    "cancelFeed": (2.0, 15),
    "getFeedDocument": (0.0222, 10),
    **dict.fromkeys(MCF_OPERATIONS, (2.0, 30)),
    "getShipment": (1.0, 1),
    "getEligibleShipmentServices": (6.0, 12),
}


@dataclass(frozen=True)
class BucketKey:
    """Name one bucket."""

    operation: str
    application_id: str
    # empty for a grantless call, which counts for the application alone
    seller_id: str
    region: str


@dataclass
class EmulatedBucket:
    """Hold tokens that refill at `rate` a second up to `burst`, and keep count."""

    rate: float
    burst: int
    tokens: float
    refilled_at: datetime
    # since the last mark: tokens taken, calls refused, and the tokens that somebody who
    # took each one at once could have had (a benchmark compares with that)
    granted: int = 0
    refused: int = 0
    offered: float = 0.0

    def refill(self, now: datetime) -> None:
        """Add the tokens that accrued since `refilled_at`."""
        seconds = max(0.0, (now - self.refilled_at).total_seconds())
        self.offered += seconds * self.rate
        self.tokens = min(float(self.burst), self.tokens + seconds * self.rate)
        self.refilled_at = now

    def take(self, now: datetime) -> bool:
        """Take one token if there is one."""
        self.refill(now)
        # Ten refills of 0.1 add up to a little less than 1.0.
        if self.tokens < 1 - 1e-9:
            self.refused += 1
            return False
        self.tokens = max(0.0, self.tokens - 1)
        self.granted += 1
        return True

    def change_plan(self, rate: float, burst: int, now: datetime) -> None:
        """Change to another plan; the time until `now` counts at the old rate."""
        self.refill(now)
        self.rate, self.burst = rate, burst
        self.tokens = min(self.tokens, float(burst))

    def mark(self, now: datetime) -> None:
        """Restart the counters; the tokens that are there now count as offered."""
        self.refill(now)
        self.granted = self.refused = 0
        self.offered = self.tokens


@dataclass(frozen=True)
class UsagePlan:
    """Rate (requests a second) and burst, and the rate that the header states."""

    rate: float
    burst: int
    # what x-amzn-RateLimit-Limit says; None: answers come without it
    header_rate: float | None


class Scope(NamedTuple):
    """Who a plan is for: an empty region or seller means all, as does operation `*`."""

    operation: str
    region: str = ""
    seller_id: str = ""


@dataclass
class Buckets:
    """Keep every bucket, and the plans that differ from DEFAULT_PLANS."""

    marked_at: datetime | None = None
    _buckets: dict[BucketKey, EmulatedBucket] = field(default_factory=dict)
    _plans: dict[Scope, UsagePlan] = field(default_factory=dict)

    def plan(self, operation: str, region: str, seller_id: str = "") -> UsagePlan:
        """Return the plan of an operation for a seller: the most specific one set."""
        for scope in (
            Scope(operation, "", seller_id),
            Scope("*", "", seller_id),
            Scope(operation, region, ""),
            Scope(operation, "", ""),
            Scope("*", region, ""),
            Scope("*", "", ""),
        ):
            if scope in self._plans:
                return self._plans[scope]
        rate, burst = DEFAULT_PLANS[operation]
        return UsagePlan(rate, burst, rate)

    def set_plan(
        self,
        scope: Scope,
        rate: float,
        burst: int,
        *,
        header: str = "new",
        now: datetime | None = None,
    ) -> None:
        """Change a plan; with `now`, existing buckets follow at once.

        `header` is the rate that answers state: `new`, `former` (a stale header) or
        `none`. Raises ValueError for an impossible plan.
        """
        if rate <= 0 or burst < 1:
            raise ValueError("A rate is above zero and a burst at least one.")
        if scope.operation != "*" and scope.operation not in DEFAULT_PLANS:
            raise ValueError(f"There is no operation {scope.operation}.")
        if header == "former" and scope.operation == "*":
            raise ValueError("The former rate can be told of one operation only.")
        header_rate: float | None = None
        if header == "new":
            header_rate = rate
        elif header == "former":
            header_rate = self.plan(*scope).header_rate
        if scope.seller_id:
            scope = scope._replace(region="")
        self._plans[scope] = UsagePlan(rate, burst, header_rate)
        if now is not None:
            for key, bucket in self._buckets.items():
                self._apply_plan(key, bucket, now)

    def reset_plans(self) -> None:
        """Go back to the default plans and full buckets."""
        self._plans.clear()
        self._buckets.clear()

    def take(self, key: BucketKey, now: datetime) -> bool:
        """Take one token from a bucket, made full on first use."""
        bucket = self._buckets.get(key)
        if bucket is None:
            plan = self.plan(key.operation, key.region, key.seller_id)
            burst = float(plan.burst)
            bucket = EmulatedBucket(plan.rate, plan.burst, burst, now, offered=burst)
            # Unused since the mark, but a client could have taken from it all the time.
            if self.marked_at is not None:
                unused = (now - self.marked_at).total_seconds()
                bucket.offered += max(0.0, unused) * plan.rate
            self._buckets[key] = bucket
        self._apply_plan(key, bucket, now)
        return bucket.take(now)

    def mark(self, now: datetime) -> None:
        """Restart the counters of every bucket."""
        self.marked_at = now
        for bucket in self._buckets.values():
            bucket.mark(now)

    def refilled(self, now: datetime) -> list[tuple[BucketKey, EmulatedBucket]]:
        """Refill every bucket in use, and return them."""
        for bucket in self._buckets.values():
            bucket.refill(now)
        return list(self._buckets.items())

    def rate_text(self, key: BucketKey, *, speed: float = 1.0) -> str | None:
        """Return what x-amzn-RateLimit-Limit says, per real second, or None."""
        header_rate = self.plan(key.operation, key.region, key.seller_id).header_rate
        return None if header_rate is None else str(round(header_rate * speed, 6))

    def _apply_plan(
        self, key: BucketKey, bucket: EmulatedBucket, now: datetime
    ) -> None:
        plan = self.plan(key.operation, key.region, key.seller_id)
        if (bucket.rate, bucket.burst) != (plan.rate, plan.burst):
            bucket.change_plan(plan.rate, plan.burst, now)
