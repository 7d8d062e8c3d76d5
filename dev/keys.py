"""Makes the secret keys of an installation once, in the ignored file `.env`."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def read(path: Path) -> dict[str, str]:
    """Return the names and values in the `.env` file at `path`, if it is there."""
    if not path.exists():
        return {}
    pairs = (
        line.partition("=")
        for line in path.read_text(encoding="utf-8").splitlines()
        if "=" in line and not line.lstrip().startswith("#")
    )
    return {name.strip(): value.strip() for name, _, value in pairs}


def ensure(path: Path = ROOT / ".env") -> list[str]:
    """Add the keys that `path` lacks, readable by its owner only; return their names.

    A key that is there is never touched: with it, what is stored stays readable.
    """
    present = read(path)
    wanted = _new()
    missing = [
        name
        for name in wanted
        if not any(present.get(n) or os.environ.get(n) for n in (name, f"{name}_FILE"))
    ]
    if missing:
        _write(path, {name: wanted[name] for name in missing})
    return missing


def _write(path: Path, keys: dict[str, str]) -> None:
    """Put the keys where `path` leaves room for them, else at its end."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    left = dict(keys)
    lines = []
    for line in text.splitlines():
        # The first line of a name is the one that counts.
        name = line.removesuffix("=").strip() if line.endswith("=") else ""
        lines.append(f"{name}={left.pop(name)}" if name in left else line)
    lines += [f"{name}={key}" for name, key in left.items()]
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    new.replace(path)


def throwaway() -> dict[str, str]:
    """Return an environment with new keys in which nobody's `.env` is read."""
    return _new() | {"ENV_FILE": os.devnull}


def _new() -> dict[str, str]:
    return {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FERNET_KEYS": secrets.token_urlsafe(32),
    }


if __name__ == "__main__":
    made = ensure()
    print(f"Keys made in .env: {', '.join(made)}." if made else "The keys are there.")
