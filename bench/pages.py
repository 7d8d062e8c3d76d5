"""What the pages cost on a database as large as a busy installation's.

Also by hand, with other sizes or parts: `python -m bench.pages --sqlite 20000
--postgresql 20000 orders logs`. A size of 0 leaves that database out; there are so
many calls to Amazon for each order.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench.measure import Measure, at_most, report
from dev import keys, services

ROOT = Path(__file__).resolve().parent.parent
SQLITE_ORDERS = 100_000
POSTGRESQL_ORDERS = 1_000_000
CALLS_AN_ORDER = 5
PAGE_MS = 200
FIRST_ROW_MS = 1000
_EXPORT = "/export/"


def run(
    sqlite: int = SQLITE_ORDERS,
    postgresql: int = POSTGRESQL_ORDERS,
    words: tuple[str, ...] = (),
) -> list[Measure]:
    """Fill each database, ask every page, and name the slowest ones."""
    measures = []
    for name, orders in (("sqlite", sqlite), ("postgresql", postgresql)):
        if orders:
            with _database(name) as address:
                found = fill_and_ask(address, orders, words)
            measures += _measures(name, found)
    return measures


def fill_and_ask(address: str, orders: int, words: tuple[str, ...]) -> list[Any]:
    """Make the tables at `address`, fill them, and return what each page costs."""
    _run(address, "manage.py", "migrate", "--verbosity", "0")
    calls = str(orders * CALLS_AN_ORDER)
    _run(address, "-m", "bench.page_rows", str(orders), calls)
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "pages.json"
        _run(address, "-m", "bench.page_times", "--json", str(kept), *words)
        rows: list[Any] = json.loads(kept.read_text("utf-8"))
    return rows


@contextmanager
def _database(name: str) -> Iterator[str]:
    with ExitStack() as stack:
        if name == "postgresql":
            yield stack.enter_context(services.postgresql())
        else:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            yield f"sqlite:///{folder}/pages.sqlite3"


def _run(address: str, *command: str) -> None:
    environment = os.environ | {
        "DATABASE_URL": address,
        "DEBUG": "false",
        # No browser asks, so there is nothing to be led to https.
        "HTTPS_ONLY": "false",
        "LOG_LEVEL": "ERROR",
    }
    subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, check=True)


def _measures(name: str, rows: list[Any]) -> list[Measure]:
    pages = [row for row in rows if _EXPORT not in row["address"]]
    files = [row for row in rows if _EXPORT in row["address"]]
    measures = []
    if pages:
        slow = [row for row in pages if _worst(row) > PAGE_MS]
        measures += [
            at_most(f"pages.{name}.p95", max(map(_worst, pages)), "ms", PAGE_MS),
            at_most(f"pages.{name}.slow", len(slow), f"of {len(pages)}", 0),
        ]
    if files:
        first = max(map(_worst, files))
        measures.append(at_most(f"exports.{name}.row", first, "ms", FIRST_ROW_MS))
    return measures


def _worst(row: Any) -> float:
    return max(row["p95"].values(), default=0.0)


def main() -> None:
    """Run with the sizes and words that are given."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--sqlite", type=int, default=SQLITE_ORDERS)
    reader.add_argument("--postgresql", type=int, default=POSTGRESQL_ORDERS)
    reader.add_argument("words", nargs="*")
    given = reader.parse_args()
    os.environ.update(keys.throwaway())
    report(run(given.sqlite, given.postgresql, tuple(given.words)))


if __name__ == "__main__":
    main()
