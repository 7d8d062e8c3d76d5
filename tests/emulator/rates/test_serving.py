"""The local bank answers at its address, well or as its switches and faults say."""

from __future__ import annotations

import time

import pytest

from channels_amazon.emulator.rates.serving import PATH
from channels_amazon.emulator.server import Emulator
from channels_amazon.rules.pricing.euro_rates_file import (
    EuroRatesFileError,
    read_euro_rates,
)

from ..caller import exchange


def fetched(emulator: Emulator) -> bytes:
    reply = exchange(emulator, "GET", PATH)
    assert reply.status == 200
    return reply.text.encode()


def test_settings_lead_to_the_file(emulator: Emulator) -> None:
    assert emulator.settings()["ECB_RATES_URL"] == f"{emulator.url}{PATH}"
    assert exchange(emulator, "GET", PATH).headers["Content-Type"] == "text/xml"


def test_file_goes_by_the_clock(emulator: Emulator) -> None:
    before = read_euro_rates(fetched(emulator)).day
    emulator.advance(4 * 86_400)
    assert read_euro_rates(fetched(emulator)).day > before


def test_file_may_be_an_old_one(emulator: Emulator) -> None:
    newest = read_euro_rates(fetched(emulator)).day
    emulator.control("rates", days_behind=5)
    assert (newest - read_euro_rates(fetched(emulator)).day).days == 7


@pytest.mark.parametrize("content", ["html", "unreadable"])
def test_something_else_may_come_in_its_place(emulator: Emulator, content: str) -> None:
    emulator.control("rates", content=content)
    with pytest.raises(EuroRatesFileError):
        read_euro_rates(fetched(emulator))


def test_faults_strike_the_bank_too(emulator: Emulator) -> None:
    emulator.control("faults", match="ecb.rates", kind="html_503", count=1)
    assert exchange(emulator, "GET", PATH).status == 503
    assert exchange(emulator, "GET", PATH).status == 200


def test_answer_may_drip(emulator: Emulator) -> None:
    emulator.control("rates", content="html")
    emulator.control("faults", match="ecb.rates", kind="drip", seconds=0.01)
    started = time.monotonic()
    assert b"sign in" in fetched(emulator)
    assert time.monotonic() - started > 0.5


@pytest.mark.parametrize("body", ['{"content": "gold"}', '{"days_behind": -1}'])
def test_bad_body_of_the_control_is_refused(emulator: Emulator, body: str) -> None:
    assert exchange(emulator, "POST", "/_emulator/rates", body).status == 400
