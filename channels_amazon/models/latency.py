"""How long the steps of the order path took, by hour; models layer."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from channels_amazon.models.account import AmazonAccount
from channels_amazon.models.scope import StoreScoped


class LatencyHour(StoreScoped):
    """One step's durations within one hour of one account, counted in fixed bins.

    `bins` is a list of counts; its edges are those of `rules/orders/latency.py`. So a
    month is read from a few hundred rows, however many orders it had.
    """

    STORE_PATH: ClassVar[str] = "account__store"

    account = models.ForeignKey(AmazonAccount, models.CASCADE, related_name="+")
    hour = models.DateTimeField()
    step = models.CharField(max_length=12)
    bins = models.JSONField(default=list)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["account", "hour", "step"], name="latency_hour_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.step} {self.hour:%Y-%m-%d %H}h"
