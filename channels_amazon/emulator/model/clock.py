"""The emulator's clock: UTC, may run faster than real time; emulator."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

RealTime = Callable[[], float]


class Clock:
    """Tell simulated UTC time, `speed` times as fast as the real one."""

    def __init__(
        self,
        *,
        speed: float = 1.0,
        start: datetime | None = None,
        real: RealTime = time.monotonic,
    ) -> None:
        if speed <= 0:
            raise ValueError("The speed of the clock must be above zero.")
        self.speed = speed
        self._real = real
        self._origin = real()
        self._start = start or datetime.now(UTC)
        self._skipped = timedelta(0)

    def now(self) -> datetime:
        """Return the simulated time, an aware UTC datetime."""
        elapsed = (self._real() - self._origin) * self.speed
        return self._start + timedelta(seconds=elapsed) + self._skipped

    def advance(self, seconds: float) -> datetime:
        """Jump forward by that many simulated seconds and return the new time."""
        if seconds < 0:
            raise ValueError("The clock only goes forward.")
        self._skipped += timedelta(seconds=seconds)
        return self.now()

    def restart(self) -> None:
        """Undo all jumps, so that a rebuilt world starts at the real time."""
        self._skipped = timedelta(0)

    def real_seconds(self, simulated: float) -> float:
        """Return how long a simulated span takes in real seconds."""
        return simulated / self.speed


def iso(moment: datetime) -> str:
    """Write a UTC moment as Amazon does, to the millisecond with a Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
