"""What a person agreed to covers a shortfall, or what is less bad than that."""

from __future__ import annotations

import pytest

from channels_amazon.services.stock.shortfalls import Shortfall

PLACE = (1, 1)


@pytest.mark.parametrize(
    ("seen", "on_hand", "available", "is_within"),
    [
        (-1, -1, -1, True),
        (-3, -1, -1, True),
        (-1, -2, -2, False),
        (4, 0, -4, True),
        (4, 0, -5, False),
        (4, -1, -4, False),
        # A level of -3 lacked three units for other orders, and no more were agreed to.
        (-3, 0, -3, True),
        (-1, 0, -500, False),
        (-1, 450, -50, False),
    ],
)
def test_agreement_covers_what_is_as_bad_at_most(
    seen: int, on_hand: int, available: int, is_within: bool
) -> None:
    fallen = Shortfall(PLACE, "LAMP", "Hamburg", on_hand, available)

    assert fallen.is_within({PLACE: seen}) is is_within
    assert not fallen.is_within({})
