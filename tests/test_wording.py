"""A stored sentence can be said again, and texts of others stay as they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from channels_amazon.wording import (
    Sentence,
    counted,
    listed,
    pack,
    revised,
    said,
    sentence,
    together,
    unpack,
)

KEPT = "Order %(order)s is kept: %(reason)s."
GERMAN = {KEPT: "%(reason)s, doch %(order)s bleibt.", "no SKU": "keine SKU"}


PARCEL, PARCELS = "%(count)d parcel waits.", "%(count)d parcels wait."
GERMAN_COUNTED = ("%(count)d Paket wartet.", "%(count)d Pakete warten.")


def german(text: str) -> str:
    return GERMAN.get(text, text)


def german_counted(one: str, many: str, number: int) -> str:
    assert (one, many) == (PARCEL, PARCELS)
    return GERMAN_COUNTED[number != 1]


def in_german(text: str) -> str:
    return said(text, german, german_counted)


def test_sentence_is_its_english_text() -> None:
    text = sentence(KEPT, order="7", reason=sentence("no SKU"))

    assert text == "Order 7 is kept: no SKU."


def test_packed_sentence_is_said_in_another_language() -> None:
    stored = pack(sentence(KEPT, order="7", reason=sentence("no SKU")))

    assert stored.startswith("Order 7 is kept: no SKU.")
    assert in_german(unpack(stored)) == "keine SKU, doch 7 bleibt."


def test_text_of_amazon_stays_as_it_is() -> None:
    text = unpack(pack("100% of it\x1f[was refused]"))

    assert not isinstance(text, Sentence)
    assert in_german(text) == "100% of it[was refused]"


def test_value_with_marks_comes_back_as_it_went() -> None:
    text = unpack(pack(sentence(KEPT, order="%(x)s", reason='"[\x1f]"')))

    assert text == 'Order %(x)s is kept: "[\x1f]".'


def test_revised_changes_the_values_alone() -> None:
    text = revised(sentence(KEPT, order="secret", reason="is"), lambda _: "*")

    assert text == "Order * is kept: *."
    assert isinstance(text, Sentence)


def test_together_leaves_out_what_is_empty() -> None:
    assert together("", "Do it.") == "Do it."
    assert together("It is so.", "Do it.") == "It is so. Do it."


def test_listed_enumerates_in_the_language() -> None:
    text = listed([sentence("no SKU"), "B"])

    assert text == "no SKU, B"
    assert in_german(text) == "keine SKU, B"
    assert listed([]) == ""


@pytest.mark.parametrize(
    ("number", "english", "translated"),
    [
        (0, "0 parcels wait.", "0 Pakete warten."),
        (1, "1 parcel waits.", "1 Paket wartet."),
        (2, "2 parcels wait.", "2 Pakete warten."),
    ],
)
def test_counted_sentence_has_the_form_of_its_number(
    number: int, english: str, translated: str
) -> None:
    text = counted(PARCEL, PARCELS, number)
    stored = pack(text)

    assert text == english
    assert stored.startswith(english)
    assert unpack(stored) == english
    assert in_german(unpack(stored)) == translated


def test_revised_keeps_the_form_of_the_number() -> None:
    text = revised(counted(PARCEL, PARCELS, 1), lambda _: "*")

    assert in_german(text) == "1 Paket wartet."


READ = "Read at %(time)s."
SHANGHAI = timezone(timedelta(hours=8))
MOMENT = datetime(2026, 11, 30, 8, 29, 17, tzinfo=SHANGHAI)


def test_time_in_a_sentence_is_in_utc_and_says_so() -> None:
    text = sentence(READ, time=MOMENT)

    assert text == "Read at 2026-11-30 00:29 UTC."
    assert in_german(text) == text


def test_stored_time_is_told_by_the_clocks_of_who_reads_it() -> None:
    text = unpack(pack(sentence(KEPT, order="7", reason=sentence(READ, time=MOMENT))))

    told = said(
        text, german, german_counted, lambda time: f"{time.astimezone(SHANGHAI):%H:%M}"
    )

    assert told == "Read at 08:29., doch 7 bleibt."
    assert text == "Order 7 is kept: Read at 2026-11-30 00:29 UTC.."


def test_time_keeps_its_second_when_it_is_stored() -> None:
    text = unpack(pack(sentence(READ, time=MOMENT)))

    assert isinstance(text, Sentence)
    assert text.values == {"time": MOMENT.astimezone(UTC)}
