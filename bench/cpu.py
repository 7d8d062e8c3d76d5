"""How much CPU processes have used, with all that they started; read from /proc."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def seconds_of(roots: Iterable[int]) -> float:
    """Return the CPU seconds of these processes, their heirs and those that ended.

    What an ended process used moves to the one that waited for it, so the difference
    of two readings is what was used between them.
    """
    stats = dict(_stats())
    wanted = set(roots)
    grows = True
    while grows:
        more = {pid for pid, (parent, _) in stats.items() if parent in wanted} - wanted
        wanted |= more
        grows = bool(more)
    return sum(stats[pid][1] for pid in wanted & stats.keys()) / _TICKS


def _stats() -> Iterable[tuple[int, tuple[int, int]]]:
    """Yield each process with its parent and its ticks, ended children included."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            text = (folder / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        # The name before the last bracket may hold blanks and brackets itself.
        fields = text.rpartition(")")[2].split()
        yield int(folder.name), (int(fields[1]), sum(map(int, fields[11:15])))
