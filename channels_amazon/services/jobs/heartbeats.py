"""Writes and reads the signs of life of our processes; services layer."""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta
from typing import Unpack

from django.db.models import Q
from django.utils import timezone

from channels_amazon.models import Heartbeat, HeartbeatDetail, key_fingerprints
from channels_amazon.rules.health.liveness import (
    DEAD_AFTER,
    ConsumerState,
    Process,
    dead_since,
    is_alive,
)
from channels_amazon.services.jobs.environments import differing, environment

# How long the row of a process that has gone stays, for whoever looks into its end.
KEPT = timedelta(days=1)
AHEAD = timedelta(minutes=1)


def beat(kind: str, **detail: Unpack[HeartbeatDetail]) -> None:
    """Say that this process lives; `detail` replaces what it said before.

    With it goes which keys the process holds and what it was started with, since each
    reads them when it starts.
    """
    detail["keys"] = key_fingerprints()
    detail["settings"] = environment()
    now = timezone.now()
    host = host_name()
    pid = os.getpid()
    known = Heartbeat.objects.filter(kind=kind, host=host, pid=pid)
    if known.update(beat_at=now, detail=detail):
        return
    Heartbeat.objects.update_or_create(
        kind=kind,
        host=host,
        pid=pid,
        defaults={"started_at": now, "beat_at": now, "detail": detail},
    )
    # Of every host: a container comes back under another name. One of the future was
    # written before this host's clock was set back.
    gone = Q(beat_at__lt=now - KEPT) | Q(host=host, beat_at__gt=now + AHEAD)
    Heartbeat.objects.filter(gone, kind=kind).delete()


def end(*kinds: str) -> None:
    """Say that this process ends in order, with what it is; nobody need wait for it.

    The queue's workers end with their supervisor. Those of a second one on this host
    beat again, and live.
    """
    for row in Heartbeat.objects.filter(kind__in=kinds, host=host_name()):
        if row.kind == Process.QUEUE or row.pid == os.getpid():
            row.detail["ended"] = True
            row.save(update_fields=["detail"])


def beating(now: datetime) -> list[Heartbeat]:
    """Return the last sign of life of each process that is not dead, of every kind.

    One that said that it ends is among them for as long as it would be without that.
    """
    since = now - max(DEAD_AFTER.values())
    return [
        beat
        for beat in Heartbeat.objects.filter(beat_at__gte=since).order_by(
            "kind", "host", "pid"
        )
        if is_alive(Process(beat.kind), beat.beat_at, now)
    ]


def living(now: datetime) -> list[Heartbeat]:
    """Return the last sign of life of each process that lives, of every kind.

    One that said that it ends does not count, however short ago that was.
    """
    return [beat for beat in beating(now) if not has_ended(beat)]


def has_ended(beat: Heartbeat) -> bool:
    """Tell whether the process said that it ends."""
    detail: HeartbeatDetail = beat.detail
    return detail.get("ended", False)


def settings_unlike_living(now: datetime) -> list[str]:
    """Return the settings in which this process differs from each that lives at `now`.

    They are those of the process that is most like it. Nothing where none lives, or
    none says what it was started with.
    """
    ours = environment()
    told = [beat.detail.get("settings") for beat in living(now)]
    found = [differing(ours, theirs) for theirs in told if theirs]
    return min(found, key=len, default=[])


def latest(kind: str) -> Heartbeat | None:
    """Return the newest sign of life of that kind of any host."""
    return Heartbeat.objects.filter(kind=kind).order_by("-beat_at").first()


def is_listening(within: timedelta) -> bool:
    """Tell whether a consumer said that recently that it reads Amazon's queue."""
    last = last_listening()
    return last is not None and last >= timezone.now() - within


def last_listening() -> datetime | None:
    """Return when a consumer of any host last said that it reads Amazon's queue.

    One that is hindered says since when: `listened_at` of its detail, ISO text.
    """
    times: list[datetime] = []
    for beat in Heartbeat.objects.filter(kind=Process.CONSUMER):
        detail: HeartbeatDetail = beat.detail
        listened_at = detail.get("listened_at")
        if detail.get("state") == ConsumerState.LISTENING:
            times.append(beat.beat_at)
        elif listened_at:
            times.append(datetime.fromisoformat(listened_at))
    return max(times, default=None)


def living_hosts(process: Process) -> int:
    """Return on how many hosts a process of that kind lives."""
    since = dead_since(process, timezone.now())
    alive = Heartbeat.objects.filter(kind=process, beat_at__gte=since)
    return alive.values("host").distinct().count()


def host_name() -> str:
    """Return the name under which this host's processes beat."""
    return socket.gethostname()[:120]


def process_name(pid: int) -> str:
    """Return how the names of all claims of that process of this host begin."""
    return f"{host_name()[:40]}:{pid}:"
