"""Whether the process at hand belongs to the installation in its database; pure, rules.

A dump that is restored elsewhere with the same settings would work beside its
original: confirm shipments twice, set quantities, eat messages. What a database tells
of itself is copied with it, so it is compared with what a dump does not hold:

- `database`: which database this is in its server (PostgreSQL's system identifier and
  the database's number), or which file (SQLite's inode). Another one after any restore
  into a new database, the same after a restart, a new container or a failover.
- `place`: a random number in a file beside the installation, known to the database.
- `machine`: a hash of the machine's id; "" where there is none, as in most containers.
- `address`: a hash of where the settings say the database is.

Host names and boots tell nothing: both change without anything being copied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Standing(StrEnum):
    """What the process at hand is to the installation in its database."""

    # Nobody has worked with this database yet: whoever comes first claims it.
    NEW = "new"
    # On a host of the installation, with its database.
    AT_HOME = "at_home"
    # On another host with the very same database: it becomes one of the installation.
    JOINS = "joins"
    # On a host of the installation, whose database was replaced where it lies.
    RESTORED = "restored"
    # The database was restored or copied elsewhere, or the host is not known.
    ELSEWHERE = "elsewhere"
    # A person said that this is a copy.
    COPY = "copy"

    @property
    def may_work(self) -> bool:
        """Tell whether queue, Amazon and store may be spoken to."""
        return self not in {Standing.ELSEWHERE, Standing.COPY}


@dataclass(frozen=True, slots=True)
class HereFacts:
    """What is known of the process's own surroundings; "" for what is not.

    `is_server` tells that the database is a server's, which several hosts may share.
    """

    place: str
    machine: str
    address: str
    database: str
    is_server: bool


@dataclass(frozen=True, slots=True)
class KnownHost:
    """What the database knows of a host that worked with it, but for its place."""

    machine: str
    address: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the database says of its installation; `hosts` by their place."""

    database: str
    is_copy: bool
    hosts: Mapping[str, KnownHost]


def stand(
    here: HereFacts, recorded: Recorded | None, *, is_vouched_for: bool
) -> Standing:
    """Return what a process in these surroundings is to the installation.

    `is_vouched_for` says that a known host is at work in this very database (it was
    seen to write while we looked), or that a person confirmed the database just now:
    then an unknown host is one more of the installation.
    """
    if recorded is None:
        return Standing.NEW
    if recorded.is_copy:
        return Standing.COPY
    known = recorded.hosts.get(here.place)
    if here.database == recorded.database:
        return _with_the_database(here, recorded, known, is_vouched_for)
    # Replaced where it lies: the host is surely the same, so nothing was left behind
    # that works on with the former one.
    is_same_host = (
        known is not None
        and here.machine != ""
        and known == KnownHost(here.machine, here.address)
    )
    return Standing.RESTORED if is_same_host else Standing.ELSEWHERE


def _with_the_database(
    here: HereFacts, recorded: Recorded, known: KnownHost | None, is_vouched_for: bool
) -> Standing:
    if known is not None and not _contradict(known.machine, here.machine):
        return Standing.AT_HOME
    if is_vouched_for:
        return Standing.JOINS
    machines = {host.machine for host in recorded.hosts.values()}
    if here.machine:
        # Its file was lost; else it is a machine that took the last one's place, or
        # one to which the server was copied bit by bit.
        return Standing.JOINS if here.machine in machines else Standing.ELSEWHERE
    # A container without a folder of its own, at the server that it always had.
    return Standing.JOINS if here.is_server else Standing.ELSEWHERE


def _contradict(one: str, other: str) -> bool:
    return bool(one and other) and one != other
