"""What the supervisor does each second: wakes drains, asks for signs of life."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Unpack

from django.utils import timezone

from channels_amazon.models import Heartbeat, HeartbeatDetail
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.installation import presence
from channels_amazon.services.jobs import claims, heartbeats, queue, schedules

# Ask when the last sign of life is this old; a working queue answers in 0.1 s.
ASK_AFTER = timedelta(seconds=2)
SUPERVISOR_SECONDS = 5.0
SCHEDULE_SECONDS = 60.0
# Signs of life wait in line too: a hung queue must not fill up with questions.
MOST_WAITING = 30


class Ticker:
    """Remembers when it did what, and when the queue last showed life.

    `quiet_seconds` counts on this process's own clock from the last change of the
    heartbeat row, so neither a clock that jumps nor an old row can deceive it.
    """

    def __init__(self) -> None:
        self._has_looked = False
        self._seen_beats: dict[int, datetime] = {}
        self._changed_at = time.monotonic()
        self._beat_at = 0.0
        self._schedule_at = 0.0
        self.has_beaten = False

    @property
    def quiet_seconds(self) -> float:
        """Return how long no task of this host has shown life."""
        return time.monotonic() - self._changed_at

    def forgive(self) -> None:
        """Start the quiet anew: the cluster just started, or we could not look."""
        self._changed_at = time.monotonic()

    def excuse(self, seconds: float) -> None:
        """Leave out of the quiet what we ourselves waited for the database."""
        self._changed_at = min(self._changed_at + seconds, time.monotonic())

    def expect_new_cluster(self) -> None:
        """Wait for the first sign of life of a cluster that is just starting."""
        self.has_beaten = False
        self.forgive()

    def tick(self, **detail: Unpack[HeartbeatDetail]) -> None:
        """Do what is due; `detail` goes into the supervisor's own heartbeat.

        Raises what database and broker raise.
        """
        self._look()
        may_work = presence.beat().may_work
        now = time.monotonic()
        if now - self._beat_at >= SUPERVISOR_SECONDS:
            self._beat_at = now
            heartbeats.beat(Process.SUPERVISOR, **detail)
        if now - self._schedule_at >= SCHEDULE_SECONDS:
            self._schedule_at = now
            schedules.ensure_schedules()
        waiting = queue.waiting_tasks()
        if may_work and waiting < queue.MAX_WAITING and claims.is_work_due():
            queue.enqueue(queue.DRAIN_TASK)
        if waiting < MOST_WAITING:
            self._ask()

    def _look(self) -> None:
        rows = Heartbeat.objects.filter(kind=Process.QUEUE, host=heartbeats.host_name())
        # Any of its workers may have taken the question.
        beats = dict(rows.values_list("pid", "beat_at"))
        if beats != self._seen_beats:
            # The first look may find what an earlier cluster left.
            self.has_beaten = self.has_beaten or self._has_looked
            self._seen_beats = beats
            self._changed_at = time.monotonic()
        self._has_looked = True

    def _ask(self) -> None:
        now = timezone.now()
        if any(abs(now - seen) < ASK_AFTER for seen in self._seen_beats.values()):
            return
        # Other hosts on the same queue may take the question: ask once for each.
        hosts = heartbeats.living_hosts(Process.SUPERVISOR)
        for _host in range(max(hosts, 1)):
            queue.enqueue(queue.BEAT_TASK)
