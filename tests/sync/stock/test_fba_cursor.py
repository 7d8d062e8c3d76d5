"""The pass over FBA units goes on exactly where its stored cursor says."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from channels_amazon.sync.stock.fba_cursor import FbaStockCursor

BEGAN = datetime(2026, 11, 1, 12, tzinfo=UTC)


def test_cursor_survives_the_column() -> None:
    cursor = FbaStockCursor(BEGAN, ("A1",), "A2", "next", BEGAN, 1)
    column = json.loads(json.dumps(cursor.stored()))
    assert FbaStockCursor.read(column) == cursor


def test_site_that_was_not_begun_has_no_token() -> None:
    cursor = FbaStockCursor.read(json.loads(json.dumps(FbaStockCursor(BEGAN).stored())))
    assert (cursor.token, cursor.token_at) == ("", None)
