"""Says that this host works for the installation, and notices a restore; services.

The processes that work (supervisor, consumer, the web process at its start) call
`beat`. The first one ever claims the database; a host that may join is written down.
"""

from __future__ import annotations

import logging
import time
import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from channels_amazon.models import Installation, InstallationHost, SyncJob
from channels_amazon.rules.installation.behind import NOTED_EVERY, BehindCause
from channels_amazon.rules.installation.identity import Standing
from channels_amazon.services.diagnostics.entries import (
    Entry,
    Level,
    record,
    record_once,
)
from channels_amazon.services.installation import facts, guard
from channels_amazon.services.installation.guard import GuardState
from channels_amazon.services.jobs import lifecycle
from channels_amazon.services.jobs.heartbeats import host_name
from channels_amazon.wording import sentence

logger = logging.getLogger(__name__)

BEAT_SECONDS = 5.0
# A paused installation says so in the log at most so often.
_SAY_AGAIN = timedelta(days=1)
_CONTAINERS_KEPT = timedelta(days=30)


def beat() -> GuardState:
    """Note that this host works, if it may; return what it may do.

    Writes once in BEAT_SECONDS a process, whoever calls it how often. Work that begins
    behind Amazon wakes all sweeps.
    """
    if time.monotonic() - _noted.beat_at < BEAT_SECONDS:
        return guard.state()
    state = guard.look()
    if state.may_work:
        _noted.paused = None
    if not state.may_work:
        _say_paused(state)
    elif not _is_settled(state):
        state = _settle()
        guard.forget()
    else:
        _note(state)
    # Last: where the database was away, the next call tries again.
    _noted.beat_at = time.monotonic()
    return state


def arrive() -> GuardState:
    """Note at once that this host works, as a process does that only just starts."""
    _noted.beat_at = float("-inf")
    return beat()


def _is_settled(state: GuardState) -> bool:
    """Tell whether the rows say already what was seen."""
    row = state.installation
    if state.standing != Standing.AT_HOME or row is None:
        return False
    return row.behind_at == state.behind_at


def _settle() -> GuardState:
    """Write what was seen, one process at a time."""
    with transaction.atomic():
        Installation.objects.get_or_create(
            defaults={
                "database": facts.database_identity(),
                "decided_at": timezone.now(),
            }
        )
        locked = Installation.objects.select_for_update(no_key=True).get()
        state = guard.look()
        if state.may_work and not _is_settled(state):
            _write(locked, state)
    # The file of this host is written with the commit.
    return guard.look()


def _write(row: Installation, state: GuardState) -> None:
    now = timezone.now()
    row.database = facts.database_identity()
    if state.behind_cause is not None and row.behind_at != state.behind_at:
        row.behind_cause, row.behind_at = state.behind_cause, now
        if state.behind_cause == BehindCause.RESTORED:
            row.restored_at = now
        lifecycle.wake_kind(SyncJob.Kind.ORDER_SWEEP)
        _say_behind(state.behind_cause)
    row.save()
    here = state.here
    known = here is not None and state.standing in {
        Standing.AT_HOME,
        Standing.RESTORED,
    }
    if here is not None and known:
        place = here.place
    else:
        place = _noted.place_without_file or uuid.uuid4().hex
    write_host(row, place, now)
    logger.info("host works installation=%s standing=%s", row.uuid, state.standing)


def write_host(row: Installation, place: str, now: datetime) -> None:
    """Write this host down as one of the installation, in its file too."""
    here = facts.read_here(row.uuid)
    InstallationHost.objects.update_or_create(
        place=place,
        defaults={
            "installation": row,
            "machine": here.machine,
            "address": here.address,
            "name": host_name(),
            "boot": facts.boot_id(),
            "seen_at": now,
        },
        create_defaults={
            "installation": row,
            "machine": here.machine,
            "address": here.address,
            "name": host_name(),
            "boot": facts.boot_id(),
            "joined_at": now,
            "seen_at": now,
        },
    )
    if here.is_server:
        # A container without a folder comes back as another one; it may work whether
        # or not it is known, so nothing is lost with its row.
        gone = InstallationHost.objects.filter(
            machine="", seen_at__lt=now - _CONTAINERS_KEPT
        )
        gone.exclude(place=place).delete()
    # After the rows: what the file says of the time is never ahead of them.
    transaction.on_commit(lambda: _note_file(row.uuid, place, now))


def _note(state: GuardState) -> None:
    row, here = state.installation, state.here
    if row is None or here is None:
        return
    now = timezone.now()
    InstallationHost.objects.filter(place=here.place).update(
        seen_at=now, machine=here.machine, address=here.address, name=host_name()
    )
    if time.monotonic() - _noted.file_at >= NOTED_EVERY.total_seconds():
        _note_file(row.uuid, here.place, now)


def _note_file(installation: uuid.UUID, place: str, now: datetime) -> None:
    is_written = facts.write_place(installation, place, now)
    if not is_written:
        logger.warning("place not written path=%s", facts.place_path(installation))
    _noted.place_without_file = "" if is_written else place
    _noted.file_at = time.monotonic()


def _say_paused(state: GuardState) -> None:
    if _noted.paused != state.standing:
        _noted.paused = state.standing
        logger.error("paused standing=%s host=%s", state.standing, host_name())
    entry = Entry(
        code=guard.CODE,
        level=Level.ERROR,
        message=guard.why_paused(state.standing),
        fix=guard.FIX,
        reference=host_name(),
    )
    record_once(entry, _SAY_AGAIN)


def _say_behind(cause: BehindCause) -> None:
    messages = {
        BehindCause.RESTORED: sentence(
            "The database was restored: the orders since then are read first, and no "
            "quantity is raised until that is done."
        ),
        BehindCause.STOPPED: sentence(
            "Shoplink stood still for long: the orders since then are read first, and "
            "no quantity is raised until that is done."
        ),
    }
    record(
        Entry(code="installation.behind", level=Level.WARNING, message=messages[cause])
    )


class _Noted:
    """When this process wrote last, on its own clock."""

    beat_at = float("-inf")
    file_at = float("-inf")
    # Of a folder that takes no file: else each beat would be another host's.
    place_without_file = ""
    # Why it said that it is paused, None while it is not.
    paused: Standing | None = None


_noted = _Noted()
