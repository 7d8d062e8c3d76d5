"""What the task queue calls, by dotted path; tasks layer.

Every task may run twice or be lost: rows hold the truth.
"""

from __future__ import annotations

import logging
from functools import partial

from django.db import OperationalError
from django.utils import timezone

from channels_amazon.health.runner import run_report
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.accounts import unsubscribing
from channels_amazon.services.health import reports, write_proof
from channels_amazon.services.installation import catching_up
from channels_amazon.services.jobs import (
    heartbeats,
    life_sign,
    maintenance,
    nets,
    queue,
)
from channels_amazon.services.notifications import quarantine
from channels_amazon.services.orders import latency_rollup
from channels_amazon.services.pricing import fetching
from channels_amazon.services.privacy import purge, retention
from channels_amazon.services.stock import proof, sales_pace
from channels_amazon.services.webhooks import endpoints
from channels_amazon.sync.runtime import runner
from channels_amazon.sync.runtime.keep_alive import repeating

logger = logging.getLogger(__name__)

# While a task works its worker is alive, though no other task comes through.
BEAT_SECONDS = 3.0
MAINTENANCE = (
    purge.PASS,
    latency_rollup.PASS,
    sales_pace.PASS,
    retention.PASS,
    proof.PASS,
    fetching.PASS,
)


def drain() -> None:
    """Run due jobs for a few seconds."""
    beat()
    with _beating():
        runner.drain()


def cast_nets() -> None:
    """Wake the jobs that no wake-up told of; the schedule asks once for all hosts."""
    with _beating():
        # What a fault in one of them hinders is only that one.
        try:
            nets.cast_nets()
        finally:
            try:
                catching_up.end_where_read()
            finally:
                unsubscribing.enqueue_due()
                reports.look_at_lost(timezone.now())


def beat() -> None:
    """Prove that the queue runs tasks; a busy database hinders the row, not the proof.

    It waits for a moment only, so that the next try is not far.
    """
    try:
        with write_proof.waiting_briefly():
            heartbeats.beat(Process.QUEUE)
    except OperationalError as error:
        if not life_sign.is_busy(error):
            raise
        life_sign.show()
        logger.warning("sign of life not written error=%s", type(error).__name__)


def run_health_check(report_id: int) -> None:
    """Run the checks of one requested report."""
    with _beating():
        run_report(report_id)


def replay_unknown(account_id: int) -> None:
    """Take in the messages that waited for this account to be connected."""
    with _beating():
        quarantine.replay_unknown(account_id)


def delete_subscriptions(account_id: int) -> None:
    """Delete at Amazon what a disconnected account had subscribed to."""
    with _beating():
        unsubscribing.delete_subscriptions(account_id)


def send_test_message(endpoint_id: int) -> None:
    """Send the test message that a person asked for to a store's address."""
    with _beating():
        endpoints.send_requested_test(endpoint_id)


def fetch_rates() -> None:
    """Look for the exchange rates that a person asked for."""
    with _beating():
        fetching.fetch_requested()


def maintain(is_successor: bool = False) -> None:
    """Go on for a slice with the maintenance that is due, until none is.

    The schedule's task begins nothing while another is followed by its successors. Of
    two rows of successors one ends where it finds the other at work. With one worker
    it never does: each would see a pass that is due and enqueue itself, for as long as
    a pass lasts, and each minute would begin one more row.
    """
    if not is_successor and maintenance.is_going_on(MAINTENANCE):
        return
    go_on = partial(queue.enqueue, maintenance.TASK, True)
    with _beating():
        maintenance.run_due(MAINTENANCE, go_on=go_on)


_beating = partial(repeating, beat, seconds=BEAT_SECONDS, limit=queue.TASK_SECONDS)
