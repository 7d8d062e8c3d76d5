"""Available units, warehouses and shortages."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.rules.stock.allocation import (
    Hold,
    Level,
    available,
    choose_warehouse,
    falls_below_zero,
    short_holds,
)

levels = st.lists(
    st.builds(
        Level,
        warehouse_id=st.integers(1, 5),
        on_hand=st.integers(-50, 50),
        reserved=st.integers(0, 50),
    ),
    max_size=5,
    unique_by=lambda level: level.warehouse_id,
)


def test_available_is_free_units_less_safety_stock() -> None:
    stocked = [Level(1, on_hand=10, reserved=3), Level(2, on_hand=1, reserved=4)]

    assert available(stocked, 1) == 3
    assert available(stocked, 9) == 0


@given(levels, st.integers(0, 20))
def test_available_is_never_below_zero_nor_above_the_free_units(
    stocked: list[Level], safety: int
) -> None:
    free = sum(level.free for level in stocked)

    assert 0 <= available(stocked, safety) <= max(0, free)


def test_level_falls_below_zero_by_what_it_shows_or_promises() -> None:
    assert falls_below_zero(Level(1, 1), Level(1, -1))
    assert falls_below_zero(Level(1, -1), Level(1, -2))
    assert falls_below_zero(Level(1, 2, 2), Level(1, 1, 2))
    assert not falls_below_zero(Level(1, 2), Level(1, 0))
    # Shipping what is held changes nothing for the others, who lacked units before.
    assert not falls_below_zero(Level(1, 2, 3), Level(1, 0, 1))
    assert not falls_below_zero(Level(1, -2), Level(1, -1))


def test_choose_warehouse_prefers_the_default_one_with_enough() -> None:
    near = Level(1, on_hand=2, is_default=True)
    far = Level(2, on_hand=9)

    assert choose_warehouse([far, near], 2) == 1
    assert choose_warehouse([far, near], 3) == 2
    assert choose_warehouse([far, near], 99) == 1
    assert choose_warehouse([], 1) is None


def test_short_holds_serves_who_came_first() -> None:
    holds = [Hold(1, 2), Hold(2, 2), Hold(3, 1)]

    assert short_holds(3, holds) == {2, 3}
    assert short_holds(5, holds) == set()
    assert short_holds(-1, holds) == {1, 2, 3}
