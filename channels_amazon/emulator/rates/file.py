"""Draws the rates of a day and writes them as the bank does; emulator."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

# The bank writes it about four o'clock of its own clocks, on working days.
BANK = ZoneInfo("Europe/Berlin")
_HOUR = 16
_SATURDAY = 5
# Of a day to the next, at most.
_SWING = 0.01
# What one euro was on 28 June 2024, with as many decimals as the bank gives.
_FIRST = """
USD 1.0705 JPY 171.94 CZK 25.025 DKK 7.4575 GBP 0.84638 HUF 395.10 PLN 4.3090
RON 4.9773 SEK 11.3595 CHF 0.9634 ISK 148.90 NOK 11.3965 TRY 35.1868 AUD 1.6079
BRL 5.8915 CAD 1.4670 CNY 7.7748 HKD 8.3594 IDR 17487.21 ILS 4.0200 INR 89.2495
KRW 1474.86 MXN 19.5654 MYR 5.0501 NZD 1.7601 PHP 62.560 SGD 1.4513 THB 39.319
ZAR 19.4970
""".split()
BASE = dict(zip(_FIRST[::2], _FIRST[1::2], strict=True))
_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<gesmes:Envelope xmlns:gesmes="http://www.gesmes.org/xml/2002-08-01" \
xmlns="http://www.ecb.int/vocabulary/2002-08-01/eurofxref">
\t<gesmes:subject>Reference rates</gesmes:subject>
\t<gesmes:Sender>
\t\t<gesmes:name>European Central Bank</gesmes:name>
\t</gesmes:Sender>
\t<Cube>
"""
_FOOT = "\t</Cube>\n</gesmes:Envelope>\n"


def published_day(now: datetime, *, days_behind: int = 0) -> date:
    """Return the day of the newest file, or of so many working days before it."""
    there = now.astimezone(BANK)
    day = there.date() if there.hour >= _HOUR else there.date() - timedelta(days=1)
    left = days_behind
    while day.weekday() >= _SATURDAY or left:
        left -= day.weekday() < _SATURDAY
        day -= timedelta(days=1)
    return day


def daily_file(day: date, seed: int) -> str:
    """Return the file of a day, always the same for the same seed."""
    rows = [
        f"\t\t\t<Cube currency='{code}' rate='{_drawn(code, day, seed)}'/>\n"
        for code in BASE
    ]
    start, end = f"\t\t<Cube time='{day.isoformat()}'>\n", "\t\t</Cube>\n"
    return _HEAD + start + "".join(rows) + end + _FOOT


def _drawn(code: str, day: date, seed: int) -> str:
    text = BASE[code]
    drawn = random.Random(f"{seed} {day} {code}").uniform(1 - _SWING, 1 + _SWING)
    decimals = len(text.partition(".")[2])
    return f"{float(text) * drawn:.{decimals}f}"
