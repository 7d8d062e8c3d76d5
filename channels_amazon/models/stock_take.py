"""A stock-take: what was counted in a warehouse, shown first and then saved; models."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from channels_amazon.models.scope import StoreScoped
from channels_amazon.models.store import Store, Warehouse


class StockTake(StoreScoped):
    """The counted units of a warehouse, as a file or a pasted list had them.

    It is shown before it is saved: `number` is its place among the store's saved ones,
    null until then, and nothing of it changes afterwards. `rows` are `TakenRow`s as
    they are stored, `left_out` are `LeftOutRow`s (`services/stock/stock_takes.py`).
    """

    store = models.ForeignKey(Store, models.CASCADE, related_name="stock_takes")
    warehouse = models.ForeignKey(
        Warehouse, models.PROTECT, verbose_name=_("warehouse"), related_name="+"
    )
    number = models.PositiveIntegerField(_("number"), null=True, blank=True)
    file_name = models.CharField(max_length=200, blank=True)
    rows = models.JSONField(default=list)
    left_out = models.JSONField(default=list)
    created_by = models.CharField(_("by"), max_length=150, blank=True)
    created_at = models.DateTimeField(_("at"))
    saved_by = models.CharField(max_length=150, blank=True)
    saved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("stock-take")
        verbose_name_plural = _("stock-takes")
        constraints = (
            models.UniqueConstraint(
                fields=["store", "number"], name="stock_take_number"
            ),
        )

    def __str__(self) -> str:
        if self.number is None:
            return gettext("Stock-take, not saved")
        return gettext("Stock-take %(number)d") % {"number": self.number}

    @property
    def reference(self) -> str:
        """Return how its movements name it; "" before it is saved."""
        return "" if self.number is None else f"ST-{self.number}"

    @property
    def is_saved(self) -> bool:
        """Tell whether its counts are in the ledger."""
        return self.saved_at is not None
