"""A message that breaks us, though nothing in it is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from channels_amazon.services.orders import fields

POISON = "POISON"


def break_on_poison(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail, late, at the lines of an event that names POISON."""
    write = fields.write_event_lines

    def refuse(change: Any, event_lines: Any, lines: Any) -> None:
        write(change, event_lines, lines)
        if any(line.seller_sku == POISON for line in event_lines):
            raise RuntimeError(POISON)

    monkeypatch.setattr(fields, "write_event_lines", refuse)
