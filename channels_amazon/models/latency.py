"""How long the steps of the order path took, by hour; models layer."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from channels_amazon.models.account import AmazonAccount
from channels_amazon.models.scope import StoreScoped


class LatencyHour(StoreScoped):
    """One step's durations within one hour of one account, counted in fixed bins.

    `bins` are the SparseBins of `rules/orders/latency.py`: a count by the bin's place
    as text, for those that are not empty. So a month is read from a few hundred rows,
    however many orders it had. `step` is a LatencyStep.
    """

    STORE_PATH: ClassVar[str] = "account__store"

    account = models.ForeignKey(
        AmazonAccount, models.CASCADE, related_name="+", db_index=False
    )
    hour = models.DateTimeField()
    step = models.CharField(max_length=12)
    bins = models.JSONField(default=dict)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["account", "hour", "step"], name="latency_hour_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.step} {self.hour:%Y-%m-%d %H}h"
