"""What people paste as an id: put right where it is certain, else refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.rules.pasted_ids import (
    FORMS,
    PastedId,
    WrongForm,
    means_order_id,
    read,
    search_terms,
    tidy,
)

ORDER = "902-3159896-1390916"
SELLER = "A3TH9S8BH6GOGM"
TOKEN = "Atzr|IwEBIJ-x_y.z~1+2/3=="
ARN = "arn:aws:sqs:eu-west-1:123456789012:shoplink"
URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/shoplink"
AROUND = [
    "",
    " ",
    "\t",
    "\r\n",
    "\u00a0",
    "\u3000",
    "\u200b",
    "\ufeff",
    "\u202a",
    "\u2060",
]
ENCLOSED = [
    "{}",
    '"{}"',
    "'{}'",
    "“{}”",
    "„{}“",
    "‘{}’",
    "«{}»",
    "「{}」",
    '="{}"',
    "＂{}＂",
]


def wide(text: str) -> str:
    """Return the text in the wide letters of a Chinese keyboard."""
    return "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text)


def encoded(text: str) -> str:
    """Return the text as it stands in an address."""
    return quote(text, safe="")


@pytest.mark.parametrize(
    ("kind", "pasted", "meant"),
    [
        (PastedId.ORDER_ID, ORDER, ORDER),
        (PastedId.ORDER_ID, f" {ORDER}\n", ORDER),
        (PastedId.ORDER_ID, f"\u200b\ufeff{ORDER}\u200b", ORDER),
        (PastedId.ORDER_ID, "902\u200b-3159896-1390916", ORDER),
        (PastedId.ORDER_ID, "902‑3159896‑1390916", ORDER),
        (PastedId.ORDER_ID, "902–3159896—1390916", ORDER),
        (PastedId.ORDER_ID, "902−3159896−1390916", ORDER),
        (PastedId.ORDER_ID, "902 - 3159896 - 1390916", ORDER),
        (PastedId.ORDER_ID, "902 3159896 1390916", ORDER),
        (PastedId.ORDER_ID, "90231598961390916", ORDER),
        (PastedId.ORDER_ID, wide(ORDER), ORDER),
        (PastedId.ORDER_ID, f"“{ORDER}”", ORDER),
        (PastedId.ORDER_ID, f'="{ORDER}"', ORDER),
        (PastedId.ORDER_ID, f"'{ORDER}", ORDER),
        (PastedId.ORDER_ID, f"{ORDER}.", ORDER),
        (PastedId.ORDER_ID, f"{ORDER}，", ORDER),
        (PastedId.ORDER_ID, "902%2D3159896%2D1390916", ORDER),
        (PastedId.ORDER_ID, "%20902-3159896-1390916%0A", ORDER),
        (PastedId.ORDER_ID, "s02-3159896-1390916", "S02-3159896-1390916"),
        (PastedId.SELLER_ID, f" {SELLER.lower()}\u3000", SELLER),
        (PastedId.SELLER_ID, wide(SELLER), SELLER),
        (PastedId.SELLER_ID, f"「{SELLER}」", SELLER),
        (PastedId.REFRESH_TOKEN, f'"{TOKEN}"', TOKEN),
        (PastedId.REFRESH_TOKEN, quote(TOKEN, safe=""), TOKEN),
        (PastedId.REFRESH_TOKEN, quote(quote(TOKEN, safe=""), safe=""), TOKEN),
        (PastedId.REFRESH_TOKEN, f"{TOKEN[:9]}\n{TOKEN[9:]}", TOKEN),
        (PastedId.REFRESH_TOKEN, "Atzr｜IwEBIJxyz", "Atzr|IwEBIJxyz"),
        (PastedId.ASIN, "b0chx1w1xy", "B0CHX1W1XY"),
        (PastedId.MARKETPLACE_ID, "'ATVPDKIKX0DER'", "ATVPDKIKX0DER"),
        (PastedId.QUEUE_ARN, f"‘{ARN}’", ARN),
        (PastedId.QUEUE_ARN, quote(ARN, safe=""), ARN),
        (PastedId.QUEUE_ARN, wide(ARN), ARN),
        (PastedId.QUEUE_URL, f"{URL}\u200b", URL),
        (PastedId.QUEUE_URL, quote(URL, safe=""), URL),
        (
            PastedId.CLIENT_ID,
            f'"{FORMS[PastedId.CLIENT_ID].example}",',
            FORMS[PastedId.CLIENT_ID].example,
        ),
        (
            PastedId.APP_ID,
            f"`{FORMS[PastedId.APP_ID].example}`",
            FORMS[PastedId.APP_ID].example,
        ),
    ],
)
def test_pasted_id_is_put_right(kind: PastedId, pasted: str, meant: str) -> None:
    assert read(kind, pasted) == meant


@pytest.mark.parametrize(
    ("kind", "pasted"),
    [
        (PastedId.ORDER_ID, ""),
        (PastedId.ORDER_ID, "902-3159896-139091"),
        (PastedId.ORDER_ID, "902-3159896"),
        (PastedId.ORDER_ID, "902_3159896_1390916"),
        (PastedId.ORDER_ID, "9023159896139091"),
        (PastedId.ORDER_ID, "902315989613909160"),
        (PastedId.ORDER_ID, "902-315989６-139091六"),
        (PastedId.ORDER_ID, f"{ORDER} {ORDER}"),
        (PastedId.ORDER_ID, "9.02316E+16"),
        (PastedId.SELLER_ID, "A3"),
        (PastedId.SELLER_ID, "Bücher GmbH"),
        (PastedId.SELLER_ID, "My Shop GmbH"),
        (PastedId.ASIN, "GREEN TEA 9"),
        (PastedId.REFRESH_TOKEN, "Atzr|…"),
        (PastedId.REFRESH_TOKEN, "100%sure-it-is"),
        (PastedId.REFRESH_TOKEN, "%FF%FE%FD%FC"),
        (PastedId.ASIN, "B0CHX1W1X"),
        (PastedId.QUEUE_ARN, URL),
        (PastedId.QUEUE_URL, ARN),
        (PastedId.QUEUE_URL, "https://sqs.eu-west-1.amazonaws.com/"),
        (PastedId.APP_ID, FORMS[PastedId.CLIENT_ID].example),
    ],
)
def test_wrong_form_is_refused_with_an_example(kind: PastedId, pasted: str) -> None:
    with pytest.raises(WrongForm) as raised:
        read(kind, pasted)

    assert read(kind, raised.value.example) == raised.value.example


@pytest.mark.parametrize(
    "sku",
    [
        "TEE-RED/M",
        'MON-27"',
        "5' POLE",
        "50%OFF",
        "A%20B",
        "蓝色-大",
        "ＡＢＣ-１",
        "A–B",
        "  inner  space".strip(),
        '"A" or "B',
        "x" * 40,
    ],
)
def test_sku_keeps_what_it_may_have(sku: str) -> None:
    assert tidy(f"\u200b {sku}\u3000\n") == sku
    assert search_terms(f" {sku} ")[0] == sku


@pytest.mark.parametrize(
    ("typed", "finds"),
    [
        (f"“{ORDER}”", ORDER),
        (wide(ORDER), ORDER),
        ("902%2D3159896%2D1390916", ORDER),
        ("“SKU-1”", "SKU-1"),
        ("ＳＫＵ－１", "SKU-1"),
        ("b0chx1w1xy", "B0CHX1W1XY"),
        ("SKU　１", "SKU 1"),
        ("1Z999\u00a0", "1Z999"),
    ],
)
def test_search_finds_what_was_meant(typed: str, finds: str) -> None:
    assert finds in search_terms(typed)


@pytest.mark.parametrize(
    ("typed", "is_meant"),
    [
        ("902-3159896-139091", True),
        ("９０２－３１５９８９６－１３９０", True),
        ("902 3159896 139091", True),
        ("902 3159896 1390916", False),
        (ORDER, False),
        ("SKU-1", False),
        ("2026-11-29", False),
        ("", False),
    ],
)
def test_order_id_that_is_none_is_told_from_a_sku(typed: str, is_meant: bool) -> None:
    assert means_order_id(typed) is is_meant


@given(
    kind=st.sampled_from(sorted(FORMS)),
    data=st.data(),
    before=st.sampled_from(AROUND),
    after=st.sampled_from(AROUND),
    enclosed=st.sampled_from(ENCLOSED),
)
def test_id_of_any_kind_survives_what_pasting_does(
    kind: PastedId, data: st.DataObject, before: str, after: str, enclosed: str
) -> None:
    form = FORMS[kind]
    meant = data.draw(st.from_regex(form.pattern, fullmatch=True))
    ways: list[Callable[[str], str]] = [str, wide, encoded]
    how = data.draw(st.sampled_from(ways))
    pasted = f"{before}{enclosed.format(how(meant))}{after}"

    assert read(kind, pasted) == meant


@given(kind=st.sampled_from(sorted(FORMS)), text=st.text(max_size=80))
def test_whatever_is_read_has_the_form_and_reads_as_itself(
    kind: PastedId, text: str
) -> None:
    try:
        found = read(kind, text)
    except WrongForm:
        return
    assert FORMS[kind].pattern.fullmatch(found)
    assert read(kind, found) == found


@given(text=st.text(max_size=80))
def test_tidying_takes_from_the_ends_alone(text: str) -> None:
    tidied = tidy(text)

    assert tidied in text
    assert tidy(tidied) == tidied
    assert all(search_terms(text)) or not text.strip()


def test_examples_are_of_their_form() -> None:
    for kind, form in FORMS.items():
        assert read(kind, form.example) == form.example
        assert not re.search(r"[%\"'`]", form.example)
