"""Tells which of our processes are alive, for pages and checks; services layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from channels_amazon.models import Heartbeat
from channels_amazon.rules.health import liveness
from channels_amazon.rules.health.liveness import BACKGROUND, Process
from channels_amazon.services.jobs import heartbeats


@dataclass(frozen=True, slots=True)
class ProcessState:
    """A kind of process with the newest sign of life of any host, None for none."""

    process: Process
    beat: Heartbeat | None
    is_alive: bool

    @property
    def name(self) -> str:
        """Return what the kind of process is called on a page."""
        return Heartbeat(kind=self.process).get_kind_display()

    @property
    def last_beat_at(self) -> datetime | None:
        """Return when it last showed life, UTC."""
        return self.beat.beat_at if self.beat else None

    @property
    def host(self) -> str:
        """Return the host that showed life last, "" for none."""
        return self.beat.host if self.beat else ""


def state_of(process: Process, now: datetime) -> ProcessState:
    """Return how a kind of process is at `now` (aware UTC)."""
    beat = heartbeats.latest(process)
    last = beat.beat_at if beat else None
    return ProcessState(process, beat, liveness.is_alive(process, last, now))


def is_alive(process: Process, now: datetime) -> bool:
    """Tell whether any process of the kind lives at `now` (aware UTC)."""
    return state_of(process, now).is_alive


def all_states(now: datetime) -> list[ProcessState]:
    """Return how each kind that works in the background is at `now` (aware UTC)."""
    return [state_of(process, now) for process in BACKGROUND]
