"""Amazon orders, their lines and reservations; models layer."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from channels_amazon.models.account import AmazonAccount
from channels_amazon.models.catalog import Variant
from channels_amazon.models.scope import StoreQuerySet, StoreScoped
from channels_amazon.models.sentence import SentenceField
from channels_amazon.models.store import Warehouse
from channels_amazon.rules.events.arrival import MissingEventLimits
from channels_amazon.rules.orders.statuses import Fulfiller, OrderStatus
from channels_amazon.rules.orders.transitions import FOREIGN_CHANNEL
from channels_amazon.rules.shipping.lateness import DUE_SOON


class OrderQuerySet(StoreQuerySet["Order"]):
    """The words in which pages, jobs and checks speak of orders."""

    def to_ship(self) -> Self:
        """Return the merchant's own orders that wait for a parcel."""
        return self.filter(
            status__in=Order.TO_SHIP, fulfilled_by=Order.FulfilledBy.MERCHANT
        )

    def for_amazon_to_ship(self) -> Self:
        """Return the orders that Amazon itself has to ship."""
        return self.filter(
            status=Order.Status.UNSHIPPED, fulfilled_by=Order.FulfilledBy.AMAZON
        )

    def unshipped(self) -> Self:
        """Return the orders of which nothing is shipped but for_amazon_to_ship()."""
        return self.filter(status=Order.Status.UNSHIPPED).exclude(
            fulfilled_by=Order.FulfilledBy.AMAZON
        )

    def late(self, now: datetime) -> Self:
        """Return the orders to ship whose latest ship time is over at `now`."""
        return self.to_ship().filter(ship_by__lt=now)

    def due_soon(self, now: datetime) -> Self:
        """Return the orders to ship that are not late yet and due within DUE_SOON."""
        return self.to_ship().filter(ship_by__range=(now, now + DUE_SOON))

    def unmatched(self) -> Self:
        """Return the orders with a line whose SKU belongs to no variant."""
        return self.filter(has_unmatched=True)

    def with_shortage(self) -> Self:
        """Return the orders that promise more units than there are (backorders)."""
        return self.filter(has_shortage=True)

    def in_quarantine(self) -> Self:
        """Return the orders that could not be taken in; they are tried again."""
        # Said by the queue's column too, for its index.
        return self.filter(stale_since__isnull=False).exclude(quarantine_code="")

    def asking_to_cancel(self) -> Self:
        """Return the open orders whose buyer asks to cancel and was not answered."""
        return self.filter(
            cancel_requested=True,
            cancel_declined_at__isnull=True,
            status__in=Order.OPEN,
        )

    def first_told_by_event(self) -> Self:
        """Return the orders of which an event told before anything else brought them.

        One that a sweep, a report or the first pull brought is complete at once; the
        event of a later change of it does not make it a new order.
        """
        return self.filter(event_seen_at__isnull=False).exclude(
            models.Q(completed_at__lt=models.F("event_seen_at"))
            | models.Q(first_source__in=Order.NOT_BY_EVENT)
        )

    def without_event(self, limits: MissingEventLimits) -> Self:
        """Return the orders within these limits that no event told of.

        Amazon's copies of MCF orders do not count: it may send no events of them.
        """
        return self.filter(
            event_seen_at__isnull=True,
            changed_at__range=(limits.changed_from, limits.changed_until),
            created_at__gt=limits.stored_after,
            # Says the same to an index: a sweep completes what it brings.
            completed_at__gt=limits.stored_after,
        ).exclude(channel_name=FOREIGN_CHANNEL)


class Order(StoreScoped):
    """An order at Amazon, first known by an event, complete once fetched.

    Stamps, all UTC: `changed_at` (at Amazon), `event_seen_at`, `reserved_at`,
    `completed_at`, `webhook_sent_at` (to the store). `stale_since` says that Amazon
    knows more than we do, `webhook_pending_since` that the store knows less.
    """

    STORE_PATH: ClassVar[str] = "account__store"

    class Status(models.TextChoices):
        """Amazon's statuses, as `rules/orders/statuses.py` has them, for people."""

        PENDING_AVAILABILITY = OrderStatus.PENDING_AVAILABILITY.value, _("Pre-order")
        PENDING = OrderStatus.PENDING.value, _("Pending")
        UNSHIPPED = OrderStatus.UNSHIPPED.value, _("To ship")
        PARTIALLY_SHIPPED = OrderStatus.PARTIALLY_SHIPPED.value, _("Partially shipped")
        SHIPPED = OrderStatus.SHIPPED.value, _("Shipped")
        CANCELLED = OrderStatus.CANCELLED.value, _("Cancelled")
        UNFULFILLABLE = OrderStatus.UNFULFILLABLE.value, _("Unfulfillable")
        UNKNOWN = OrderStatus.UNKNOWN.value, _("Unknown status")

    class FulfilledBy(models.TextChoices):
        """Who ships: Amazon (FBA) or the merchant (MFN)."""

        AMAZON = Fulfiller.AMAZON.value, _("FBA")
        MERCHANT = Fulfiller.MERCHANT.value, _("MFN")
        UNKNOWN = Fulfiller.UNKNOWN.value, _("not known yet")

    class Source(models.TextChoices):
        """What told of the order first."""

        EVENT = "event", _("Notification")
        SWEEP = "sweep", _("Sweep")
        FETCH = "fetch", _("Fetch")
        REPORT = "report", _("Report")

    NOT_BY_EVENT: ClassVar[tuple[str, ...]] = (
        Source.SWEEP,
        Source.FETCH,
        Source.REPORT,
    )
    # These wait for a parcel, or for the rest of their parcels.
    TO_SHIP: ClassVar[tuple[str, ...]] = (Status.UNSHIPPED, Status.PARTIALLY_SHIPPED)
    # Something may still be decided about these.
    OPEN: ClassVar[tuple[str, ...]] = (
        Status.PENDING_AVAILABILITY,
        Status.PENDING,
        *TO_SHIP,
    )

    objects: ClassVar[Any] = OrderQuerySet.as_manager()

    # An index of several columns begins with each key that has none of its own.
    account = models.ForeignKey(
        AmazonAccount, models.CASCADE, related_name="orders", db_index=False
    )
    amazon_order_id = models.CharField(_("order id"), max_length=40)
    marketplace_id = models.CharField(_("marketplace"), max_length=20, blank=True)
    channel_name = models.CharField(max_length=20, blank=True)
    status = models.CharField(_("status"), max_length=20, choices=Status.choices)
    amazon_status = models.CharField(max_length=40, blank=True)
    fulfilled_by = models.CharField(
        _("fulfilled by"), max_length=8, choices=FulfilledBy.choices, blank=True
    )
    service_level = models.CharField(_("service"), max_length=24, blank=True)
    currency = models.CharField(_("currency"), max_length=8, blank=True)
    total = models.DecimalField(
        _("total"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    programs = models.JSONField(default=list, blank=True)
    is_replacement = models.BooleanField(default=False)
    cancel_requested = models.BooleanField(_("buyer asks to cancel"), default=False)
    # Until when Amazon wants an answer, and whether a person ships all the same.
    cancel_notify_at = models.DateTimeField(null=True, blank=True)
    cancel_declined_at = models.DateTimeField(null=True, blank=True)
    cancel_declined_by = models.CharField(max_length=150, blank=True)
    ordered_at = models.DateTimeField(_("ordered"), null=True, blank=True)
    ship_by_from = models.DateTimeField(null=True, blank=True)
    ship_by = models.DateTimeField(_("ship by"), null=True, blank=True)
    deliver_by = models.DateTimeField(null=True, blank=True)
    # When it left, by Amazon's packages or else when Amazon first told of it.
    shipped_at = models.DateTimeField(null=True, blank=True)
    # When Amazon first showed every package of it as delivered.
    delivered_at = models.DateTimeField(null=True, blank=True)
    # Flags that ask for a person; each is a filter on the orders page.
    has_unmatched = models.BooleanField(_("unmatched SKU"), default=False)
    has_shortage = models.BooleanField(_("backorder"), default=False)
    # Amazon's clock: the newest data and the newest event applied.
    last_updated_at = models.DateTimeField(null=True, blank=True)
    last_event_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)
    event_seen_at = models.DateTimeField(null=True, blank=True)
    reserved_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    webhook_sent_at = models.DateTimeField(null=True, blank=True)
    # How it was first known, and when a report last told of it.
    first_source = models.CharField(
        max_length=12, choices=Source.choices, blank=True, default=""
    )
    reported_at = models.DateTimeField(null=True, blank=True)
    # The fetch queue.
    stale_since = models.DateTimeField(null=True, blank=True)
    fetch_after = models.DateTimeField(null=True, blank=True)
    fetch_attempts = models.PositiveIntegerField(default=0)
    # The webhook queue: what the store has not been sent yet, and since when.
    webhook_pending_since = models.DateTimeField(null=True, blank=True)
    webhook_retry_at = models.DateTimeField(null=True, blank=True)
    webhook_attempts = models.PositiveIntegerField(default=0)
    # Why this one order is in quarantine ("" while it is not).
    quarantine_code = models.CharField(max_length=60, blank=True)
    quarantine_message = SentenceField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("-ordered_at", "-pk")
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        constraints = (
            models.UniqueConstraint(
                fields=["account", "amazon_order_id"], name="order_once"
            ),
        )
        indexes = (
            # Finds its beginning too; migration 0042 has its end and its second group.
            models.Index(
                fields=["amazon_order_id"],
                opclasses=["varchar_pattern_ops"],
                name="order_amazon_id",
            ),
            models.Index(fields=["account", "-ordered_at"], name="order_recent"),
            models.Index(fields=["-ordered_at", "-id"], name="order_newest"),
            models.Index(fields=["marketplace_id", "-ordered_at"], name="order_site"),
            models.Index(
                fields=["account", "-ordered_at"],
                condition=models.Q(has_unmatched=True),
                name="order_unmatched",
            ),
            models.Index(
                fields=["account", "-ordered_at"],
                condition=models.Q(has_shortage=True),
                name="order_shortage",
            ),
            models.Index(fields=["account", "status", "ship_by"], name="order_to_ship"),
            models.Index(fields=["status", "-ordered_at", "-id"], name="order_status"),
            # What is to ship, late, due soon; the terms are those of to_ship().
            models.Index(
                fields=["ship_by", "id"],
                condition=models.Q(
                    status__in=["unshipped", "partially_shipped"],
                    fulfilled_by="merchant",
                ),
                name="order_ship_by",
            ),
            models.Index(
                fields=["-ordered_at", "-id"],
                condition=models.Q(
                    cancel_requested=True, cancel_declined_at__isnull=True
                ),
                name="order_cancel",
            ),
            models.Index(
                fields=["-ordered_at", "-id"],
                condition=~models.Q(quarantine_code=""),
                name="order_quarantine",
            ),
            models.Index(
                fields=["account", "fetch_after"],
                condition=models.Q(stale_since__isnull=False),
                name="order_stale",
            ),
            models.Index(
                fields=["account", "webhook_retry_at"],
                condition=models.Q(webhook_pending_since__isnull=False),
                name="order_webhook_pending",
            ),
            # The stamps of the last hours are read by these two.
            models.Index(fields=["account", "completed_at"], name="order_completed"),
            models.Index(fields=["account", "event_seen_at"], name="order_seen"),
        )

    def __str__(self) -> str:
        return self.amazon_order_id

    @property
    def awaits_parcel(self) -> bool:
        """Tell whether parcels of it are still to come, whoever ships them."""
        return self.status in self.TO_SHIP

    @property
    def is_to_ship(self) -> bool:
        """Tell whether the merchant owes parcels: `to_ship()` for one order."""
        return self.awaits_parcel and self.fulfilled_by == self.FulfilledBy.MERCHANT

    @property
    def is_fba(self) -> bool:
        """Tell whether Amazon ships it; False too while it has not said who does."""
        return self.fulfilled_by == self.FulfilledBy.AMAZON

    @property
    def is_for_amazon_to_ship(self) -> bool:
        """Tell whether Amazon has to ship it: `for_amazon_to_ship()` for one order."""
        return self.is_fba and self.status == self.Status.UNSHIPPED

    @property
    def is_cancelled(self) -> bool:
        """Tell whether Amazon reports it as cancelled."""
        return self.status == self.Status.CANCELLED

    def is_late(self, now: datetime) -> bool:
        """Tell whether it had to leave before `now` (UTC): `late()` for one order."""
        return self.is_to_ship and self.ship_by is not None and self.ship_by < now

    @property
    def asks_to_cancel(self) -> bool:
        """Tell whether the buyer's wish to cancel still waits for a person."""
        is_open = self.cancel_requested and self.status in self.OPEN
        return is_open and self.cancel_declined_at is None


class OrderLine(StoreScoped):
    """One item of an order; `variant` is empty while its SKU is unmatched."""

    STORE_PATH: ClassVar[str] = "order__account__store"

    order = models.ForeignKey(
        Order, models.CASCADE, related_name="lines", db_index=False
    )
    order_item_id = models.CharField(_("order item id"), max_length=40)
    seller_sku = models.CharField(_("seller SKU"), max_length=80, blank=True)
    asin = models.CharField("ASIN", max_length=12, blank=True)
    title = models.CharField(_("title"), max_length=500, blank=True)
    variant = models.ForeignKey(
        Variant, models.SET_NULL, null=True, blank=True, related_name="order_lines"
    )
    quantity = models.PositiveIntegerField(_("ordered"))
    quantity_shipped = models.PositiveIntegerField(_("shipped"), default=0)
    unit_price = models.DecimalField(
        _("unit price"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    currency = models.CharField(max_length=8, blank=True)
    cancel_requested = models.BooleanField(default=False)
    cancel_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("pk",)
        verbose_name = _("order line")
        verbose_name_plural = _("order lines")
        constraints = (
            models.UniqueConstraint(
                fields=["order", "order_item_id"], name="line_once"
            ),
        )
        indexes = (
            models.Index(fields=["seller_sku"], name="line_sku"),
            models.Index(fields=["asin"], name="line_asin"),
        )

    def __str__(self) -> str:
        return f"{self.seller_sku} × {self.quantity}"

    def units_left(self, packed: int) -> int:
        """Return how many units are in no package; `packed` are those in ours.

        Amazon's count includes ours once it shows them, so the greater one counts.
        """
        return int(self.quantity - max(self.quantity_shipped, packed))


class Reservation(StoreScoped):
    """Units of a variant promised to one order line; 0 once released or shipped."""

    STORE_PATH: ClassVar[str] = "variant__store"

    line = models.OneToOneField(OrderLine, models.CASCADE, related_name="reservation")
    variant = models.ForeignKey(Variant, models.CASCADE, related_name="reservations")
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField(_("held"))
    shipped_quantity = models.PositiveIntegerField(_("shipped"), default=0)
    is_short = models.BooleanField(_("backorder"), default=False)
    # Counts the changes, so that each one's ledger entry has a key of its own.
    revision = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(quantity__gte=0), name="reservation_not_negative"
            ),
        )
        indexes = (
            models.Index(
                fields=["variant", "warehouse"],
                condition=models.Q(quantity__gt=0),
                name="reservation_held",
            ),
        )

    def __str__(self) -> str:
        return f"{self.variant} × {self.quantity}"
