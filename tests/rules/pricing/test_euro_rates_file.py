"""The European Central Bank's daily file."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.rules.pricing.euro_rates_file import (
    MOST_BYTES,
    EuroRatesFileError,
    read_euro_rates,
)

# As the bank writes it, with the rates of 28 June 2024.
RATES = """
USD 1.0705 JPY 171.94 BGN 1.9558 CZK 25.025 DKK 7.4575 GBP 0.84638 HUF 395.10
PLN 4.3090 RON 4.9773 SEK 11.3595 CHF 0.9634 ISK 148.90 NOK 11.3965 TRY 35.1868
AUD 1.6079 BRL 5.8915 CAD 1.4670 CNY 7.7748 HKD 8.3594 IDR 17487.21 ILS 4.0200
INR 89.2495 KRW 1474.86 MXN 19.5654 MYR 5.0501 NZD 1.7601 PHP 62.560 SGD 1.4513
THB 39.319 ZAR 19.4970
""".split()
PAIRS = list(zip(RATES[::2], RATES[1::2], strict=True))
HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" \
xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
\t<gesmes:subject>Reference rates</gesmes:subject>
\t<gesmes:Sender>
\t\t<gesmes:name>European Central Bank</gesmes:name>
\t</gesmes:Sender>
\t<Cube>
"""
FOOT = "\t</Cube>\n</gesmes:Envelope>"
ROWS = "\n".join(f"<Cube currency='{code}' rate='{rate}'/>" for code, rate in PAIRS)
DAY = f"<Cube time='2024-06-28'>\n{ROWS}</Cube>\n"
FILE = HEAD + DAY + FOOT
BOMB = """<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01">&b;</gesmes:Envelope>
"""
ELSEWHERE = FILE.replace(
    "<gesmes:Envelope",
    '<!DOCTYPE x [<!ENTITY file SYSTEM "file:///etc/passwd">]><gesmes:Envelope',
    1,
).replace("Reference rates", "&file;")


def refusal(text: str) -> str:
    """Return why a file is not taken."""
    with pytest.raises(EuroRatesFileError) as caught:
        read_euro_rates(text.encode())
    return caught.value.reason


def test_file_of_the_bank_is_read_in_full() -> None:
    read = read_euro_rates(FILE.encode())

    assert read.day == date(2024, 6, 28)
    assert read.rates == {code: Decimal(rate) for code, rate in PAIRS}
    assert str(read.rates["HUF"]) == "395.10"


def test_what_the_bank_adds_around_the_rates_does_not_matter() -> None:
    more = FILE.replace(
        "<gesmes:Sender>", "<gesmes:note>Hello</gesmes:note><gesmes:Sender>"
    )

    assert read_euro_rates(more.encode()) == read_euro_rates(FILE.encode())


@pytest.mark.parametrize("text", [BOMB, ELSEWHERE, "<!DOCTYPE html><html></html>"])
def test_file_with_a_document_type_is_refused(text: str) -> None:
    assert refusal(text) == ("The file of rates has a document type, and is not read.")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "The file of rates is not XML."),
        ("rates", "The file of rates is not XML."),
        (FILE[:-20], "The file of rates is not XML."),
        (FILE.replace("Reference rates", "&unknown;"), "The file of rates is not XML."),
        (
            "<html/>",
            "The file is not the European Central Bank's file of rates.",
        ),
        (
            FILE.replace("gesmes.org", "example.org"),
            "The file is not the European Central Bank's file of rates.",
        ),
        (HEAD + FOOT, "The file of rates names no day."),
        (FILE.replace("eurofxref", "others"), "The file of rates names no day."),
        (HEAD + DAY + DAY + FOOT, "The file of rates names more than one day."),
        (
            FILE.replace("2024-06-28", "2024-06-31"),
            "The file of rates has '2024-06-31' as its day.",
        ),
        (
            FILE.replace("2024-06-28", "20240628"),
            "The file of rates has '20240628' as its day.",
        ),
        (
            FILE.replace("2024-06-28", "1998-12-31"),
            "The file of rates has '1998-12-31' as its day.",
        ),
        (
            FILE.replace("'JPY'", "'yen'"),
            "The file of rates has 'yen' where a currency belongs, or names it twice.",
        ),
        (
            FILE.replace("'PLN'", "'USD'"),
            "The file of rates has 'USD' where a currency belongs, or names it twice.",
        ),
        (
            FILE.replace("'PLN'", "'EUR'"),
            "The file of rates has 'EUR' where a currency belongs, or names it twice.",
        ),
        (
            FILE.replace("'GBP'", "'GBQ'"),
            "The file of rates has none for GBP.",
        ),
        (
            FILE.replace(
                "<Cube currency='USD'", "<Cube><x/></Cube><Cube currency='USD'"
            ),
            "The file of rates has '' where a currency belongs, or names it twice.",
        ),
        (
            FILE.replace("rate='1.0705'/>", "rate='1.0705'><Cube/></Cube>"),
            "The file of rates is built otherwise.",
        ),
    ],
)
def test_other_file_is_refused_with_the_reason(text: str, reason: str) -> None:
    assert refusal(text) == reason


@pytest.mark.parametrize(
    "rate",
    [
        "0",
        "-1.07",
        "1,0705",
        "1e3",
        "NaN",
        "Infinity",
        "",
        " 1.07",
        "0.001",
        "99999999",
    ],
)
def test_absurd_rate_is_refused(rate: str) -> None:
    assert refusal(FILE.replace("1.0705", rate)) == (
        f"The file of rates says {rate!r} for USD."
    )


def test_large_file_is_not_even_parsed() -> None:
    assert refusal("<" * (MOST_BYTES + 1)) == "The file of rates is too large."


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_file_in_another_encoding_is_refused_or_read_alike(encoding: str) -> None:
    try:
        read = read_euro_rates(FILE.encode(encoding))
    except EuroRatesFileError:
        return
    assert read == read_euro_rates(FILE.encode())


@given(st.binary(max_size=200))
def test_any_bytes_end_in_a_refusal(content: bytes) -> None:
    with pytest.raises(EuroRatesFileError):
        read_euro_rates(content)


@given(st.integers(0, len(FILE) - 1), st.characters(codec="utf-8"))
def test_file_with_one_letter_changed_is_read_or_refused(
    place: int, letter: str
) -> None:
    changed = FILE[:place] + letter + FILE[place + 1 :]
    try:
        read = read_euro_rates(changed.encode())
    except EuroRatesFileError:
        return
    assert all(type(rate) is Decimal for rate in read.rates.values())
    assert all(rate > 0 for rate in read.rates.values())
