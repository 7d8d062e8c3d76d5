"""Amazon's words are read in the reader's language, unknown ones as Amazon's own."""

from __future__ import annotations

import pytest
from django.utils import translation

from channels_amazon.emulator.orders.lifecycle import CANCEL_REASONS
from channels_amazon.services.orders.amazon_words import (
    Enumeration,
    amazon_word,
    amazon_words,
    knows,
)


@pytest.mark.parametrize(
    ("word", "enumeration", "english", "chinese"),
    [
        ("STANDARD", "service", "Standard", "标准配送"),
        ("SecondDay", "service", "Second day", "隔日达"),
        ("UNSHIPPED", "order_status", "Unshipped", "未发货"),
        ("PartiallyShipped", "order_status", "Partially shipped", "部分发货"),
        ("RESIDENTIAL", "address_type", "Residential", "住宅"),
        ("ORDERED_BY_MISTAKE", "cancel_reason", "Ordered by mistake", "误下单"),
        ("CompletePartialled", "mcf_status", "Partly complete", "部分完成"),
        ("PROFESSIONAL", "selling_plan", "Professional selling plan", "专业销售计划"),
    ],
)
def test_word_is_in_the_readers_language(
    word: str, enumeration: str, english: str, chinese: str
) -> None:
    with translation.override("en"):
        assert amazon_word(word, enumeration) == english
    with translation.override("zh-hans"):
        assert amazon_word(word, enumeration) == chinese


def test_unknown_word_is_quoted_as_amazons() -> None:
    with translation.override("zh-hans"):
        assert amazon_word("MOON_MAIL", "service") == "“MOON_MAIL”"


def test_no_word_stays_empty() -> None:
    assert amazon_word("", "service") == ""
    assert amazon_words([], "program") == ""


def test_several_words_are_an_enumeration() -> None:
    with translation.override("zh-hans"):
        assert amazon_words(["PRIME", "IN_STORE_PICK_UP"], "program") == (
            "Prime、到店自提"
        )


@pytest.mark.parametrize("reason", CANCEL_REASONS)
def test_reason_of_the_local_amazon_is_known(reason: str) -> None:
    assert knows(reason, Enumeration.CANCEL_REASON)
