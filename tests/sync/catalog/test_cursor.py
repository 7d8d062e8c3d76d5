"""The listing pass goes on exactly where its stored cursor says."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from channels_amazon.sync.catalog.cursor import ListingsCursor

BEGAN = datetime(2026, 11, 1, 12, 0, 0, 250_000, tzinfo=UTC)


def test_cursor_survives_the_column() -> None:
    cursor = ListingsCursor(("A1",), "A2", BEGAN, BEGAN, None, "next", 40, 900)
    column = json.loads(json.dumps(cursor.stored()))
    assert ListingsCursor.read(column) == cursor


def test_empty_column_is_the_start_of_a_pass() -> None:
    assert ListingsCursor.read({}) == ListingsCursor()
