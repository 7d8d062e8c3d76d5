"""What accounts cost that have nothing to do, and how quick an order is beside them.

Every account is connected, its first pull is done, nothing is due at Amazon or here.
The jobs' due times are drawn evenly over each job's own interval, as they are after a
day of running, and the worker runs with the product's default number of processes.
Access tokens are not there yet, so each account's first call asks for one: in the long
run that happens once an hour, here sooner. PostgreSQL runs without fsync.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.crowd import Crowd, database
from bench.measure import Measure, at_least, at_most, percentile
from bench.order_load import buy
from bench.order_stamps import Way, moment
from dev import services

SIZES = {"postgresql": (100, 1000, 12000), "sqlite": (100, 1000)}
# What starting costs is over by then.
SETTLE_SECONDS = 20.0
WINDOW_SECONDS = 60.0
# How often it is looked how long the oldest job has been due.
LOOK_SECONDS = 1.0
# As many rows as SyncRun alone once grew by in a day at twelve thousand accounts; now
# those of all tables together, with the calls to Amazon and their quota.
ROWS_A_DAY = 42_700_000
ORDERS_A_SECOND = 10.0
ORDER_SECONDS = 30.0
# How long the maintenance may take to reach every store.
MAINTENANCE_SECONDS = 240.0
LARGEST = max(SIZES["postgresql"])
_DAY = 86_400
_HOUR = 3_600
_CLAIMABLE = (
    "FROM channels_amazon_syncjob j JOIN channels_amazon_amazonaccount a "
    "ON a.id = j.account_id WHERE a.state = 'connected' AND j.rank IS NOT NULL "
    "AND j.lease_until IS NULL"
)
# Each pass is due again, whenever it was last.
_MAINTAIN_NOW = (
    "UPDATE channels_amazon_maintenancetask SET started_at = NULL "
    "WHERE name IN ('purge', 'retention')"
)
_OLD_ROWS = (
    "SELECT (SELECT COUNT(*) FROM channels_amazon_orderpersonaldata p "
    "JOIN channels_amazon_order o ON o.id = p.order_id "
    "WHERE o.amazon_order_id LIKE 'OLD-%') + "
    "(SELECT COUNT(*) FROM channels_amazon_diagnosticentry WHERE code = 'bench.old')"
)


@dataclass(frozen=True)
class Reading:
    """What was used and done until one moment.

    `rows` is how many rows were written, None on SQLite, which does not count them.
    """

    at: float
    cpu: dict[str, float]
    runs: int
    rows: int | None


def run() -> list[Measure]:
    """Measure every size on PostgreSQL, and up to a thousand accounts on SQLite."""
    measures = []
    with ExitStack() as stack:
        server = stack.enter_context(services.postgresql())
        for kind, sizes in SIZES.items():
            for size in sizes:
                with crowd(server if kind == "postgresql" else "", size) as accounts:
                    measures += measure(accounts, f"idle.{kind}.{size}")
    return measures


@contextmanager
def crowd(server: str, size: int) -> Iterator[Crowd]:
    """Run the product with that many accounts; without a server on SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        with database(server, f"idle_{size}") as address:
            with Crowd(Path(folder), size, address) as accounts:
                yield accounts


def measure(accounts: Crowd, name: str) -> list[Measure]:
    """Watch the accounts idle, then buy, then let the maintenance work."""
    # The day's first pass proves every store, which is no idling: it is measured below.
    accounts.wait(lambda: _passes_done(accounts), MAINTENANCE_SECONDS)
    time.sleep(SETTLE_SECONDS)
    first = read(accounts)
    oldest = max(_looks(accounts, WINDOW_SECONDS))
    last = read(accounts)
    found = _idle(accounts, name, first, last)
    found.append(at_most(f"{name}.oldest_due", oldest, "s", 5))
    found += _orders(accounts, name)
    if accounts.accounts == LARGEST:
        found += _maintenance(accounts, name)
    return found


def read(accounts: Crowd) -> Reading:
    """Read the clocks and counters."""
    return Reading(time.monotonic(), accounts.cpu(), _runs(accounts), _rows(accounts))


def _idle(accounts: Crowd, name: str, first: Reading, last: Reading) -> list[Measure]:
    seconds = last.at - first.at
    shares = {part: (last.cpu[part] - first.cpu[part]) / seconds for part in last.cpu}
    runs = (last.runs - first.runs) * _HOUR / seconds / accounts.accounts
    parts = ", ".join(f"{part} {share:.3f}" for part, share in shares.items())
    print(f"   {name}: cores used: {parts}; {runs:.1f} runs an account-hour")
    found = [
        at_most(f"{name}.cores", sum(shares.values()), "cores", 0.5),
        at_most(f"{name}.runs_an_account_hour", runs, "runs", 10),
    ]
    if first.rows is not None and last.rows is not None:
        rows = (last.rows - first.rows) * _DAY / seconds
        found.append(at_most(f"{name}.rows_a_day", rows, "rows", ROWS_A_DAY))
    return found


def _looks(accounts: Crowd, seconds: float) -> Iterator[float]:
    """Look every LOOK_SECONDS, for so many seconds, how long a job has been due."""
    ends = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        yield _oldest_due(accounts)
        if began >= ends:
            return
        time.sleep(max(0.0, min(began + LOOK_SECONDS, ends) - time.monotonic()))


def _orders(accounts: Crowd, name: str) -> list[Measure]:
    # Far apart, so that no two are of accounts whose rows lie side by side.
    step = max(1, accounts.accounts // round(ORDERS_A_SECOND * ORDER_SECONDS))
    sellers = accounts.seller_ids[::step]
    # A seller has three units at Amazon at least, and gets three orders at most.
    taken = buy(accounts, sellers, ORDERS_A_SECOND, ORDER_SECONDS, quantity=1)
    return [
        at_most(f"{name}.reserved_p99", _late(taken, "reserved"), "s", 2),
        at_most(f"{name}.complete_p99", _late(taken, "complete"), "s", 2),
    ]


def _late(taken: list[Way], step: str) -> float:
    """Return the p99 of a step; what never came counts as infinitely late."""
    never = float("inf")
    times = [getattr(way, step) for way in taken]
    return percentile([never if at is None else at for at in times], 0.99)


def _maintenance(accounts: Crowd, name: str) -> list[Measure]:
    accounts.add_old_rows()
    before = _count(accounts, _OLD_ROWS)
    began = time.monotonic()
    accounts.write(_MAINTAIN_NOW)
    try:
        accounts.wait(lambda: not _count(accounts, _OLD_ROWS), MAINTENANCE_SECONDS)
    except AssertionError:
        print(f"   {name}: the maintenance did not end in time.")
    reached = 1 - _count(accounts, _OLD_ROWS) / before
    return [
        at_least(f"{name}.old_rows_gone", reached, "share", 1),
        at_most(f"{name}.maintenance", time.monotonic() - began, "s", 240),
    ]


def _passes_done(accounts: Crowd) -> bool:
    """Tell whether each kind of maintenance has come to its end once."""
    unfinished = _count(
        accounts,
        "SELECT COUNT(*) FROM channels_amazon_maintenancetask "
        "WHERE finished_at IS NULL AND name <> 'key_rotation'",
    )
    begun = _count(accounts, "SELECT COUNT(*) FROM channels_amazon_maintenancetask")
    return begun > 0 and not unfinished


def _runs(accounts: Crowd) -> int:
    """Return how many runs there were; those that found nothing have no row.

    A job that finds work begins to count its idle runs anew: none does in the window.
    """
    return _count(accounts, "SELECT COUNT(*) FROM channels_amazon_syncrun") + _count(
        accounts, "SELECT SUM(idle_runs) FROM channels_amazon_syncjob"
    )


def _rows(accounts: Crowd) -> int | None:
    """Return how many rows were written so far, where the database counts them."""
    if not accounts.database_url:
        return None
    return _count(
        accounts,
        "SELECT SUM(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables",
    )


def _oldest_due(accounts: Crowd) -> float:
    """Return for how many seconds the job that waits longest has been due."""
    now = datetime.now(UTC).replace(tzinfo=None)
    # A rank is never later than its job is due: by its index this reads the due jobs
    # alone, so that looking adds next to nothing to what is measured.
    ((due_at,),) = accounts.rows(
        f"SELECT MIN(j.due_at) {_CLAIMABLE} AND j.rank <= '{_text(accounts, now)}'"
    )
    at = moment(due_at)
    return 0.0 if at is None else max(0.0, (now - at).total_seconds())


def _text(accounts: Crowd, at: datetime) -> str:
    """Return a UTC time as the database compares it: SQLite keeps it as plain text."""
    return f"{at:%Y-%m-%d %H:%M:%S.%f}" + ("+00" if accounts.database_url else "")


def _count(accounts: Crowd, sql: str) -> int:
    ((count,),) = accounts.rows(sql)
    return int(count or 0)
