"""Order reports asked of Amazon, and what each one proved; models layer."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from channels_amazon.models.account import AmazonAccount
from channels_amazon.models.scope import StoreScoped
from channels_amazon.models.sentence import SentenceField


class OrderReport(StoreScoped):
    """One all-orders report over an interval of last updates; times are UTC.

    A row is wanted first and requested when the quota allows; `cursor` says how far its
    document is stored. `gap_order_ids` are orders at Amazon that we lacked, `gap_hours`
    how many of them changed in which hour (HourCounts).
    """

    STORE_PATH: ClassVar[str] = "account__store"

    class Purpose(models.TextChoices):
        """Why the report is read."""

        FIRST_PULL = "first_pull", _("First pull")
        BACKLOG = "backlog", _("Backlog")
        DAILY = "daily", _("Daily reconciliation")
        OUTAGE = "outage", _("Reconciliation after an outage")
        SWEEP = "sweep", _("In place of the sweep")

    class State(models.TextChoices):
        """How far it is."""

        WANTED = "wanted", _("Wanted")
        REQUESTED = "requested", _("Requested")
        READY = "ready", _("Ready")
        READ = "read", _("Read")
        EMPTY = "empty", _("Without orders")
        FAILED = "failed", _("Failed")

    # Something is still to be done for these.
    OPEN: ClassVar[tuple[str, ...]] = (State.WANTED, State.REQUESTED, State.READY)
    # Read to the end: every order of the span is compared with ours.
    PROVEN: ClassVar[tuple[str, ...]] = (State.READ, State.EMPTY)

    account = models.ForeignKey(
        AmazonAccount, models.CASCADE, related_name="order_reports"
    )
    purpose = models.CharField(_("purpose"), max_length=12, choices=Purpose.choices)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.WANTED
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    report_id = models.CharField(max_length=80, blank=True)
    document_id = models.CharField(max_length=200, blank=True)
    wanted_at = models.DateTimeField(auto_now_add=True)
    requested_at = models.DateTimeField(null=True, blank=True)
    ready_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    next_poll_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    cursor = models.PositiveIntegerField(default=0)
    encoding = models.CharField(max_length=20, blank=True)
    rows_quarantined = models.PositiveIntegerField(default=0)
    orders_seen = models.PositiveIntegerField(_("orders at Amazon"), default=0)
    orders_known = models.PositiveIntegerField(_("known here"), default=0)
    orders_missing = models.PositiveIntegerField(_("missing here"), default=0)
    orders_changed = models.PositiveIntegerField(_("changed"), default=0)
    gap_order_ids = models.JSONField(default=list, blank=True)
    gap_hours = models.JSONField(default=dict, blank=True)
    error_code = models.CharField(max_length=60, blank=True)
    error_message = SentenceField(blank=True)

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("order report")
        verbose_name_plural = _("order reports")
        constraints = (
            # A second request widens the first; one that failed is made anew.
            models.UniqueConstraint(
                fields=["account", "purpose"],
                condition=models.Q(state="wanted", attempts=0),
                name="order_report_one_request",
            ),
            # One of a purpose at a time, but for the parts of a growing backlog.
            models.UniqueConstraint(
                fields=["account", "purpose"],
                condition=models.Q(state__in=["wanted", "requested", "ready"])
                & ~models.Q(purpose="backlog"),
                name="order_report_one_open",
            ),
        )
        indexes = (
            models.Index(
                fields=["account", "purpose", "-id"], name="order_report_purpose"
            ),
            # What is still under way, however many reports are read.
            models.Index(
                fields=["account", "next_poll_at"],
                condition=models.Q(state__in=["wanted", "requested", "ready"]),
                name="order_report_open",
            ),
        )

    def __str__(self) -> str:
        return f"{self.purpose} {self.starts_at:%Y-%m-%d %H:%M}"
