"""The font of the icons holds what the pages show, and little else."""

from __future__ import annotations

import re

import pytest

from dev import icons
from tests.shoplink.every_page import Rows, pages
from tests.views.scene import signed_in

# As many as a page of text weighs.
MOST_BYTES = 16_000
_SHOWN = re.compile(r'material-symbols-outlined[^<]*?">\s*([a-z0-9_]+)\s*<')


def test_font_holds_the_icons_that_are_wanted() -> None:
    # Else: python -m dev.icons
    # Some have several names.
    assert icons.wanted() <= icons.held()
    assert icons.FONT.stat().st_size < MOST_BYTES


@pytest.mark.django_db
def test_every_icon_that_a_page_shows_is_in_the_font() -> None:
    rows = Rows()
    client = signed_in(rows.user)
    shown: dict[str, str] = {}
    for page in pages(rows):
        answer = client.get(page.address)
        if not answer.streaming and b"material-symbols" in answer.content:
            found = _SHOWN.findall(answer.content.decode())
            shown |= dict.fromkeys(found, page.name)

    assert len(shown) > 20
    # Else: name it in dev/icons.py, and run python -m dev.icons
    assert {
        name: page for name, page in shown.items() if name not in icons.held()
    } == {}
