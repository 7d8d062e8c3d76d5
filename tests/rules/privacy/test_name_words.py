"""A name is found by its words, in whatever form they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.rules.privacy.name_words import (
    MOST_ASKED,
    MOST_WORDS,
    asked_words,
    index_words,
)

names = st.text(
    alphabet=st.sampled_from("aÄßéñ 山田太郎김ｱ-'’ＡＢ１ _・"), min_size=1, max_size=12
)


def finds(asked: str, name: str) -> bool:
    """Tell whether a search for `asked` finds `name`."""
    words = asked_words(asked)
    return bool(words) and words <= index_words(name)


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("murray", "Wilhelmina MURRAY"),
        ("Murray Wilhelmina", "Wilhelmina Murray"),
        ("STRASSE", "Anna Straße"),
        ("Jose\u0301", "José"),
        ("Ｍｕｒｒａｙ", "Murray"),
        ("O'Brien", "o’brien"),
        ("山田", "山田 太郎"),
        ("山田太郎", "山田 太郎"),
        ("山田　太郎", "山田太郎"),
        ("田太", "山田太郎"),
        ("ﾔﾏﾀﾞ", "ヤマダ 太郎"),
        ("王", "王 Ann"),
        ("김철수", "김 철수"),
    ],
)
def test_name_is_found_however_it_is_written(asked: str, name: str) -> None:
    assert finds(asked, name)


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("murra", "Murray"),
        ("Murray John", "Wilhelmina Murray"),
        ("太山", "山田太郎"),
        ("", "Murray"),
        (" - _ ", "Murray"),
    ],
)
def test_other_name_is_not_found(asked: str, name: str) -> None:
    assert not finds(asked, name)


@given(names)
def test_every_name_with_words_finds_itself(name: str) -> None:
    assert finds(name, name) == bool(asked_words(name))


@given(st.text())
def test_no_text_makes_too_many_words(text: str) -> None:
    assert len(index_words(text * 50)) <= MOST_WORDS
    assert len(asked_words(text * 50)) <= MOST_ASKED
