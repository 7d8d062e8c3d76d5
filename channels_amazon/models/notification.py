"""The inbox of Amazon's notifications; models layer."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from channels_amazon.models.account import AmazonAccount
from channels_amazon.models.encrypted import SecretTextField
from channels_amazon.models.scope import StoreScoped
from channels_amazon.models.sentence import SentenceField


class Notification(StoreScoped):
    """One message of Amazon's, kept once however often it was delivered."""

    STORE_PATH: ClassVar[str] = "account__store"

    class State(models.TextChoices):
        """What became of the message."""

        APPLIED = "applied", _("Applied")
        STALE = "stale", _("Older than what was known")
        IGNORED = "ignored", _("Not of interest")
        QUARANTINED = "quarantined", _("Quarantined")

    # Amazon's NotificationId, or `sqs:<message id>` where the body holds none.
    notification_id = models.CharField(max_length=120, unique=True)
    notification_type = models.CharField(_("type"), max_length=60, blank=True)
    account = models.ForeignKey(
        AmazonAccount,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="notifications",
        db_index=False,
    )
    seller_id = models.CharField(max_length=40, blank=True)
    amazon_order_id = models.CharField(max_length=40, blank=True)
    event_at = models.DateTimeField(_("event"), null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(_("received"))
    deliveries = models.PositiveIntegerField(_("deliveries"), default=1)
    state = models.CharField(_("state"), max_length=12, choices=State.choices)
    code = models.CharField(_("code"), max_length=60, blank=True)
    message = SentenceField(_("message"), blank=True)
    replayed_at = models.DateTimeField(_("replayed"), null=True, blank=True)
    replayed_by = models.CharField(max_length=150, blank=True)
    body = SecretTextField(blank=True, default="")

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        indexes = (
            models.Index(fields=["account", "-id"], name="notification_account"),
            # The status page counts a day's by their state, in the index alone.
            models.Index(
                fields=["account", "received_at", "state"], name="notification_day"
            ),
            models.Index(fields=["amazon_order_id"], name="notification_order"),
            models.Index(fields=["state", "-id"], name="notification_state"),
            # Old rows are found by it.
            models.Index(fields=["received_at"], name="notification_received"),
        )

    def __str__(self) -> str:
        return self.notification_id

    @property
    def is_ignored(self) -> bool:
        """Tell whether the message was of no interest, or given up by a person."""
        return self.state == self.State.IGNORED
