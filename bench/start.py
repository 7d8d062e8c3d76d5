"""How long it takes from nothing to one account whose first pull is done."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from bench.farm import Farm
from bench.measure import Measure, at_most


def run() -> list[Measure]:
    """Start everything, connect one account and wait for it."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, Farm(Path(folder)):
        took = time.monotonic() - began
    return [at_most("start.first_pull", took, "s", 60)]
