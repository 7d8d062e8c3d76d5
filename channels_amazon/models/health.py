"""Health reports and their findings; models layer."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from channels_amazon.models.account import AmazonAccount
from channels_amazon.models.scope import StoreScoped
from channels_amazon.models.sentence import SentenceField


class HealthReport(StoreScoped):
    """One run of the health check.

    `progress` is {check id: CheckProgress} (`health/progress.py`). `language` is the
    requester's: what is written as evidence is in it. One that nobody asked for is
    automatic; it is kept only where it differs from the one before, which else is
    confirmed: when last, and how often.
    """

    STORE_PATH: ClassVar[str] = "account__store"

    class State(models.TextChoices):
        """Where the run stands."""

        WAITING = "waiting", _("Waiting for a worker")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")

    class Status(models.TextChoices):
        """How the account is: as bad as the worst finding."""

        OK = "ok", _("All is well")
        WARNING = "warning", _("Warning")
        ERROR = "error", _("Error")

    account = models.ForeignKey(
        AmazonAccount, models.CASCADE, related_name="health_reports"
    )
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    status = models.CharField(max_length=8, choices=Status.choices, blank=True)
    progress = models.JSONField(default=dict, blank=True)
    requested_by = models.CharField(max_length=150, blank=True)
    is_automatic = models.BooleanField(default=False)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmations = models.PositiveIntegerField(default=0)
    language = models.CharField(max_length=12, default="en")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("health report")
        verbose_name_plural = _("health reports")
        # Old rows are found by it.
        indexes = (models.Index(fields=["created_at"], name="health_report_created"),)

    @property
    def is_done(self) -> bool:
        """Tell whether the run came to its end."""
        return self.state == self.State.DONE

    @property
    def is_clean(self) -> bool:
        """Tell whether it found nothing wrong."""
        return self.status == self.Status.OK

    def __str__(self) -> str:
        return f"{self.account_id} {self.created_at:%Y-%m-%d %H:%M}"


class HealthFinding(StoreScoped):
    """One result of a check: cause, evidence, fix.

    `code` is as in the fault catalogue, "" for a check that found nothing wrong;
    `consequence_of` names the code of the first cause it follows from.
    """

    STORE_PATH: ClassVar[str] = "report__account__store"

    class Level(models.TextChoices):
        """How bad."""

        OK = "ok", _("Well")
        WARNING = "warning", _("Warning")
        ERROR = "error", _("Error")

    report = models.ForeignKey(HealthReport, models.CASCADE, related_name="findings")
    position = models.PositiveSmallIntegerField()
    check_id = models.CharField(max_length=60)
    code = models.CharField(max_length=60, blank=True)
    level = models.CharField(max_length=8, choices=Level.choices)
    cause = SentenceField()
    fix = SentenceField(blank=True)
    # A view name of ours that mends it in one click, "" where only a person can.
    fix_action = models.CharField(max_length=80, blank=True)
    evidence = models.JSONField(default=dict, blank=True)
    consequence_of = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ("report", "position")
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        constraints = (
            models.UniqueConstraint(
                fields=["report", "position"], name="finding_position"
            ),
        )

    def __str__(self) -> str:
        return self.code or self.check_id


class WriteProof(models.Model):
    """The one row that a probe changes to see whether the database takes writes."""

    written_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.written_at:%Y-%m-%d %H:%M:%S}"
