"""Which installation the database belongs to, and who works with it; models layer."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from channels_amazon.rules.installation.behind import BehindCause


class Installation(models.Model):
    """The one row that says which installation this is; none before the first work.

    `database` is the database that it was confirmed with (rules/installation/identity);
    a copy of the database holds it too, and is told by that it is another one.
    `behind_cause` is why the work began behind Amazon, `behind_at` when it began (both
    empty where it did not; a restored database has its cause before it is at work).
    """

    class Decision(models.TextChoices):
        """What a person, or the first process, said that this is."""

        INSTALLATION = "installation", _("The installation")
        COPY = "copy", _("A copy")

    CAUSES = (
        (BehindCause.RESTORED.value, _("Restored from a backup")),
        (BehindCause.STOPPED.value, _("Stood still for long")),
    )

    # One row at most: this column has one value, and no second row may have it.
    only = models.BooleanField(default=True, unique=True, editable=False)
    uuid = models.UUIDField(default=uuid.uuid4, editable=False)
    database = models.CharField(max_length=120)
    decision = models.CharField(
        max_length=12, choices=Decision.choices, default=Decision.INSTALLATION
    )
    decided_at = models.DateTimeField()
    decided_by = models.CharField(max_length=150, blank=True)
    behind_cause = models.CharField(max_length=10, choices=CAUSES, blank=True)
    behind_at = models.DateTimeField(null=True, blank=True)
    restored_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(only=True), name="installation_once"
            ),
        )

    def __str__(self) -> str:
        return str(self.uuid)


class InstallationHost(models.Model):
    """A host that works with this database.

    `place` is the random number in the file beside it; `machine` and `address` are
    hashes. `name` and `boot` are for people: they tell nothing of a copy.
    """

    installation = models.ForeignKey(Installation, models.CASCADE, related_name="hosts")
    place = models.CharField(max_length=32, unique=True)
    machine = models.CharField(max_length=32, blank=True)
    address = models.CharField(max_length=32, blank=True)
    name = models.CharField(max_length=120, blank=True)
    boot = models.CharField(max_length=40, blank=True)
    joined_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ("-seen_at",)

    def __str__(self) -> str:
        return self.name or self.place
