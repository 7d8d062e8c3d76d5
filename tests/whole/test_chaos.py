"""Kills of random processes under load lose nothing and double nothing."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.whole.chaos_run import run_chaos, running

pytestmark = pytest.mark.chaos

# `make chaos` wishes for 200.
FEW_KILLS = "15"


def test_kills_under_load_lose_and_double_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seed = int(os.environ.get("CHAOS_SEED", "1"))
    kills = int(os.environ.get("CHAOS_KILLS", FEW_KILLS))
    with running(tmp_path) as product:
        measures = run_chaos(product, seed=seed, kills=kills)
    with capsys.disabled():
        sys.stdout.write(f"\n{measures.told()}\n")
    assert sum(measures.kills.values()) == kills
    assert measures.faults.details() == []
    # Else the run would have proved little.
    assert measures.packages > 0
