"""Collects the texts to translate and compiles the translations: `make messages`."""

from __future__ import annotations

import shutil
import subprocess
import sys

from dev.keys import ROOT

_LOOK_AWAY = [".venv", "data", "tests", "bench", "dev", "channels_amazon/emulator"]


def main() -> int:
    """Update and compile `locale/`; return 1 when GNU gettext is missing."""
    if not shutil.which("msgfmt") or not shutil.which("xgettext"):
        print("GNU gettext is missing (Debian, Ubuntu: apt install gettext).")
        return 1
    ignored = [part for name in _LOOK_AWAY for part in ("--ignore", f"{name}/*")]
    steps = [
        [
            "makemessages",
            "--locale",
            "zh_Hans",
            "--no-obsolete",
            "--no-wrap",
            "--no-location",
            *ignored,
        ],
        ["compilemessages", *ignored],
    ]
    for step in steps:
        command = [sys.executable, "manage.py", *step]
        if subprocess.run(command, cwd=ROOT).returncode:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
