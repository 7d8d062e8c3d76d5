"""Says who acts, where a change does not name it; services layer."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

_name: ContextVar[str] = ContextVar("actor", default="")


@contextmanager
def acting(name: str) -> Iterator[None]:
    """Let what is changed in between be the doing of this user."""
    before = _name.set(name)
    try:
        yield
    finally:
        _name.reset(before)


def current_actor() -> str:
    """Return the user who acts; without one the command, which has no secret in it."""
    if name := _name.get():
        return name
    program, command = Path(sys.argv[0]).name, sys.argv[1:2]
    return " ".join([program, *command]) if program == "manage.py" else program
