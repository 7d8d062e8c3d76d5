"""Parcels as the store reported them, before they are shipments; models layer."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from channels_amazon.models.order import Order
from channels_amazon.models.scope import StoreScoped
from channels_amazon.models.sentence import SentenceField
from channels_amazon.models.ship_template import ShipTemplate
from channels_amazon.models.shipment import Shipment
from channels_amazon.models.store import Store


class Parcel(StoreScoped):
    """One parcel with a tracking number, stored once however often it is reported.

    `contents` is {seller SKU: units}; empty for all that is left of the order. A parcel
    of an order we do not know yet waits for it.
    """

    class State(models.TextChoices):
        """What became of the parcel."""

        WAITING = "waiting", _("Waiting")
        APPLIED = "applied", _("Made a package")
        REFUSED = "refused", _("Needs a person")
        DROPPED = "dropped", _("Discarded")

    class Source(models.TextChoices):
        """Who reported the parcel."""

        FILE = "file", _("A person's file")
        API = "api", _("The store's API")

    # Not in a shipment yet, and not discarded.
    OPEN: ClassVar[tuple[str, ...]] = (State.WAITING, State.REFUSED)

    store = models.ForeignKey(
        Store, models.CASCADE, related_name="parcels", db_index=False
    )
    amazon_order_id = models.CharField(_("order id"), max_length=40)
    order = models.ForeignKey(
        Order, models.CASCADE, null=True, blank=True, related_name="parcels"
    )
    # The store's own words; ship templates map them to Amazon's carriers.
    carrier = models.CharField(_("carrier"), max_length=80)
    method = models.CharField(_("method"), max_length=80, blank=True)
    tracking_number = models.CharField(_("tracking number"), max_length=80)
    shipped_at = models.DateTimeField(_("shipped"))
    contents = models.JSONField(default=dict, blank=True)
    source = models.CharField(max_length=12, choices=Source.choices)
    idempotency_key = models.CharField(max_length=160)
    state = models.CharField(
        _("state"), max_length=8, choices=State.choices, default=State.WAITING
    )
    try_after = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    code = models.CharField(max_length=60, blank=True)
    message = SentenceField(blank=True)
    template = models.ForeignKey(
        ShipTemplate, models.SET_NULL, null=True, blank=True, related_name="parcels"
    )
    shipment = models.ForeignKey(
        Shipment, models.SET_NULL, null=True, blank=True, related_name="parcels"
    )
    created_by = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("parcel")
        verbose_name_plural = _("parcels")
        constraints = (
            models.UniqueConstraint(
                fields=["store", "idempotency_key"], name="parcel_once"
            ),
        )
        indexes = (
            models.Index(fields=["amazon_order_id"], name="parcel_order"),
            models.Index(
                fields=["store", "try_after"],
                condition=models.Q(state="waiting"),
                name="parcel_waiting",
            ),
            models.Index(fields=["store", "state", "-id"], name="parcel_state"),
        )

    def __str__(self) -> str:
        return f"{self.amazon_order_id} {self.tracking_number}"

    @property
    def is_packed(self) -> bool:
        """Tell whether it is in a shipment."""
        return self.state == self.State.APPLIED

    @property
    def is_waiting(self) -> bool:
        """Tell whether it is packed by itself, sooner or later."""
        return self.state == self.State.WAITING

    @property
    def is_open(self) -> bool:
        """Tell whether it is still to be packed, by itself or by a person's help."""
        return self.state in self.OPEN
