"""A search that goes round is seen, a long one is not mistaken for it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import chain, count, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.sync.runtime.page_trail import (
    MARKED_ROWS,
    MOST_EMPTY,
    MOST_RESTARTS,
    PageTrail,
    Standstill,
)

Page = tuple[list[str], str | None]

# More than any trail takes as JSON, however long the pass.
STORED_BYTES = 500


def walked(pages: Iterable[Page]) -> int:
    """Follow the pages, through the column each time; return when it was too much."""
    trail = PageTrail()
    for number, (rows, token) in enumerate(pages, start=1):
        try:
            trail = trail.follow(rows, token)
        except Standstill:
            return number
        text = json.dumps(trail.stored())
        assert len(text) < STORED_BYTES
        trail = PageTrail.read(json.loads(text))
    return 0


def tokens() -> Iterator[str]:
    """Yield tokens, each another one."""
    return (f"token {number}" for number in count())


def ring(tail: int, length: int) -> Iterator[int]:
    """Yield `tail` numbers once, then `length` others again and again."""
    yield from range(tail)
    while True:
        yield from range(tail, tail + length)


def reached(tail: int, length: int) -> int:
    """Return after how many steps a mark has surely come by again."""
    mark = 1
    while mark < max(tail + 1, length):
        mark *= 2
    return mark + length


@given(tail=st.integers(0, 40), length=st.integers(1, 60))
def test_ring_of_tokens_is_seen(tail: int, length: int) -> None:
    pages = ([f"row {n}"] for n in count())
    found = walked(zip(pages, (f"token {n}" for n in ring(tail, length)), strict=False))

    assert 1 < found <= reached(tail, length)


def test_same_token_is_seen_at_once() -> None:
    assert walked((["row 1"], "token") for _ in range(9)) == 2


@given(tail=st.integers(0, 30), length=st.integers(1, 40), size=st.integers(1, 30))
def test_ring_of_rows_under_new_tokens_is_seen(
    tail: int, length: int, size: int
) -> None:
    pages = ([f"{n} {row}" for row in range(size)] for n in ring(tail, length))

    found = walked(zip(pages, tokens(), strict=False))

    assert 2 < found <= 2 * reached(tail, length) + 2 * length


def test_same_rows_under_new_tokens_cost_three_pages() -> None:
    assert walked(zip(repeat(["a", "b"]), tokens(), strict=False)) == 3


@given(size=st.integers(2, 60), total=st.integers(60, 900))
def test_ring_whose_pages_shift_is_seen(size: int, total: int) -> None:
    """The rows begin anew, and each round cuts them into other pages."""
    pages = (
        [f"row {(size * page + row) % total}" for row in range(size)]
        for page in range(9000)
    )

    found = walked(zip(pages, tokens(), strict=False))

    assert 2 < found <= 8 * (total // size + 2)


def test_empty_pages_without_end_are_seen() -> None:
    assert walked(zip(repeat([]), tokens(), strict=False)) == MOST_EMPTY + 1


@given(st.lists(st.integers(0, 3), max_size=80))
def test_few_empty_pages_between_others_pass(sizes: list[int]) -> None:
    """Up to MOST_EMPTY in a row are no standstill."""
    pages = chain.from_iterable(
        [*repeat([], number % (MOST_EMPTY + 1)), [f"row {at}"]]
        for at, number in enumerate(sizes)
    )

    assert walked(zip(pages, tokens(), strict=False)) == 0


@given(
    sizes=st.lists(st.integers(1, 40), max_size=200),
    slips=st.sets(st.integers(1, 199)),
)
def test_pass_with_rows_that_slip_to_the_next_page_ends(
    sizes: list[int], slips: set[int]
) -> None:
    """A row inserted before the page moves its last one to the next page."""
    pages, last = [], ""
    for at, size in enumerate(sizes):
        rows = [f"row {at} {n}" for n in range(size)]
        slipped = [last] if at in slips and last and len(rows) > 1 else []
        pages.append([*slipped, *rows])
        last = rows[-1] if size > 1 else ""

    assert walked(zip(pages, tokens(), strict=False)) == 0


def test_rows_that_changed_meanwhile_are_new_ones() -> None:
    """A merchant changes all listings while they are read: all of them come again."""
    rounds = ([f"{sku}|{time}" for sku in range(20)] for time in range(500))

    assert walked(zip(rounds, tokens(), strict=False)) == 0


def test_pass_of_millions_of_rows_ends_with_a_small_trail() -> None:
    pages = ([f"{page}-{row}" for row in range(50)] for page in range(40_000))
    trail = PageTrail()

    for rows, token in zip(pages, tokens(), strict=False):
        trail = trail.follow(rows, token)
    trail = trail.follow(["the last"], None)

    assert trail.pages == 40_001
    assert len(trail.rows) == MARKED_ROWS
    assert len(json.dumps(trail.stored())) < STORED_BYTES


def test_refused_tokens_begin_the_pass_anew_so_often() -> None:
    trail = PageTrail().follow(["a"], "t").follow(["b"], "u")

    for number in range(MOST_RESTARTS):
        trail = trail.restarted().follow(["a"], "t").follow(["b"], "u")
        assert trail.restarts == number + 1

    with pytest.raises(Standstill, match="4 times"):
        trail.restarted()


def test_column_without_a_trail_is_an_empty_one() -> None:
    assert PageTrail.read(None) == PageTrail.read({}) == PageTrail()
