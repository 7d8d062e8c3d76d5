"""A split account's quantity rises only as far as others have let go."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.rules.stock.rises import rises_held

listings = st.integers(1, 5)
units = st.integers(0, 30)


@st.composite
def parts(draw: st.DrawFn) -> tuple[int, dict[int, int], dict[int, int]]:
    """Draw parts that do not exceed what is available, and what Amazon shows."""
    wanted = draw(st.dictionaries(listings, units))
    shown = draw(st.dictionaries(listings, units))
    available = sum(wanted.values()) + draw(units)
    return available, wanted, {one: shown[one] for one in shown if one in wanted}


@given(parts())
def test_what_amazon_may_sell_never_exceeds_what_is_there(
    drawn: tuple[int, dict[int, int], dict[int, int]],
) -> None:
    available, wanted, shown = drawn

    published = rises_held(available, wanted, shown)

    # At each listing the old number or the new one counts, whichever is accepted.
    worst = sum(max(published[one], shown.get(one, 0)) for one in wanted)
    assert worst <= max(available, sum(shown.values()))


@given(parts())
def test_lower_numbers_go_at_once_and_no_rise_goes_too_far(
    drawn: tuple[int, dict[int, int], dict[int, int]],
) -> None:
    available, wanted, shown = drawn

    for one, quantity in rises_held(available, wanted, shown).items():
        before = shown.get(one, 0)
        assert min(before, wanted[one]) <= quantity <= wanted[one]


@given(parts())
def test_nothing_is_held_once_the_lower_numbers_are_accepted(
    drawn: tuple[int, dict[int, int], dict[int, int]],
) -> None:
    available, wanted, shown = drawn

    accepted = {one: min(shown.get(one, 0), wanted[one]) for one in wanted}

    assert rises_held(available, wanted, accepted) == wanted


def test_part_that_rises_waits_for_the_one_that_falls() -> None:
    # Ten were shared out; account 1 has sold three of its five.
    wanted = {1: 3, 2: 3}

    assert rises_held(7, wanted, {1: 2, 2: 5}) == {1: 2, 2: 3}
    assert rises_held(7, wanted, {1: 2, 2: 3}) == wanted
