"""Shipments of merchant-fulfilled orders and their lines; models layer."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from channels_amazon.models.order import Order, OrderLine
from channels_amazon.models.scope import StoreQuerySet, StoreScoped
from channels_amazon.models.sentence import SentenceField
from channels_amazon.models.ship_template import ShipTemplate
from channels_amazon.models.store import Warehouse
from channels_amazon.rules.shipping.lateness import NOT_SHOWN_AFTER


def _never_accepted(path: str = "") -> models.Q:
    """Return the condition of a shipment that Amazon refused and never had.

    One that Amazon accepted is there even if it refused a later edit: its units have
    left. `path` leads to the shipment, with its underscores.
    """
    return models.Q(
        **{
            f"{path}state": Shipment.State.REFUSED,
            f"{path}confirmed_at__isnull": True,
        }
    )


class ShipmentQuerySet(StoreQuerySet["Shipment"]):
    """The words in which services speak of shipments."""

    def packed(self) -> Self:
        """Return the shipments whose units have left."""
        return self.exclude(_never_accepted())

    def never_accepted(self) -> Self:
        """Return the shipments that Amazon refused and never had: none of `packed`."""
        return self.filter(_never_accepted())

    def refused(self) -> Self:
        """Return the refused ones about which something can still be done.

        That is a package of an order that is still to ship, or the edit of one that has
        not been delivered.
        """
        is_open = models.Q(order__status__in=Order.TO_SHIP)
        is_edit = models.Q(
            confirmed_at__isnull=False,
            order__status=Order.Status.SHIPPED,
            order__delivered_at__isnull=True,
        )
        return self.filter(is_open | is_edit, state=Shipment.State.REFUSED)

    def not_shown(self, now: datetime) -> Self:
        """Return the shipments that Amazon took long ago and does not show."""
        return self.filter(
            state=Shipment.State.CONFIRMED,
            confirmed_at__lt=now - NOT_SHOWN_AFTER,
            # Said once more for the index of those under way.
            state__in=Shipment.OPEN,
        )


class Shipment(StoreScoped):
    """One shipment to be confirmed to Amazon.

    `package_reference` is Amazon's packageReferenceId: sending the same one again
    edits the package there, which makes the confirmation idempotent.
    """

    STORE_PATH: ClassVar[str] = "order__account__store"

    class State(models.TextChoices):
        """Where the confirmation stands."""

        WAITING = "waiting", _("Waiting to be sent")
        CONFIRMED = "confirmed", _("Accepted by Amazon")
        VERIFIED = "verified", _("Shown by Amazon")
        REFUSED = "refused", _("Refused by Amazon")

    # Amazon does not show it yet, and has not refused it.
    OPEN: ClassVar[tuple[str, ...]] = (State.WAITING, State.CONFIRMED)

    objects: ClassVar[Any] = ShipmentQuerySet.as_manager()

    order = models.ForeignKey(
        Order, models.CASCADE, related_name="shipments", db_index=False
    )
    package_reference = models.PositiveIntegerField(_("package"))
    carrier_code = models.CharField(_("carrier"), max_length=60)
    carrier_name = models.CharField(_("carrier name"), max_length=60, blank=True)
    shipping_method = models.CharField(_("method"), max_length=60, blank=True)
    tracking_number = models.CharField(_("tracking number"), max_length=80)
    shipped_at = models.DateTimeField(_("shipped"))
    warehouse = models.ForeignKey(
        Warehouse, models.PROTECT, null=True, blank=True, related_name="+"
    )
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.WAITING
    )
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    # When the first attempt began that Amazon did not answer: it may have arrived.
    unanswered_since = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=80, blank=True)
    error_message = SentenceField(blank=True)
    # Number of edits since Amazon has the package; each is sent under the same number.
    revision = models.PositiveIntegerField(default=0)
    # The ship template that made it, None where a person did.
    template = models.ForeignKey(
        ShipTemplate, models.SET_NULL, null=True, blank=True, related_name="shipments"
    )
    created_by = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    verified_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("order", "package_reference")
        verbose_name = _("shipment")
        verbose_name_plural = _("shipments")
        constraints = (
            models.UniqueConstraint(
                fields=["order", "package_reference"], name="shipment_package"
            ),
            models.CheckConstraint(
                condition=models.Q(package_reference__gte=1),
                name="shipment_package_positive",
            ),
        )
        indexes = (
            models.Index(fields=["state"], name="shipment_state"),
            models.Index(
                fields=["next_attempt_at"],
                condition=models.Q(state="waiting"),
                name="shipment_waiting",
            ),
            # What is still under way, however many packages are done.
            models.Index(
                fields=["next_attempt_at"],
                condition=models.Q(state__in=["waiting", "confirmed"]),
                name="shipment_open",
            ),
        )

    def __str__(self) -> str:
        return f"{self.order} #{self.package_reference}"

    @property
    def is_refused(self) -> bool:
        """Tell whether Amazon refused it, or its last edit."""
        return self.state == self.State.REFUSED

    @property
    def is_packed(self) -> bool:
        """Tell whether its units have left: `packed()` for one shipment."""
        return not self.is_refused or self.confirmed_at is not None

    @property
    def is_scheduled(self) -> bool:
        """Tell whether it waits for its time, not for another try after a failure."""
        is_waiting = self.state == self.State.WAITING and not self.error_code
        return is_waiting and self.next_attempt_at is not None


class ShipmentLineQuerySet(StoreQuerySet["ShipmentLine"]):
    """The words in which services speak of the units in shipments."""

    def packed(self) -> Self:
        """Return the lines of the shipments whose units have left."""
        return self.exclude(_never_accepted("shipment__"))


class ShipmentLine(StoreScoped):
    """How many units of an order line are in a shipment."""

    STORE_PATH: ClassVar[str] = "shipment__order__account__store"

    objects: ClassVar[Any] = ShipmentLineQuerySet.as_manager()

    shipment = models.ForeignKey(
        Shipment, models.CASCADE, related_name="lines", db_index=False
    )
    line = models.ForeignKey(OrderLine, models.CASCADE, related_name="shipped_in")
    quantity = models.PositiveIntegerField(_("quantity"))

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["shipment", "line"], name="shipment_line_once"
            ),
            models.CheckConstraint(
                condition=models.Q(quantity__gte=1), name="shipment_line_positive"
            ),
        )

    def __str__(self) -> str:
        return f"{self.line} in {self.shipment}"
