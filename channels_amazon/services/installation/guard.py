"""The door before queue, Amazon and store: may this process work? services layer.

It is asked wherever one of these is about to be spoken to, so the answer is kept for a
second. It only reads; `presence.py` writes that this host works.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from channels_amazon.errors import Recoverable
from channels_amazon.models import Installation
from channels_amazon.rules.installation.behind import BehindCause, cause_at_start
from channels_amazon.rules.installation.identity import (
    HereFacts,
    KnownHost,
    Recorded,
    Standing,
    stand,
)
from channels_amazon.services.installation import facts
from channels_amazon.wording import Sentence, sentence

CODE = "installation.copy"
# Seconds for which an answer is kept: so soon a process notices that it changed.
KEPT_SECONDS = 1.0
# The hosts of an installation that was just confirmed need not ask one by one.
VOUCHED_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class GuardState:
    """What this process may do, and what the installation still has to read.

    `behind_at` is when work began behind Amazon, None where it did not; before that is
    recorded it is the time of the look.
    """

    standing: Standing
    installation: Installation | None = None
    here: HereFacts | None = None
    behind_cause: BehindCause | None = None
    behind_at: datetime | None = None

    @property
    def may_work(self) -> bool:
        """Tell whether queue, Amazon and store may be spoken to."""
        return self.standing.may_work


class InstallationPaused(Recoverable):
    """This process may not speak to queue, Amazon or store."""

    def __init__(self, standing: Standing) -> None:
        super().__init__(CODE, why_paused(standing), fix=FIX)


FIX = sentence(
    "Look whether the installation that this database came from still runs. Then say "
    "on the overview, or by “manage.py installation --confirm” or “--copy”, which one "
    "goes on."
)


def why_paused(standing: Standing) -> Sentence:
    """Return in one sentence why nothing is done."""
    if standing == Standing.COPY:
        return sentence(
            "This is a copy of an installation: it reads nothing from the queue and "
            "sends nothing to Amazon or to a store."
        )
    return sentence(
        "This database was restored or copied from another place, or this host is "
        "new to it: nothing is read from the queue or sent to Amazon or to a store "
        "until a person says which installation goes on."
    )


def state() -> GuardState:
    """Return what this process may do, no older than KEPT_SECONDS."""
    with _memory.lock:
        kept = _memory.kept
        if kept is None or time.monotonic() - _memory.looked_at >= KEPT_SECONDS:
            kept = look()
            _memory.keep(kept)
    return kept


def keep(seen: GuardState) -> None:
    """Answer with what was seen just now, until KEPT_SECONDS are over."""
    with _memory.lock:
        _memory.keep(seen)


def may_work() -> bool:
    """Tell whether queue, Amazon and store may be spoken to."""
    return state().may_work


def require_running() -> None:
    """Raise InstallationPaused unless queue, Amazon and store may be spoken to."""
    standing = state().standing
    if not standing.may_work:
        raise InstallationPaused(standing)


def forget() -> None:
    """Look anew at the next question, since something was decided just now."""
    with _memory.lock:
        _memory.kept = None


def look() -> GuardState:
    """Return what this process may do as the rows are now."""
    row = Installation.objects.prefetch_related("hosts").first()
    if row is None:
        return GuardState(Standing.NEW)
    here = facts.read_here(row.uuid)
    hosts = list(row.hosts.all())
    now = timezone.now()
    seen = {host.place: host.seen_at for host in hosts}
    standing = stand(
        here,
        Recorded(
            database=row.database,
            is_copy=row.decision == Installation.Decision.COPY,
            hosts={one.place: KnownHost(one.machine, one.address) for one in hosts},
        ),
        is_vouched_for=(
            _memory.others_work(seen, here.place)
            or timedelta(0) <= now - row.decided_at < VOUCHED_FOR
        ),
    )
    last_work_at = max(seen.values(), default=None)
    cause, at = _behind(row, standing, now, last_work_at)
    return GuardState(standing, row, here, cause, at)


def _behind(
    row: Installation, standing: Standing, now: datetime, last_work_at: datetime | None
) -> tuple[BehindCause | None, datetime | None]:
    """Return why and since when the work is behind; at `now` where it just begins."""
    if standing == Standing.RESTORED:
        return BehindCause.RESTORED, now
    if row.behind_cause and row.behind_at is None:
        return BehindCause(row.behind_cause), now
    file = facts.read_place(row.uuid)
    begins = cause_at_start(
        now,
        last_work_at=last_work_at,
        noted_at=file.last_work_at if file else None,
    )
    if begins is not None:
        return begins, now
    if row.behind_at is None:
        return None, None
    return BehindCause(row.behind_cause), row.behind_at


class _Memory:
    """What this process saw; its threads share it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.kept: GuardState | None = None
        self.looked_at = 0.0
        self._first_seen: dict[str, datetime] = {}

    def keep(self, seen: GuardState) -> None:
        """Keep what was seen just now; whoever calls holds the lock."""
        self.kept, self.looked_at = seen, time.monotonic()

    def others_work(self, seen: dict[str, datetime], place: str) -> bool:
        """Tell whether another host has shown life since this process first looked.

        The times alone prove nothing: a copy holds those of the moment it was made.
        """
        for other, at in seen.items():
            self._first_seen.setdefault(other, at)
        return any(
            at > self._first_seen[other] for other, at in seen.items() if other != place
        )


_memory = _Memory()
