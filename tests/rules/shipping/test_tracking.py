"""How tracking numbers are written and compared."""

from __future__ import annotations

import pytest

from channels_amazon.rules.shipping.tracking import (
    is_same_number,
    number_key,
    without_spaces,
)


def test_spaces_of_every_kind_go() -> None:
    assert without_spaces(" 1Z\t999 AA\u00a010 ") == "1Z999AA10"


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("1z-999 aa", "1Z999AA", True),
        ("1Z999AA", "1Z999AB", False),
        ("１Ｚ９９９", "1z999", True),
        ("--", "-", False),
        (None, "", True),
        (None, "1Z999AA", False),
    ],
)
def test_letters_and_digits_alone_tell_two_numbers_apart(
    one: str | None, other: str, is_same: bool
) -> None:
    assert is_same_number(one, other) is is_same


def test_key_is_the_same_for_every_spelling() -> None:
    spellings = ("1z-99 1", "1Z991", " 1Z.99/1", "１Ｚ991")

    assert {number_key(one) for one in spellings} == {"1z991"}
