"""The commands of docs/deploy.md, run as a reader would, in a folder of their own.

A block of them is marked by a comment above it: `<!-- walk: name -->`. What a test
changes of them is said in `Walk.here`: the machine's paths and ports, nothing else.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tests.whole.installation import ROOT

_BLOCK = re.compile(r"^<!-- walk: ([a-z ]+) -->\n```sh\n(.*?)^```$", re.M | re.S)
# What the shell's user assigns and needs again; none of it is exported.
_KEPT = ("DB_PASSWORD", "DB_QUOTED", "DATABASE_URL", "NEW_KEY")


def blocks() -> dict[str, str]:
    """Return the marked blocks of the document, by name, in its order."""
    text = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    found = _BLOCK.findall(text)
    assert len(found) == len({name for name, _commands in found})
    return dict(found)


def command_of(unit: str) -> list[str]:
    """Return what a unit of deploy/ starts."""
    text = (ROOT / "deploy" / f"shoplink-{unit}.service").read_text(encoding="utf-8")
    line = re.search(r"^ExecStart=(.*)$", text, re.M)
    assert line is not None
    return shlex.split(line.group(1))


@dataclass
class Walk:
    """A walk through the document in `folder`; `app` is the product there.

    `here` are the texts of the document that stand for something else on this
    machine. `walked` are the names of the blocks that were run.
    """

    folder: Path
    environment: dict[str, str]
    here: dict[str, str]
    walked: list[str] = field(default_factory=list)

    @property
    def app(self) -> Path:
        """Return the folder of the product."""
        return self.folder / "app"

    def translate(self, text: str) -> str:
        """Return the text with this machine's paths and ports."""
        for old, new in self.here.items():
            text = text.replace(old, new)
        return text

    def run(self, name: str, **environment: str) -> str:
        """Run the block; return what it wrote, or fail with its story."""
        kept = self.folder / "variables.sh"
        kept.touch(mode=0o600)
        script = (
            f"set -euo pipefail\nsource {kept}\n{self.translate(blocks()[name])}\n"
            f"for name in {' '.join(_KEPT)}; do declare -p $name 2>&3 || true; done "
            f"> {kept} 3>/dev/null\n"
        )
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.app,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, f"{name}:\n{done.stdout}\n{done.stderr}"
        self.walked.append(name)
        return done.stdout
