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


def _hsts(**environment: str) -> tuple[int, str]:
    """Return the exit code and what the settings say of HSTS in that environment."""
    shown = (
        "from shoplink import settings as s; print(s.SECURE_HSTS_SECONDS, "
        "s.SECURE_HSTS_INCLUDE_SUBDOMAINS, s.SECURE_HSTS_PRELOAD)"
    )
    keys = {"SECRET_KEY": "s" * 50, "FERNET_KEYS": "f" * 40, "ENV_FILE": os.devnull}
    done = subprocess.run(
        [sys.executable, "-c", shown],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | keys | environment,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout.strip()


def test_hsts_speaks_for_this_name_alone_unless_told() -> None:
    assert _hsts() == (0, "31536000 False False")
    assert _hsts(HSTS_SECONDS="0") == (0, "0 False False")
    assert _hsts(HTTPS_ONLY="false") == (0, "0 False False")
    wide = {"HSTS_INCLUDE_SUBDOMAINS": "true"}
    assert _hsts(**wide) == (0, "31536000 True False")
    assert _hsts(**wide, HSTS_PRELOAD="true") == (0, "31536000 True True")


def test_preload_without_what_it_needs_is_refused() -> None:
    assert _hsts(HSTS_PRELOAD="true")[0] != 0
    assert _hsts(WEBHOOK_CA_FILE="/no/such/file.pem")[0] != 0


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
