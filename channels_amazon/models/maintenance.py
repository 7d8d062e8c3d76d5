"""How far each maintenance task has come; models layer."""

from __future__ import annotations

from django.db import models


class MaintenanceTask(models.Model):
    """One task that goes over all stores, accounts or rows again and again.

    `cursor` is where the pass under way goes on, None while none is under way; its
    shape is the TypedDict that the task's own code names. `started_at` is when the
    newest pass began, `finished_at` when a pass last came to its end, `worked_at` when
    a batch was last done.
    """

    class Name(models.TextChoices):
        """What is done."""

        PURGE = "purge"
        RETENTION = "retention"
        LATENCY = "latency"
        KEY_ROTATION = "key_rotation"
        SALES_PACE = "sales_pace"
        LEDGER = "ledger"
        EXCHANGE_RATES = "exchange_rates"

    name = models.CharField(max_length=20, choices=Name.choices, unique=True)
    cursor = models.JSONField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    worked_at = models.DateTimeField(null=True, blank=True)
    lease_holder = models.CharField(max_length=40, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.name

    @property
    def is_under_way(self) -> bool:
        """Tell whether a pass has begun and is not at its end."""
        return self.cursor is not None
