"""How far a re-encryption has come; models layer."""

from __future__ import annotations

from django.db import models


class KeyRotation(models.Model):
    """The resume point of `rotate_keys` for one model and one first key.

    `key_id` is a short fingerprint of the first key, never the key.
    """

    key_id = models.CharField(max_length=16)
    model = models.CharField(max_length=80)
    last_pk = models.BigIntegerField(default=0)
    rows = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["key_id", "model"], name="rotation_once"),
        )

    def __str__(self) -> str:
        return f"{self.model}: {self.rows}"
