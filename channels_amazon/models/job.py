"""Sync jobs, their runs and the heartbeats of our processes; models layer."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar, TypedDict

from django.db import models
from django.utils.translation import gettext_lazy as _

from channels_amazon.models.account import AmazonAccount
from channels_amazon.models.scope import StoreScoped
from channels_amazon.models.sentence import SentenceField
from channels_amazon.rules.health.liveness import ConsumerState, Process


class FirstPass(TypedDict, total=False):
    """What a job's first pass did, kept while later passes count anew."""

    rows: int
    calls: int
    total: int


class JobProgress(TypedDict, total=False):
    """How far a job's pass is: `SyncJob.progress`.

    The counts add up over the slices of one pass; `open` tells that it is not over.
    `total` is how many rows the pass has, where Amazon says; `note` is the marketplace
    that is read, as a country code. `first` is there once the first pass is done.
    """

    rows: int
    changed: int
    quarantined: int
    calls: int
    total: int
    note: str
    open: bool
    first: FirstPass


class HeartbeatDetail(TypedDict, total=False):
    """What a process says of itself: `Heartbeat.detail`.

    Each names the keys that it holds (`keys`, as `key_fingerprints` does; one of an
    earlier version names none) and what it was started with (`settings`, as
    `environments.environment` does). A consumer gives its `state` and when it last read
    Amazon's queue (`listened_at`, ISO time in UTC, or None); a supervisor the cluster
    that it watches. One that ended in order says so (`ended`).
    """

    ended: bool
    keys: list[str]
    settings: dict[str, str]
    state: ConsumerState
    listened_at: str | None
    cluster_pid: int
    restarts: int
    last_reason: str


class SyncJob(StoreScoped):
    """One (account, kind): when it is due, its cursor, its lease, why it is blocked.

    `cursor` is its reconciler's own; `progress` is a JobProgress; `waiting_until` says
    that it waits for Amazon's quota; `rank` is its place in the line for a worker, as
    services/jobs/ranks.py works it out.
    """

    STORE_PATH: ClassVar[str] = "account__store"

    class Kind(StrEnum):
        """The kinds that are named outside of their reconciler, to be woken or shown.

        It is no list of all there are: services/jobs/registry.py knows those.
        """

        PARTICIPATIONS = "participations"
        PERMISSIONS = "permissions"
        LISTINGS = "listings"
        FBA_STOCK = "fba_stock"
        ORDER_SWEEP = "order_sweep"
        ORDER_FETCH = "order_fetch"
        STOCK_PUSH = "stock_push"
        READ_BACK = "read_back"
        SHIPMENTS = "shipments"
        ORDER_REPORTS = "order_reports"
        PARCELS = "parcels"
        HEALTH = "health"
        # The stored words are older than these names, and stay.
        MCF_ORDERS = "fba_orders"
        WEBHOOK_DELIVERY = "store_tell"

    account = models.ForeignKey(AmazonAccount, models.CASCADE, related_name="jobs")
    kind = models.CharField(_("job"), max_length=20)
    due_at = models.DateTimeField(_("next run"))
    # NULL while no worker may take the job: its account is not connected.
    rank = models.DateTimeField(null=True, blank=True)
    cursor = models.JSONField(default=dict, blank=True)
    progress = models.JSONField(default=dict, blank=True)
    lease_holder = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    # Runs that began without ending well: a task that kills its worker counts too.
    # What waits behind another one of its claim has none.
    attempts = models.PositiveIntegerField(default=0)
    waiting_until = models.DateTimeField(null=True, blank=True)
    blocked_code = models.CharField(max_length=60, blank=True)
    blocked_message = SentenceField(blank=True)
    last_started_at = models.DateTimeField(null=True, blank=True)
    last_ok_at = models.DateTimeField(_("last success"), null=True, blank=True)
    first_done_at = models.DateTimeField(null=True, blank=True)
    # Runs since the newest SyncRun: they found nothing to do, and are counted only.
    idle_runs = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ("account", "kind")
        verbose_name = _("sync job")
        verbose_name_plural = _("sync jobs")
        constraints = (
            models.UniqueConstraint(fields=["account", "kind"], name="job_once"),
            # Who makes a job due sooner without its rank would have it never taken.
            models.CheckConstraint(
                condition=models.Q(rank__isnull=True)
                | models.Q(rank__lte=models.F("due_at")),
                name="job_rank_by_due",
            ),
        )
        indexes = (
            # The line for a worker; `due_at`, since a rank may come before it.
            models.Index(
                fields=["rank", "due_at"],
                condition=models.Q(lease_until__isnull=True, rank__isnull=False),
                name="job_rank",
            ),
            models.Index(
                fields=["lease_until"],
                condition=models.Q(lease_until__isnull=False),
                name="job_leased",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} of {self.account_id}"


class SyncRun(StoreScoped):
    """One execution of a job; the Last Sync Log is its story."""

    STORE_PATH: ClassVar[str] = "account__store"

    class State(models.TextChoices):
        """How the run ended."""

        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        WAITING = "waiting", _("Waiting for quota")
        FAILED = "failed", _("Failed, will retry")
        BLOCKED = "blocked", _("Needs the merchant")
        ABANDONED = "abandoned", _("Interrupted")

    job = models.ForeignKey(
        SyncJob, models.CASCADE, related_name="runs", db_index=False
    )
    account = models.ForeignKey(
        AmazonAccount, models.CASCADE, related_name="runs", db_index=False
    )
    kind = models.CharField(_("job"), max_length=20)
    state = models.CharField(
        _("state"), max_length=10, choices=State.choices, default=State.RUNNING
    )
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    rows_seen = models.PositiveIntegerField(_("rows"), default=0)
    rows_changed = models.PositiveIntegerField(_("changed"), default=0)
    rows_quarantined = models.PositiveIntegerField(_("quarantined"), default=0)
    calls = models.PositiveIntegerField(_("calls"), default=0)
    code = models.CharField(_("code"), max_length=60, blank=True)
    message = SentenceField(_("message"), blank=True)
    detail = models.TextField(blank=True)
    next_due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-pk",)
        verbose_name = _("sync run")
        verbose_name_plural = _("sync runs")
        indexes = (
            # The list is by time and key.
            models.Index(fields=["-started_at", "-id"], name="run_newest"),
            models.Index(
                fields=["account", "-started_at", "-id"], name="run_account_newest"
            ),
            models.Index(fields=["kind", "-started_at", "-id"], name="run_kind"),
            models.Index(
                fields=["-started_at", "-id", "state", "account"],
                condition=~models.Q(state="done"),
                name="run_not_done",
            ),
            models.Index(fields=["job", "-id"], name="run_job"),
            # Old rows are found by it.
            models.Index(fields=["finished_at"], name="run_finished"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.started_at:%Y-%m-%d %H:%M:%S}"


class Heartbeat(models.Model):
    """The last sign of life of one of our processes, a row each.

    `queue` comes through the task queue itself, so it proves that tasks run. `detail`
    is a HeartbeatDetail.
    """

    KINDS = (
        (Process.SUPERVISOR.value, _("Worker supervisor")),
        (Process.QUEUE.value, _("Task queue")),
        (Process.CONSUMER.value, _("Notification consumer")),
        (Process.WEB.value, _("Web process")),
    )

    kind = models.CharField(max_length=12, choices=KINDS)
    host = models.CharField(max_length=120)
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()
    detail = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["kind", "host", "pid"], name="heartbeat_once_a_process"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} on {self.host}"
