"""The environment of the demonstration: the local Amazon, unless the user names one."""

from __future__ import annotations

import os
from pathlib import Path

from channels_amazon.emulator.server import Emulator
from dev import keys

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data"


def chosen(environment: dict[str, str], name: str, default: str) -> str:
    """Return what the user set for `name`, in the process or in `.env`."""
    return environment.get(name) or keys.read(ROOT / ".env").get(name) or default


def environment() -> dict[str, str]:
    """Return the environment in which the demonstration's processes run.

    What the user set, in the process or in `.env`, is never replaced; once one of
    Amazon's names is set, the local Amazon's are left out altogether.
    """
    given = dict(os.environ)
    port = chosen(given, "PORT", "8000")
    emulator_port = chosen(given, "EMULATOR_PORT", "9100")
    demo = {
        "PORT": port,
        "EMULATOR_PORT": emulator_port,
        "HTTPS_ONLY": "false",
        "LOG_FORMAT": "text",
        "PYTHONUNBUFFERED": "1",
        "OAUTH_REDIRECT_URI": f"http://127.0.0.1:{port}/admin/amazon/callback/",
        # Where the local Amazon leads who begins there; not by PORT in the Procfile,
        # since honcho gives each process another one.
        "LOGIN_URI": f"http://127.0.0.1:{port}/admin/amazon/appstore-login/",
    }
    user = keys.read(ROOT / ".env") | given
    if not any(name.startswith(("SPAPI_", "LWA_")) for name in user):
        demo |= _local_amazon(int(emulator_port), demo["OAUTH_REDIRECT_URI"])
    bin_folder = ROOT / ".venv" / "bin"
    return (
        demo
        | {name: value for name, value in user.items() if value}
        | {"PATH": f"{bin_folder}{os.pathsep}{given.get('PATH', os.defpath)}"}
    )


def _local_amazon(port: int, redirect_uri: str) -> dict[str, str]:
    # Its names depend on ports and seed alone, so it need not run to tell them.
    return Emulator(
        port=port, queue_port=port + 1, redirect_uri=redirect_uri
    ).settings()
