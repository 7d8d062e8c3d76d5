"""Writes and reads the signs of life of our processes; services layer."""

from __future__ import annotations

import os
import socket
from datetime import timedelta
from typing import Any

from django.utils import timezone

from channels_amazon.models import Heartbeat


def beat(kind: str, **detail: Any) -> None:
    """Say that this process lives; `detail` replaces what it said before."""
    now = timezone.now()
    host = host_name()
    pid = os.getpid()
    known = Heartbeat.objects.filter(kind=kind, host=host, pid=pid)
    if known.update(beat_at=now, detail=detail):
        return
    Heartbeat.objects.update_or_create(
        kind=kind,
        host=host,
        defaults={"pid": pid, "started_at": now, "beat_at": now, "detail": detail},
    )


def latest(kind: str) -> Heartbeat | None:
    """Return the newest sign of life of that kind of any host."""
    return Heartbeat.objects.filter(kind=kind).order_by("-beat_at").first()


def is_alive(kind: str, within_seconds: float) -> bool:
    """Tell whether any process of that kind gave a sign of life that recently."""
    since = timezone.now() - timedelta(seconds=within_seconds)
    return Heartbeat.objects.filter(kind=kind, beat_at__gte=since).exists()


def living_hosts(kind: str, within_seconds: float) -> int:
    """Return how many hosts gave a sign of life of that kind that recently."""
    since = timezone.now() - timedelta(seconds=within_seconds)
    return Heartbeat.objects.filter(kind=kind, beat_at__gte=since).count()


def host_name() -> str:
    """Return the name under which this host's processes beat."""
    return socket.gethostname()[:120]
