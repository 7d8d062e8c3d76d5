"""API calls, quota buckets and diagnostic entries; models layer."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from channels_amazon.models.account import AmazonAccount
from channels_amazon.models.job import SyncRun
from channels_amazon.models.scope import StoreScoped
from channels_amazon.models.sentence import SentenceField
from channels_amazon.models.store import Store


class QuotaBucket(models.Model):
    """A token bucket per subject and operation, refilled by the database's clock.

    `subject` is `account:<pk>` or `application:<pk>`; `stamp` is when `tokens` was
    true, `hold_until` blocks after a 429. Times in seconds since the epoch, since
    the refill is arithmetic in SQL.
    """

    subject = models.CharField(max_length=80)
    operation = models.CharField(_("operation"), max_length=60)
    tokens = models.FloatField()
    stamp = models.FloatField()
    rate = models.FloatField(_("rate per second"))
    burst = models.FloatField(_("burst"))
    hold_until = models.FloatField(default=0)
    strikes = models.PositiveSmallIntegerField(default=0)
    learnt_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("quota bucket")
        verbose_name_plural = _("quota buckets")
        constraints = (
            models.UniqueConstraint(
                fields=["subject", "operation"], name="bucket_once"
            ),
            models.CheckConstraint(
                condition=models.Q(rate__gt=0) & models.Q(burst__gte=1),
                name="bucket_rate_positive",
            ),
        )

    def __str__(self) -> str:
        return f"{self.operation} of {self.subject}"


class ApiCall(StoreScoped):
    """One attempt of one request to Amazon; free of secrets and personal data."""

    STORE_PATH: ClassVar[str] = "account__store"

    account = models.ForeignKey(
        AmazonAccount,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="calls",
        db_index=False,
    )
    run = models.ForeignKey(
        SyncRun, models.SET_NULL, null=True, blank=True, related_name="api_calls"
    )
    operation = models.CharField(_("operation"), max_length=60)
    marketplace_id = models.CharField(_("marketplace"), max_length=20, blank=True)
    method = models.CharField(max_length=8)
    path = models.CharField(_("path"), max_length=500)
    # The order id or seller SKU the call was about, for search.
    reference = models.CharField(_("reference"), max_length=80, blank=True)
    status = models.PositiveSmallIntegerField(_("status"), null=True, blank=True)
    amazon_code = models.CharField(_("Amazon's code"), max_length=80, blank=True)
    request_id = models.CharField(_("request id"), max_length=80, blank=True)
    error_class = models.CharField(max_length=60, blank=True)
    message = SentenceField(_("message"), blank=True)
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=1)
    latency_ms = models.PositiveIntegerField(_("latency, ms"), default=0)
    bytes_sent = models.PositiveIntegerField(default=0)
    bytes_received = models.PositiveIntegerField(default=0)
    tokens_left = models.FloatField(_("quota left"), null=True, blank=True)
    rate_limit = models.FloatField(null=True, blank=True)
    clock_skew = models.FloatField(null=True, blank=True)
    started_at = models.DateTimeField(_("at"))
    # Request and answer of a call that failed: an Exchange (spapi/exchange.py). Null
    # costs no byte, and most calls succeed.
    exchange = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("API call")
        verbose_name_plural = _("API calls")
        indexes = (
            # The list is by time and key; old rows are found by the first, too.
            models.Index(fields=["-started_at", "-id"], name="call_newest"),
            models.Index(
                fields=["account", "-started_at", "-id"], name="call_account_newest"
            ),
            models.Index(
                fields=["operation", "-started_at", "-id"], name="call_op_newest"
            ),
            # The few that failed: what they are filtered by is read in the index.
            models.Index(
                fields=["-started_at", "-id", "status", "account", "operation"],
                condition=models.Q(status__gte=300) | models.Q(status__isnull=True),
                name="call_failed",
            ),
            models.Index(fields=["request_id"], name="call_request_id"),
            models.Index(fields=["reference"], name="call_reference"),
        )

    def __str__(self) -> str:
        return f"{self.operation} {self.status}"

    @property
    def is_success(self) -> bool:
        """Tell whether Amazon did what it was asked."""
        return self.status is not None and 200 <= self.status < 300


class DiagnosticEntry(StoreScoped):
    """What happened, for people: a code, a cause and a fix."""

    class Level(models.TextChoices):
        """How much it matters."""

        INFO = "info", _("Information")
        WARNING = "warning", _("Warning")
        ERROR = "error", _("Error")

    # What was done to a store outlives it.
    store = models.ForeignKey(
        Store,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="diagnostics",
        db_index=False,
    )
    account = models.ForeignKey(
        AmazonAccount,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="diagnostics",
        db_index=False,
    )
    run = models.ForeignKey(
        SyncRun, models.SET_NULL, null=True, blank=True, related_name="diagnostics"
    )
    at = models.DateTimeField(_("at"))
    level = models.CharField(_("level"), max_length=8, choices=Level.choices)
    code = models.CharField(_("code"), max_length=60)
    message = SentenceField(_("what happened"))
    fix = SentenceField(_("what to do"), blank=True)
    # The order id, seller SKU or notification id it is about, for search.
    reference = models.CharField(_("reference"), max_length=120, blank=True)
    request_id = models.CharField(_("request id"), max_length=80, blank=True)
    actor = models.CharField(_("by"), max_length=150, blank=True)

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("log entry")
        verbose_name_plural = _("log entries")
        indexes = (
            # The list is by time and key; old rows are found by the first, too.
            models.Index(fields=["-at", "-id"], name="entry_newest"),
            models.Index(fields=["account", "-at", "-id"], name="entry_account_newest"),
            models.Index(fields=["store", "-at", "-id"], name="entry_store_newest"),
            models.Index(
                fields=["-at", "-id", "level", "account"],
                condition=~models.Q(level="info"),
                name="entry_problems",
            ),
            models.Index(fields=["code", "-id"], name="entry_code"),
            models.Index(fields=["reference"], name="entry_reference"),
            models.Index(fields=["request_id"], name="entry_request_id"),
        )

    def __str__(self) -> str:
        return f"{self.code} {self.message}"
