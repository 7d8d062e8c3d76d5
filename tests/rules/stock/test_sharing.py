"""What each account publishes of a variant's units, and why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.rules.stock.sharing import (
    DecidedBy,
    ListingFacts,
    PublishedUnits,
    share_out,
    sharing_inputs,
    sized_buffer,
)
from channels_amazon.rules.stock.terms import ShareMode, StockTerms

SPLIT, SHARED = ShareMode.SPLIT, ShareMode.SHARED

stocks = st.integers(0, 500)
terms_that_draw = st.builds(
    StockTerms,
    mode=st.sampled_from(ShareMode),
    share=st.integers(1, 100),
    cap=st.none() | st.integers(0, 60),
    floor=st.integers(0, 10),
    buffer=st.integers(0, 10),
)
any_terms = st.one_of(
    st.none(),
    terms_that_draw,
    st.builds(StockTerms, mode=st.sampled_from(ShareMode), fixed=st.integers(0, 99)),
    st.builds(StockTerms, mode=st.sampled_from(ShareMode), is_published=st.just(False)),
)


@st.composite
def listings(draw: st.DrawFn) -> list[ListingFacts]:
    """Draw the listings of one variant, with and without rules."""
    return [
        ListingFacts(
            listing_id,
            terms,
            velocity=draw(st.sampled_from([0.0, 1e-6, 0.01, 0.5])),
            propagation=draw(st.sampled_from([0.0, 2.0, 90.0, 90_000.0])),
        )
        for listing_id, terms in enumerate(draw(st.lists(any_terms, max_size=6)))
    ]


def only(available: int | None, terms: StockTerms | None) -> PublishedUnits:
    """Return what a variant's only listing publishes."""
    return share_out(available, [ListingFacts(1, terms)])[0]


def quantities(available: int, *terms: StockTerms | None) -> list[int | None]:
    """Return what listings with these terms publish."""
    facts = [ListingFacts(place, one) for place, one in enumerate(terms)]
    return [one.quantity for one in share_out(available, facts)]


@given(stocks, st.integers(1, 6))
def test_without_a_rule_all_that_is_available_is_published(
    available: int, count: int
) -> None:
    published = share_out(available, [ListingFacts(n) for n in range(count)])

    assert {one.quantity for one in published} == {available}
    assert {one.decided_by for one in published} == {DecidedBy.NO_RULE}
    assert [sharing_inputs(one) for one in published] == [None] * count


@given(stocks, listings())
def test_split_accounts_never_publish_more_than_there_is(
    available: int, found: list[ListingFacts]
) -> None:
    published = share_out(available, found)

    split = [one for one in published if is_drawing(one, SPLIT)]
    shared = [one.quantity or 0 for one in published if is_drawing(one, SHARED)]
    total = sum(one.quantity or 0 for one in split)
    assert total <= available
    # Nor does any shared one draw on what the split ones publish.
    assert total + max(shared, default=0) <= available


@given(stocks, listings())
def test_quantity_is_within_the_terms_of_its_rule(
    available: int, found: list[ListingFacts]
) -> None:
    for one in share_out(available, found):
        terms = one.facts.terms
        if terms is None or not terms.draws_on_stock:
            continue
        assert one.quantity is not None
        assert one.quantity == 0 or one.quantity > terms.floor
        assert terms.cap is None or one.quantity <= terms.cap
        assert one.quantity <= max(0, one.seen - terms.buffer)
        assert one.quantity <= max(0, one.seen - one.sized.units)


@given(stocks, listings(), st.permutations(range(6)))
def test_order_of_the_listings_does_not_matter(
    available: int, found: list[ListingFacts], order: list[int]
) -> None:
    shuffled = [found[place] for place in order if place < len(found)]

    published = {one.facts.listing_id: one for one in share_out(available, found)}

    for one in share_out(available, shuffled):
        assert one == published[one.facts.listing_id]


@given(stocks, listings())
def test_more_stock_never_publishes_less_of_a_split_part(
    available: int, found: list[ListingFacts]
) -> None:
    few, more = share_out(available, found), share_out(available + 1, found)

    for less, greater in zip(few, more, strict=True):
        if is_drawing(less, SPLIT):
            assert (less.quantity or 0) <= (greater.quantity or 0)


@given(stocks, listings())
def test_units_of_a_split_part_that_stops_are_not_shown_elsewhere(
    available: int, found: list[ListingFacts]
) -> None:
    never_stop = [
        replace(one, terms=one.terms and replace(one.terms, floor=0)) for one in found
    ]

    stopping, without = share_out(available, found), share_out(available, never_stop)

    assert [one.seen for one in stopping] == [one.seen for one in without]


@pytest.mark.parametrize(
    ("available", "terms", "quantity", "decided_by"),
    [
        (10, StockTerms(), 10, DecidedBy.ALL),
        (10, StockTerms(SPLIT), 10, DecidedBy.ALL),
        (10, StockTerms(SPLIT, 60), 6, DecidedBy.SHARE),
        (9, StockTerms(SPLIT, 50), 4, DecidedBy.SHARE),
        (9, StockTerms(SHARED, 50), 4, DecidedBy.SHARE),
        (10, StockTerms(buffer=3), 7, DecidedBy.BUFFER),
        (2, StockTerms(buffer=3), 0, DecidedBy.BUFFER),
        (50, StockTerms(cap=20), 20, DecidedBy.CAP),
        (50, StockTerms(cap=0), 0, DecidedBy.CAP),
        (20, StockTerms(cap=20), 20, DecidedBy.ALL),
        (2, StockTerms(floor=2), 0, DecidedBy.FLOOR),
        (3, StockTerms(floor=2), 3, DecidedBy.ALL),
        # The buffer first, then the cap, then the floor.
        (5, StockTerms(buffer=3, floor=2), 0, DecidedBy.FLOOR),
        (30, StockTerms(buffer=8, cap=20), 20, DecidedBy.CAP),
        (25, StockTerms(buffer=8, cap=20), 17, DecidedBy.BUFFER),
        (0, StockTerms(floor=2), 0, DecidedBy.ALL),
        (0, StockTerms(fixed=7), 7, DecidedBy.FIXED),
        (None, StockTerms(fixed=7), 7, DecidedBy.FIXED),
        (None, StockTerms(), None, DecidedBy.NOT_COUNTED),
        (None, None, None, DecidedBy.NOT_COUNTED),
        (9, StockTerms(is_published=False), None, DecidedBy.NOT_PUBLISHED),
    ],
)
def test_quantity_and_what_decided_it(
    available: int | None,
    terms: StockTerms | None,
    quantity: int | None,
    decided_by: DecidedBy,
) -> None:
    published = only(available, terms)

    assert published.quantity == quantity
    assert published.decided_by == decided_by


def test_shares_that_exceed_the_whole_are_scaled_down() -> None:
    assert quantities(90, *[StockTerms(SPLIT)] * 3) == [30, 30, 30]
    assert quantities(100, StockTerms(SPLIT, 90), StockTerms(SPLIT, 60)) == [60, 40]
    assert quantities(100, StockTerms(SPLIT, 30), StockTerms(SPLIT, 20)) == [30, 20]


def test_shared_ones_see_what_the_split_ones_leave() -> None:
    split = StockTerms(SPLIT, 60)

    assert quantities(100, split, StockTerms(), None) == [60, 40, 40]
    # What a cap keeps the split one from publishing is left to the others.
    capped = StockTerms(SPLIT, 60, cap=10, buffer=5)
    assert quantities(100, capped, StockTerms()) == [10, 85]


def test_neither_a_fixed_nor_an_unpublished_one_takes_a_part() -> None:
    fixed, unpublished = (
        StockTerms(SPLIT, fixed=5),
        StockTerms(SPLIT, is_published=False),
    )

    assert quantities(10, fixed, unpublished, StockTerms(SPLIT)) == [5, None, 10]


@pytest.mark.parametrize(
    ("seen", "velocity", "propagation", "units", "needed"),
    [
        (100, 0.0, 60.0, 0, 0),
        (100, 1e-6, 60.0, 1, 1),
        (100, 0.1, 30.0, 3, 3),
        (100, 0.1, 31.0, 4, 4),
        # Bounded by what there is, and by the longest time that counts.
        (5, 0.1, 60.0, 3, 6),
        (1, 0.1, 60.0, 1, 6),
        (0, 0.1, 60.0, 0, 6),
        (1000, 0.01, 36_000.0, 36, 360),
        (10, -1.0, 60.0, 0, 0),
    ],
)
def test_buffer_is_sized_by_sales_and_time(
    seen: int, velocity: float, propagation: float, units: int, needed: int
) -> None:
    sized = sized_buffer(seen, velocity, propagation)

    assert (sized.units, sized.needed) == (units, needed)
    assert sized.is_bounded is (units < needed)


def test_larger_of_the_two_buffers_is_held_back() -> None:
    facts = ListingFacts(1, StockTerms(buffer=2), velocity=0.05, propagation=100.0)
    [one] = share_out(100, [facts])

    assert (one.quantity, one.buffer, one.sized.units) == (95, 5, 5)
    [small] = share_out(3, [facts])
    assert (small.quantity, small.buffer, small.sized.is_bounded) == (1, 2, True)


def test_inputs_are_kept_beside_the_quantity() -> None:
    facts = ListingFacts(1, StockTerms(SPLIT, 60, cap=20, floor=2))
    [one] = share_out(50, [facts])

    assert sharing_inputs(one) == {
        "decided_by": "cap",
        "mode": "split",
        "share": 60,
        "cap": 20,
        "floor": 2,
        "fixed": None,
        "split_percent": 60,
        "split_units": 20,
        "seen": 30,
        "buffer": 0,
        "buffer_needed": 0,
        "velocity": 0.0,
        "propagation": 0.0,
    }


def is_drawing(one: PublishedUnits, mode: ShareMode) -> bool:
    """Tell whether the listing has a rule of this mode that draws on the stock."""
    terms = one.facts.terms
    return terms is not None and terms.mode is mode and terms.draws_on_stock
