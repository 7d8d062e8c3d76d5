"""Collects the texts to translate and compiles the translations: `make messages`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from dev import services
from dev.keys import ROOT

_LOOK_AWAY = [".venv", "data", "tests", "bench", "dev", "channels_amazon/emulator"]


def main() -> int:
    """Update and compile `locale/`; return 1 when GNU gettext cannot be had."""
    if not shutil.which("msgfmt") or not shutil.which("xgettext"):
        try:
            services.install(["gettext"], "GNU gettext")
        except services.Missing as reason:
            print(reason)
            return 1
    # No keys are needed to read texts.
    environment = os.environ | {"DEBUG": "true"}
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
        if subprocess.run(command, cwd=ROOT, env=environment).returncode:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
