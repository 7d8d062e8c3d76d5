"""The listing pass goes on exactly where its stored cursor says."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from channels_amazon.sync.catalog.cursor import ListingsCursor
from channels_amazon.sync.runtime.page_trail import PageTrail

BEGAN = datetime(2026, 11, 1, 12, 0, 0, 250_000, tzinfo=UTC)


def test_cursor_survives_the_column() -> None:
    trail = PageTrail(restarts=2).follow(["a", "b"], "next")
    cursor = ListingsCursor(
        ("A1",), "A2", BEGAN, BEGAN, None, "next", 40, 900, BEGAN, trail
    )
    column = json.loads(json.dumps(cursor.stored()))
    assert ListingsCursor.read(column) == cursor


def test_empty_column_is_the_start_of_a_pass() -> None:
    assert ListingsCursor.read({}) == ListingsCursor()


def test_marketplace_that_is_left_is_not_done() -> None:
    cursor = ListingsCursor().begin("A1", BEGAN).leave(is_done=True)
    cursor = cursor.begin("A2", BEGAN).leave(is_done=False)
    assert (cursor.done, cursor.site, cursor.pass_began) == (("A1",), "", BEGAN)
