"""Returned units that a person booked; models layer."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from channels_amazon.models.order import OrderLine
from channels_amazon.models.scope import StoreScoped
from channels_amazon.models.store import Warehouse


class ReturnedUnits(StoreScoped):
    """Units of an order line that came back; only sellable ones enter the stock."""

    STORE_PATH: ClassVar[str] = "line__order__account__store"

    line = models.ForeignKey(OrderLine, models.CASCADE, related_name="returned")
    warehouse = models.ForeignKey(Warehouse, models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField(_("quantity"))
    is_sellable = models.BooleanField(_("can be sold again"), default=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    # What makes a form sent twice book once.
    idempotency_key = models.CharField(max_length=80, unique=True)
    booked_by = models.CharField(_("booked by"), max_length=150)
    booked_at = models.DateTimeField(_("booked"), auto_now_add=True)

    class Meta:
        ordering = ("pk",)
        verbose_name = _("returned units")
        verbose_name_plural = _("returned units")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(quantity__gte=1), name="returned_units_positive"
            ),
        )

    def __str__(self) -> str:
        return f"{self.line} ← {self.quantity}"
