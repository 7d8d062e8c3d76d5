"""When one of our processes counts as dead, one value a kind; pure, rules layer.

Pages, health checks, the ticker and the search for missed events ask here, so that none
of them calls a process dead that another one calls alive.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum


class Process(StrEnum):
    """The kinds of processes that show signs of life (heartbeats)."""

    SUPERVISOR = "supervisor"
    QUEUE = "queue"
    CONSUMER = "consumer"
    WEB = "web"


class ConsumerState(StrEnum):
    """What a consumer says of itself: that it reads the queue, or what hinders it."""

    LISTENING = "listening"
    NOT_CONFIGURED = "not_configured"
    DATABASE = "database"
    # It lacks the keys with which the others encrypt: nobody could read what it keeps.
    KEYS = "host.keys_differ"
    # The installation may not read it (rules/installation/identity.py).
    PAUSED = "paused"
    # The codes of SqsError.
    CREDENTIALS = "notifications.credentials"
    UNREACHABLE = "notifications.unreachable"


# How old the last sign of life may be.
DEAD_AFTER: dict[Process, timedelta] = {
    # It beats every 5 s. Its guard needs up to 20 s to start another one, which
    # imports the whole project first: a restart is not to be called a death.
    Process.SUPERVISOR: timedelta(seconds=30),
    # A task that beats comes through the queue every 2 s. The supervisor kills a
    # cluster that is silent for 10 s, and the new one starts within 20 s.
    Process.QUEUE: timedelta(seconds=30),
    # It beats between two long polls of 20 s each, and rests for up to 20 s after an
    # error: three of these in a row without a beat are no chance any more.
    Process.CONSUMER: timedelta(seconds=60),
    # A thread of it beats every 20 s, which a busy database or processor puts off.
    Process.WEB: timedelta(seconds=60),
}

# Those whose life a page tells: that a web process lives is seen by the page.
BACKGROUND = (Process.SUPERVISOR, Process.QUEUE, Process.CONSUMER)

# So long must the consumer have been silent for its silence to count as an outage,
# which a report then proves complete. SQS keeps the messages for days: a consumer
# that is dead for a minute, as at each update, loses none, and a report costs each
# account four calls. A multiple of the value above: no outage begins before a death.
CONSUMER_OUTAGE_AFTER = 5 * DEAD_AFTER[Process.CONSUMER]


def dead_since(process: Process, now: datetime) -> datetime:
    """Return the time (UTC) before which the last sign of life means death at `now`."""
    return now - DEAD_AFTER[process]


def is_alive(process: Process, beat_at: datetime | None, now: datetime) -> bool:
    """Tell whether a process lives whose last sign of life was then, None for never."""
    return beat_at is not None and beat_at >= dead_since(process, now)
