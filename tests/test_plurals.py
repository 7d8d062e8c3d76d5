"""A number with a noun has a form for one and a form for many, in every text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from channels_amazon.former_wording import FORMER_SENTENCES

ROOT = Path(__file__).resolve().parents[1]
PO = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
# A number, perhaps an adjective, and a word that looks like a noun for many.
COUNTED = re.compile(r"%\((\w+)\)[sd] (?:[a-z]+ )?([a-z]{2,}s)\b(?! of)")
NUMBERS = frozenset(
    "all calls checks count days expected found hours kept left longest minutes most "
    "n number open packages pages rows ships size taken times total units waits".split()
)
NO_NOUNS = frozenset("is was has does ms needs waits ships its less".split())
# Of these there are always many, or none.
ALWAYS_MANY = frozenset({"longest", "size", "hours", "most", "checks", "days"})
MANY = frozenset(
    {
        "The file is too big for a page (%(count)d products): import it by manage.py "
        "import_products.",
        "The report has more than %(count)s rows.",
        # Always hundreds.
        "%(number)s errors and warnings",
        # Always thousands.
        "Only the newest %(count)s orders were looked through for “%(text)s”. Write "
        "the beginning or the end of an order id, or all of a seller SKU or an ASIN, "
        "to find older ones.",
        "As a part of a SKU or an ASIN that is not listed, “%(text)s” was looked for "
        "in the newest %(count)s order lines only. Write all of it to find older ones.",
        "As a part from the middle of an order id, or of a SKU or an ASIN that is not "
        "listed, “%(text)s” was looked for in the newest %(count)s orders only. Write "
        "the beginning or the end of an order id, or all of a SKU or an ASIN, to find "
        "older ones.",
        # Three.
        "Write at least %(count)d characters to find a part of an order id, a seller "
        "SKU or an ASIN.",
        "Write at least %(count)d characters to find a part of a SKU, a barcode, an "
        "ASIN or a title.",
        "As a part, “%(text)s” was looked for in the newest %(count)s variants and "
        "listings only. Write all of a SKU, a barcode or an ASIN to find older ones.",
        # A page's most, of more.
        "The first %(number)s of %(total)s calls; the file has them all.",
        "Amazon has %(total)s listings that changed at the same time, and shows "
        "%(rows)s of them: the others were not read.",
        "%(done)s of %(all)s steps are done. You may close this page: it goes on by "
        "itself.",
    }
)


def texts_of_one_form() -> Iterator[str]:
    with PO.open("rb") as file:
        for message in read_po(file):
            if isinstance(message.id, str) and message.id not in FORMER_SENTENCES:
                yield message.id


def pairs_in_code() -> Iterator[tuple[str, str]]:
    """Yield the two forms of every text that counts, from the written file."""
    with PO.open("rb") as file:
        for message in read_po(file):
            if isinstance(message.id, list | tuple):
                yield message.id[0], message.id[1]


def test_number_before_a_noun_has_two_forms() -> None:
    wrong = [
        text
        for text in texts_of_one_form()
        for name, word in COUNTED.findall(text)
        if name in NUMBERS - ALWAYS_MANY and word not in NO_NOUNS and text not in MANY
    ]

    assert wrong == []


@pytest.mark.parametrize(("one", "many"), sorted(set(pairs_in_code())))
def test_form_for_one_differs_in_words_not_in_values(one: str, many: str) -> None:
    names = re.compile(r"%\((\w+)\)[sd]")

    assert one != many
    # A form for one may leave a number out ("the last order"), and name nothing new.
    assert set(names.findall(one)) <= set(names.findall(many))


def test_sentences_that_count_are_written_by_counted() -> None:
    """A stored sentence of one form may not hide the number of a thing."""
    wrong = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in (ROOT / "channels_amazon").rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "sentence"
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and re.search(r"%\(count\)[sd] [a-z ]*s\b", str(call.args[0].value))
        and call.args[0].value not in MANY
    ]

    assert wrong == []
