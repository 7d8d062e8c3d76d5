"""Says that this host works for the installation, and notices a restore; services.

The processes that work (supervisor, consumer) call `beat`. The first one ever claims
the database; a host that may join is written down. A web process only has its host
written down (`register`): it reads no order, so no standstill is shorter by it.
"""

from __future__ import annotations

import logging
import time
import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from channels_amazon.models import Installation, InstallationHost, SyncJob
from channels_amazon.rules.installation.behind import NOTED_EVERY, BehindCause
from channels_amazon.rules.installation.identity import HereFacts, Standing
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
_GONE_KEPT = timedelta(days=30)


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


def register() -> bool:
    """Have this host known to the installation, if it may be; tell whether it is.

    Nothing says by it that it worked.
    """
    state = guard.look()
    if state.standing in {Standing.NEW, Standing.JOINS} and not _is_known(state):
        state = _settle(is_at_work=False)
        guard.forget()
    return _is_known(state)


def _is_settled(state: GuardState) -> bool:
    """Tell whether the rows say already what was seen."""
    row = state.installation
    return _is_known(state) and row is not None and row.behind_at == state.behind_at


def _is_known(state: GuardState) -> bool:
    """Tell whether this host is written down, be it without a file of its own."""
    row = state.installation
    if state.standing == Standing.JOINS and row is not None:
        # Read with the state.
        return _noted.place_without_file in {host.place for host in row.hosts.all()}
    return state.standing == Standing.AT_HOME


def _settle(*, is_at_work: bool = True) -> GuardState:
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
        if not is_at_work:
            if state.standing in {Standing.NEW, Standing.JOINS}:
                write_host(locked, _place_of(state), timezone.now(), is_at_work=False)
        elif state.may_work and not _is_settled(state):
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
    write_host(row, _place_of(state), now)
    logger.info("host works installation=%s standing=%s", row.uuid, state.standing)


def _place_of(state: GuardState) -> str:
    """Return this host's place: its file's, else its row's, else a new one.

    So a host whose file was lost, or cannot be written, stays one host.
    """
    here = state.here
    if here is None:
        return uuid.uuid4().hex
    if state.standing in {Standing.AT_HOME, Standing.RESTORED}:
        return here.place
    known = InstallationHost.objects.filter(machine=here.machine, address=here.address)
    row = known.first() if here.machine else None
    return row.place if row else _noted.place_without_file or uuid.uuid4().hex


def write_host(
    row: Installation, place: str, now: datetime, *, is_at_work: bool = True
) -> None:
    """Write this host down as one of the installation, in its file too."""
    here = facts.read_here(row.uuid)
    host = {
        "installation": row,
        "machine": here.machine,
        "address": here.address,
        "name": host_name(),
        "boot": facts.boot_id(),
    }
    newest = InstallationHost.objects.first()
    # One that does not work was not seen later than the others.
    seen_at = now if is_at_work or newest is None else newest.seen_at
    written, _is_new = InstallationHost.objects.update_or_create(
        place=place,
        defaults=host | ({"seen_at": now} if is_at_work else {}),
        create_defaults=host | {"joined_at": now, "seen_at": seen_at},
    )
    _forget_gone(here, place, now)
    # After the rows: what the file says of the time is never ahead of them.
    at = written.seen_at
    transaction.on_commit(lambda: _note_file(row.uuid, place, at))


def _forget_gone(here: HereFacts, place: str, now: datetime) -> None:
    """Delete the rows that this host, or a container, left behind long ago."""
    gone = Q(pk__in=())
    if here.machine:
        gone |= Q(machine=here.machine, address=here.address)
    if here.is_server:
        # A container without a folder comes back as another one; it may work whether
        # or not it is known, so nothing is lost with its row.
        gone |= Q(machine="")
    rows = InstallationHost.objects.filter(gone, seen_at__lt=now - _GONE_KEPT)
    rows.exclude(place=place).delete()


def _note(state: GuardState) -> None:
    row, here = state.installation, state.here
    if row is None or here is None:
        return
    now = timezone.now()
    is_at_home = state.standing == Standing.AT_HOME
    place = here.place if is_at_home else _noted.place_without_file
    InstallationHost.objects.filter(place=place).update(
        seen_at=now, machine=here.machine, address=here.address, name=host_name()
    )
    if time.monotonic() - _noted.file_at >= NOTED_EVERY.total_seconds():
        _note_file(row.uuid, place, now)


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
