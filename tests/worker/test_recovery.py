"""A first pull whose worker is killed again and again still arrives whole, once."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import pytest

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import AmazonAccount, Listing, SyncJob, SyncRun
from channels_amazon.services.jobs import lifecycle
from tests.builders import make_account
from tests.processes import Processes

pytestmark = [pytest.mark.chaos, pytest.mark.twoprocess]

Kind = SyncJob.Kind
HEALED_WITHIN = 30.0


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    """Return once the condition holds; fail after `seconds`."""
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "It did not happen in time."
        time.sleep(0.1)


def busy_with(account: AmazonAccount, kind: str, killed: set[int]) -> int:
    """Wait until a process not yet killed works on the job; return its number."""
    job = SyncJob.objects.filter(account=account, kind=kind)
    found: list[int] = []

    def is_held() -> bool:
        holder = job.values_list("lease_holder", flat=True).get()
        found[:] = [int(holder.split(":")[1])] if holder else []
        return bool(found) and found[0] not in killed

    wait_for(is_held, HEALED_WITHIN)
    return found[0]


def test_first_pull_survives_the_kill_of_busy_workers(
    emulator: Emulator, processes: Processes
) -> None:
    account = make_account(emulator=emulator)
    emulator.control("faults", match="searchListingsItems", kind="slow", seconds=4)
    lifecycle.ensure_jobs(account)
    processes.command("worker", LOG_LEVEL="CRITICAL")
    killed: set[int] = set()
    for _time in range(2):
        pid = busy_with(account, Kind.LISTINGS, killed)
        os.kill(pid, signal.SIGKILL)
        killed.add(pid)
    emulator.control("faults", clear=True)
    pulled = SyncJob.objects.filter(
        account=account,
        kind__in=[Kind.PARTICIPATIONS, Kind.LISTINGS, Kind.FBA_STOCK],
        first_done_at__isnull=False,
    )
    wait_for(lambda: pulled.count() == 3, 2 * HEALED_WITHIN)
    assert Listing.objects.filter(account=account).count() == 12
    assert SyncRun.objects.filter(state=SyncRun.State.ABANDONED).exists()
