"""Runs every rule of the house and says which were broken: `make lint`.

With the names of steps only these: `make lint ONLY=types`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from dev import markup

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"

_MARKUP = "markup"
_PYTHON = str(BIN / "python")
_PAGES = ["templates", "channels_amazon"]
STEPS = {
    "format": [str(BIN / "ruff"), "format", "--check", "."],
    "rules": [str(BIN / "ruff"), "check", "."],
    "imports": [str(BIN / "lint-imports"), "--no-cache"],
    "types": [str(BIN / "mypy")],
    "template-format": [str(BIN / "djlint"), "--check", "--quiet", *_PAGES],
    "template-rules": [str(BIN / "djlint"), "--lint", "--quiet", *_PAGES],
    "migrations": [_PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"],
}


def main(chosen: list[str]) -> int:
    """Run the chosen steps, else all; return 1 when one found something, 2 for none."""
    unknown = set(chosen) - {*STEPS, _MARKUP}
    if unknown:
        print(f"There is no step {', '.join(sorted(unknown))}.")
        print(f"There are: {', '.join([*STEPS, _MARKUP])}.")
        return 2
    wanted = chosen or [*STEPS, _MARKUP]
    broken = [title for title in wanted if not _passes(title)]
    print(f"Broken: {', '.join(broken)}." if broken else "Lint is clean.")
    return 1 if broken else 0


def _passes(title: str) -> bool:
    print(f"-- {title}", flush=True)
    if title == _MARKUP:
        findings = list(markup.findings(ROOT))
        print("\n".join(findings) or "clean")
        return not findings
    # No keys are needed to look at the code.
    environment = os.environ | {"DEBUG": "true"}
    return subprocess.run(STEPS[title], cwd=ROOT, env=environment).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
