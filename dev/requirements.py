"""Compiles the requirements, or says what is wrong with them: `make requirements`.

The `.in` files name what we chose, with the reason; the `.txt` files are made from
them and hold every version and hash, for all platforms and every Python we support.
Arguments are handed to uv (`--upgrade`); with --check nothing is written.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from dev.keys import ROOT

# Each set holds the one before it.
SETS = ("requirements", "requirements-emulator", "requirements-dev")
OLDEST_PYTHON = "3.11"

_PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(?P<version>[^\s;\\]+)")
_CAUSE = re.compile(r"#\s+(?:via\s+)?-r (?P<file>\S+)$")


@dataclass
class Pin:
    """One package at one version, as an `.in` or a `.txt` file names it.

    `causes` are the `.in` files that ask for it; `is_explained` says that a comment
    stands above it.
    """

    name: str
    version: str
    is_explained: bool = False
    hashes: int = 0
    causes: set[str] = field(default_factory=set)


def chosen(path: Path) -> list[Pin]:
    """Return what the `.in` file at `path` itself names, not what it includes.

    Raises ValueError for a line that does not name one exact version.
    """
    found, explained = [], False
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("-r "):
            explained = False
        elif line.startswith("#"):
            explained = True
        else:
            match = _PIN.fullmatch(line)
            if match is None:
                raise ValueError(f"{path.name}: {line} is not pinned")
            found.append(Pin(plain(match["name"]), match["version"], explained))
    return found


def compiled(path: Path) -> list[Pin]:
    """Return what the `.txt` file at `path` installs; a fork by marker comes twice."""
    found: list[Pin] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if match := _PIN.match(line):
            found.append(Pin(plain(match["name"]), match["version"]))
        elif line.lstrip().startswith("--hash="):
            found[-1].hashes += 1
        elif match := _CAUSE.search(line):
            found[-1].causes.add(match["file"])
    return found


def plain(name: str) -> str:
    """Return a package's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def faults(root: Path) -> Iterator[str]:
    """Yield one line for each way in which the files do not fit together."""
    larger: dict[str, set[str]] = {}
    for name in reversed(SETS):
        yield from _faults_of_one(root, name)
        pins = compiled(root / f"{name}.txt")
        versions: dict[str, set[str]] = {}
        for pin in pins:
            versions.setdefault(pin.name, set()).add(pin.version)
        for package, found in versions.items():
            if larger and found != larger.get(package):
                yield f"{name}.txt: {package} differs from the larger set"
        larger = versions


def _faults_of_one(root: Path, name: str) -> Iterator[str]:
    listed = f"{name}.txt"
    if "://" in (root / listed).read_text(encoding="utf-8"):
        yield f"{listed}: names a host"
    files = [f"{part}.in" for part in SETS[: SETS.index(name) + 1]]
    wanted = {file: chosen(root / file) for file in files}
    pins = compiled(root / listed)
    for pin in pins:
        if not pin.hashes:
            yield f"{listed}: {pin.name} has no hash"
        for cause in pin.causes:
            if pin.name not in {wish.name for wish in wanted.get(cause, [])}:
                yield f"{listed}: {cause} no longer names {pin.name}"
    installed = {(pin.name, pin.version) for pin in pins}
    for file, wishes in wanted.items():
        for wish in wishes:
            if (wish.name, wish.version) not in installed:
                yield f"{listed}: lacks {wish.name} {wish.version} of {file}"
            if not wish.is_explained:
                yield f"{file}: no reason is given for {wish.name}"


def main(arguments: list[str]) -> int:
    """Compile (or with --check look), print what is wrong, return 1 for a fault."""
    if "--check" not in arguments and _compile(arguments):
        return 1
    found = list(dict.fromkeys(faults(ROOT)))
    for fault in found:
        print(fault)
    if found:
        print("Run make requirements.")
    return 1 if found else 0


def _compile(options: list[str]) -> int:
    uv = shutil.which("uv") or str(ROOT / ".venv" / "bin" / "uv")
    before = ""
    for name in reversed(SETS):
        target = ROOT / f"{name}.txt"
        # What is in the file is what uv prefers, so all three get the same versions.
        if before:
            target.write_text(before, encoding="utf-8")
        command = [uv, "pip", "compile", f"{name}.in", "--output-file", target.name]
        command += ["--universal", "--python-version", OLDEST_PYTHON]
        command += ["--generate-hashes", "--quiet"]
        command += ["--custom-compile-command", "make requirements"]
        command += [] if before else options
        if code := subprocess.run(command, cwd=ROOT).returncode:
            return code
        before = target.read_text(encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
