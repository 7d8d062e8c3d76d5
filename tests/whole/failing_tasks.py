"""Tasks that fail with what must not be stored or logged."""

from __future__ import annotations

from tests.faulty_tables import ROW


def fail_with_token() -> None:
    """Fail with a secret in the error."""
    token = "Atzr|IwEBI" + "canary" * 4
    raise ValueError(f"refused {token}")


def fail_with_row() -> None:
    """Fail with a row that the database refused, quoted in a text."""
    raise ValueError(f"not stored\nDETAIL:  Failing row contains {ROW}")
