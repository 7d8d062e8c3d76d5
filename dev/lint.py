"""Runs every rule of the house and says which were broken: `make lint`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from dev import markup

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"

_PYTHON = str(BIN / "python")
_PAGES = ["templates", "channels_amazon"]
STEPS = {
    "format": [str(BIN / "ruff"), "format", "--check", "."],
    "rules": [str(BIN / "ruff"), "check", "."],
    "imports": [str(BIN / "lint-imports"), "--no-cache"],
    "types": [str(BIN / "mypy")],
    "templates, format": [str(BIN / "djlint"), "--check", "--quiet", *_PAGES],
    "templates, rules": [str(BIN / "djlint"), "--lint", "--quiet", *_PAGES],
    "migrations": [_PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"],
}


def main() -> int:
    """Run every step, show what each found, return 1 when one found something."""
    broken = [title for title, command in STEPS.items() if not _passes(title, command)]
    findings = list(markup.findings(ROOT))
    print(f"-- markup: {'clean' if not findings else ''}", flush=True)
    for finding in findings:
        print(finding)
    if findings:
        broken.append("markup")
    print(f"Broken: {', '.join(broken)}." if broken else "Lint is clean.")
    return 1 if broken else 0


def _passes(title: str, command: list[str]) -> bool:
    print(f"-- {title}", flush=True)
    # No keys are needed to look at the code.
    environment = os.environ | {"DEBUG": "true"}
    return subprocess.run(command, cwd=ROOT, env=environment).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
