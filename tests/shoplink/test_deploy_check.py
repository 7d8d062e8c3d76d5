"""Test that the settings of a server pass Django's own deployment check."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_check_deploy_is_clean_with_production_settings(tmp_path: Path) -> None:
    production = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": os.devnull,
        "SECRET_KEY": "".join(chr(33 + n % 90) for n in range(0, 600, 7)),
        "FERNET_KEYS": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG",
        "ALLOWED_HOSTS": "shop.example.com",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'check.sqlite3'}",
    }
    command = [sys.executable, "manage.py", "check", "--deploy"]
    done = subprocess.run(
        [*command, "--fail-level", "WARNING"],
        cwd=ROOT,
        env=production,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_loopback_for_webhooks_is_refused_without_debug(tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": os.devnull,
        "WEBHOOK_ALLOW_LOOPBACK": "true",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'check.sqlite3'}",
        "SECRET_KEY": "x" * 50,
        "FERNET_KEYS": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG",
    }

    def check(**over: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", "check"],
            cwd=ROOT,
            env=environment | over,
            capture_output=True,
            text=True,
        )

    assert "WEBHOOK_ALLOW_LOOPBACK is for DEBUG=true alone" in check().stderr
    assert check(DEBUG="true").returncode == 0
