"""What the task queue calls, by dotted path; tasks layer.

Every task may run twice or be lost: rows hold the truth.
"""

from __future__ import annotations

from functools import partial

from django.utils import timezone

from channels_amazon.health.runner import run_report
from channels_amazon.models import Heartbeat
from channels_amazon.services.jobs import heartbeats, nets
from channels_amazon.services.notifications import quarantine
from channels_amazon.services.orders import latency
from channels_amazon.services.privacy import retention
from channels_amazon.services.privacy.purge import purge
from channels_amazon.sync.runtime import runner
from channels_amazon.sync.runtime.keep_alive import repeating

# While a task works its worker is alive, though no other task comes through.
BEAT_SECONDS = 3.0
LONGEST_TASK_SECONDS = 60.0


def drain() -> None:
    """Run due jobs for a few seconds."""
    beat()
    with _beating():
        runner.drain()


def cast_nets() -> None:
    """Wake the jobs that no wake-up told of; the schedule asks once for all hosts."""
    with _beating():
        nets.cast_nets()


def beat() -> None:
    """Prove that the queue runs tasks."""
    heartbeats.beat(Heartbeat.Kind.QUEUE)


def run_health_check(report_id: int) -> None:
    """Run the checks of one requested report."""
    with _beating():
        run_report(report_id)


def replay_unknown(account_id: int) -> None:
    """Take in the messages that waited for this account to be connected."""
    with _beating():
        quarantine.replay_unknown(account_id)


def measure() -> None:
    """Write down how long the orders' steps took in the hours that are over."""
    with _beating():
        latency.roll_up()


def housekeep() -> None:
    """Delete old log rows."""
    with _beating():
        retention.prune()


def purge_personal_data() -> None:
    """Delete personal data whose time is over, and write the proof."""
    with _beating():
        purge(timezone.now())


_beating = partial(repeating, beat, seconds=BEAT_SECONDS, limit=LONGEST_TASK_SECONDS)
