"""The pass over FBA units goes on exactly where its stored cursor says."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from channels_amazon.sync.runtime.page_trail import PageTrail
from channels_amazon.sync.stock.fba_cursor import FbaStockCursor

BEGAN = datetime(2026, 11, 1, 12, tzinfo=UTC)


def test_cursor_survives_the_column() -> None:
    trail = PageTrail(restarts=1).follow(["sku"], "next")
    cursor = FbaStockCursor(BEGAN, ("A1",), "A2", "next", BEGAN, trail)
    column = json.loads(json.dumps(cursor.stored()))
    assert FbaStockCursor.read(column) == cursor


def test_site_that_was_not_begun_has_no_token() -> None:
    cursor = FbaStockCursor.read(json.loads(json.dumps(FbaStockCursor(BEGAN).stored())))
    assert (cursor.token, cursor.token_at) == ("", None)


def test_cursor_of_an_earlier_version_goes_on() -> None:
    stored = {
        "began": BEGAN.isoformat(),
        "done": ["A1"],
        "site": "A2",
        "token": "next",
        "token_at": BEGAN.isoformat(),
        "restarts": 1,
    }
    cursor = FbaStockCursor.read(stored)
    assert cursor == FbaStockCursor(BEGAN, ("A1",), "A2", "next", BEGAN)
