"""Exchange rates: the bank's, and what people entered in their place; models layer."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from channels_amazon.models.scope import StoreQuerySet, StoreScoped
from channels_amazon.models.sentence import SentenceField
from channels_amazon.models.store import Store

# Decimals of a stored rate; `rules/pricing/rates.py` says how large one may be.
RATE_DIGITS, RATE_DECIMALS = 19, 9


class EuroRate(models.Model):
    """What one euro was in a currency on a day, by the European Central Bank.

    The rows of a day come from one file, in one transaction. They belong to no store.
    """

    day = models.DateField(_("day"))
    currency = models.CharField(_("currency"), max_length=3)
    value = models.DecimalField(
        _("rate"), max_digits=RATE_DIGITS, decimal_places=RATE_DECIMALS
    )

    class Meta:
        ordering = ("-day", "currency")
        constraints = (
            models.UniqueConstraint(
                fields=["day", "currency"], name="euro_rate_once_a_day"
            ),
        )

    def __str__(self) -> str:
        return f"{self.currency} {self.value} on {self.day}"


class RatesFetch(models.Model):
    """The one row that says how the last look for the bank's file ended.

    `failures` counts those in a row, `code` and `error` say what the last one was.
    `succeeded_at` is when a file was last read, a new one or not; nobody looks again
    before `next_at`.
    """

    # One row at most: this column has one value, and no second row may have it.
    only = models.BooleanField(default=True, unique=True, editable=False)
    attempted_at = models.DateTimeField(null=True, blank=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)
    next_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    code = models.CharField(max_length=60, blank=True)
    error = SentenceField(blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(only=True), name="rates_fetch_once"
            ),
        )

    def __str__(self) -> str:
        return self.code or "well"


class ManualRateQuerySet(StoreQuerySet["ManualRate"]):
    """The words in which pages and services speak of manual rates."""

    def in_force(self) -> Self:
        """Return the rates that nobody has replaced or removed."""
        return self.filter(ended_at__isnull=True)


class ManualRate(StoreScoped):
    """A rate that a person entered: one unit of `base` is `value` of `quote`.

    It goes before the bank's, in both directions. One that is replaced or removed is
    ended, and kept as long as the bank's rates are.
    """

    objects: ClassVar[Any] = ManualRateQuerySet.as_manager()

    store = models.ForeignKey(Store, models.CASCADE, related_name="manual_rates")
    base = models.CharField(max_length=3)
    quote = models.CharField(_("currency"), max_length=3)
    value = models.DecimalField(
        _("rate"), max_digits=RATE_DIGITS, decimal_places=RATE_DECIMALS
    )
    day = models.DateField(_("day"))
    reason = models.CharField(_("reason"), max_length=200)
    actor = models.CharField(_("by"), max_length=150, blank=True)
    created_at = models.DateTimeField(_("at"), auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                fields=["store", "base", "quote"],
                condition=models.Q(ended_at__isnull=True),
                name="manual_rate_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.base} {self.value} {self.quote} of {self.store_id}"
