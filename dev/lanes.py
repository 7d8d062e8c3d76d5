"""Does lanes of programs at once, and says of each line that they write whose it is."""

from __future__ import annotations

import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

# Seconds between two looks for new lines.
_LOOKS_EVERY = 0.2


@dataclass(frozen=True)
class Run:
    """A program to run, with the title under which its lines are told."""

    title: str
    command: list[str]
    environment: dict[str, str]


def do(
    lanes: list[list[Run]], folder: Path, *, again: tuple[str, ...] = ()
) -> dict[str, int]:
    """Do the lanes at once, the runs of each in turn; return the codes by title.

    Lines that begin with one of `again` are told once more at the end, where whoever
    sees only the end of the output finds them.
    """
    is_over = threading.Event()
    kept: list[str] = []

    def in_turn(runs: list[Run]) -> dict[str, int]:
        return {
            run.title: _do(run, folder, again, kept)
            for run in runs
            if not is_over.is_set()
        }

    with ThreadPoolExecutor(len(lanes)) as pool:
        try:
            done = list(pool.map(in_turn, lanes))
        except KeyboardInterrupt:
            # It ended the programs too; none of those that follow may begin.
            is_over.set()
            raise
    for line in kept:
        print(line, flush=True)
    return {title: code for codes in done for title, code in codes.items()}


def _do(run: Run, folder: Path, again: tuple[str, ...], kept: list[str]) -> int:
    """Do a run in the folder, telling what it writes; return its code.

    Its lines that begin with one of `again` are added to `kept`.
    """
    begun = time.monotonic()
    # A pipe would stay open for as long as anything that the program left behind.
    with NamedTemporaryFile() as output, Path(output.name).open("rb") as written:
        process = subprocess.Popen(
            run.command,
            cwd=folder,
            env=run.environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        rest = b""
        while process.poll() is None:
            time.sleep(_LOOKS_EVERY)
            rest = _tell(run.title, rest, written)
        _tell(run.title, rest, written, is_last=True)
        if again:
            written.seek(0)
            lines = written.read().decode(errors="replace").splitlines()
            kept += [f"{run.title} | {one}" for one in lines if one.startswith(again)]
    print(f"-- {run.title}: {time.monotonic() - begun:.0f} s", flush=True)
    return process.returncode


def _tell(
    title: str, rest: bytes, written: IO[bytes], *, is_last: bool = False
) -> bytes:
    """Print the whole lines that are new; return what begins another one."""
    *whole, rest = (rest + written.read()).split(b"\n")
    if is_last and rest:
        whole, rest = [*whole, rest], b""
    for line in whole:
        print(f"{title} | {line.decode(errors='replace')}", flush=True)
    return rest
