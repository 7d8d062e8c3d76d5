"""Runs every rule of the house and says which were broken: `make lint`.

With the names of steps only these: `make lint ONLY=types`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dev import markup

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"

# Each step is one process; types take as long as the others together.
_AT_ONCE = 2
_MARKUP = "markup"
_PYTHON = str(BIN / "python")
_PAGES = ["templates", "channels_amazon"]
STEPS = {
    "types": [str(BIN / "mypy")],
    "format": [str(BIN / "ruff"), "format", "--check", "."],
    "rules": [str(BIN / "ruff"), "check", "."],
    "imports": [str(BIN / "lint-imports"), "--no-cache"],
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
    broken = []
    with ThreadPoolExecutor(_AT_ONCE) as steps:
        for title, (passes, text) in zip(wanted, steps.map(_run, wanted), strict=True):
            print(f"-- {title}\n{text}", flush=True)
            if not passes:
                broken.append(title)
    print(f"Broken: {', '.join(broken)}." if broken else "Lint is clean.")
    return 1 if broken else 0


def _run(title: str) -> tuple[bool, str]:
    """Return whether a step found nothing, and what it wrote."""
    if title == _MARKUP:
        findings = list(markup.findings(ROOT))
        return not findings, "\n".join(findings) or "clean"
    done = subprocess.run(
        STEPS[title],
        cwd=ROOT,
        # No keys are needed to look at the code.
        env=os.environ | {"DEBUG": "true"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.returncode == 0, done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
