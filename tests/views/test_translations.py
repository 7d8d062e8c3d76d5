"""The Chinese words: none missing, and the compiled file is the written one."""

from __future__ import annotations

import gettext
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from django.utils import translation

from channels_amazon.former_wording import FORMER_SENTENCES

FOLDER = Path(__file__).resolve().parents[2] / "locale" / "zh_Hans" / "LC_MESSAGES"


def messages() -> list[Message]:
    """Return the messages of the written file."""
    with (FOLDER / "django.po").open("rb") as file:
        return [message for message in read_po(file) if message.id]


def first(value: object) -> str:
    """Return a message's one text; Chinese has no plural forms."""
    return str(value[0] if isinstance(value, list | tuple) else value)


def last(text: str | tuple[str, ...] | list[str]) -> str:
    """Return the text, or the last of its forms."""
    return text if isinstance(text, str) else text[-1]


def test_every_message_is_translated() -> None:
    missing = [
        message.id
        for message in messages()
        if message.fuzzy or not first(message.string)
    ]

    assert missing == []


@pytest.mark.parametrize("mark", ["%(", "{"])
def test_translation_keeps_the_placeholders(mark: str) -> None:
    wrong = [
        message.id
        for message in messages()
        # Chinese has one form for all numbers: that of the English plural.
        if last(message.id).count(mark) != first(message.string).count(mark)
    ]

    assert wrong == []


def test_compiled_file_is_fresh() -> None:
    with (FOLDER / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    stale = [
        message.id
        for message in messages()
        if not message.context
        and not isinstance(message.id, list | tuple)
        and compiled.gettext(message.id) != first(message.string)
    ]

    assert stale == []


def test_what_amazon_ships_for_the_store_is_called_mcf() -> None:
    # "FBA" is Amazon's warehouse, and an FBA order a sale on Amazon.
    wrong = re.compile(
        r"\b([Tt]o|[Aa]t) FBA\b|\bFBA (ships|does|is not|would|rule|order)"
    )
    said = {first(message.id) for message in messages()} - set(FORMER_SENTENCES)

    assert [text for text in said if wrong.search(text)] == []


@pytest.mark.parametrize("text", FORMER_SENTENCES)
def test_sentence_of_an_earlier_release_is_still_said_in_chinese(text: str) -> None:
    with translation.override("zh-hans"):
        assert translation.gettext(text) != text
