"""Times as clocks show them: what is read is what was shown, in every zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.rules.local_times import (
    TO_THE_MINUTE,
    SkippedTimeError,
    end_of_day,
    last_second,
    moment_of,
    offset_of,
    shown,
    zone_named,
    zone_names,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
LOS_ANGELES = ZoneInfo("America/Los_Angeles")
# Clocks that skip midnight, show it twice, left out a day; and odd offsets.
ZONES = st.sampled_from(
    [
        SHANGHAI,
        LOS_ANGELES,
        *map(
            ZoneInfo,
            (
                "UTC",
                "Africa/Cairo",
                "America/Havana",
                "America/St_Johns",
                "Asia/Kathmandu",
                "Australia/Lord_Howe",
                "Europe/Berlin",
                "Pacific/Kiritimati",
            ),
        ),
    ]
)
WALLS = st.datetimes(datetime(1980, 1, 1), datetime(2037, 12, 31))
MOMENTS = WALLS.map(lambda wall: wall.replace(tzinfo=UTC))


@given(MOMENTS, ZONES)
def test_moment_is_one_of_those_its_clock_time_may_mean(
    moment: datetime, zone: ZoneInfo
) -> None:
    wall = moment.astimezone(zone).replace(tzinfo=None)

    read = [moment_of(wall, zone), moment_of(wall, zone, is_later=True)]

    assert moment in read
    assert read == sorted(read)
    assert all(one.utcoffset() == timedelta() for one in read)


@given(WALLS, ZONES)
def test_time_is_shown_as_it_was_read_or_refused_as_skipped(
    wall: datetime, zone: ZoneInfo
) -> None:
    try:
        moment = moment_of(wall, zone)
    except SkippedTimeError:
        before = wall.replace(tzinfo=zone, fold=0)
        # Clocks have another offset before and after: they were put forward.
        assert before.utcoffset() != before.replace(fold=1).utcoffset()
    else:
        assert moment.astimezone(zone).replace(tzinfo=None, fold=0) == wall


@given(MOMENTS, ZONES)
def test_what_the_clock_shows_now_is_never_read_as_later(
    now: datetime, zone: ZoneInfo
) -> None:
    minute = now.astimezone(zone).replace(tzinfo=None, second=0, microsecond=0)

    assert moment_of(minute, zone) <= now


@given(MOMENTS, ZONES)
def test_day_ends_within_the_hours_that_follow(now: datetime, zone: ZoneInfo) -> None:
    end = end_of_day(now.astimezone(zone).date(), zone)

    assert now < end <= now + timedelta(hours=26)
    last = (end - timedelta(microseconds=1)).astimezone(zone)
    assert last.date() == now.astimezone(zone).date()
    assert end.astimezone(zone).date() > last.date()


@pytest.mark.parametrize(
    ("zone", "wall", "hour"),
    [
        (SHANGHAI, datetime(2026, 11, 30, 8, 29), 0),
        (LOS_ANGELES, datetime(2026, 7, 1, 8, 29), 15),
        (LOS_ANGELES, datetime(2026, 11, 30, 8, 29), 16),
        # Shown twice: the earlier, while summer time lasts.
        (LOS_ANGELES, datetime(2026, 11, 1, 1, 29), 8),
    ],
)
def test_time_is_read_by_the_clocks_of_its_zone(
    zone: ZoneInfo, wall: datetime, hour: int
) -> None:
    read = moment_of(wall, zone)

    assert (read.hour, read.minute) == (hour, 29)


def test_time_shown_twice_may_mean_the_later() -> None:
    wall = datetime(2026, 11, 1, 1, 30)

    later = moment_of(wall, LOS_ANGELES, is_later=True)

    assert later - moment_of(wall, LOS_ANGELES) == timedelta(hours=1)


@pytest.mark.parametrize("is_later", [False, True])
def test_time_that_clocks_skip_is_refused(is_later: bool) -> None:
    with pytest.raises(SkippedTimeError):
        moment_of(datetime(2026, 3, 8, 2, 30), LOS_ANGELES, is_later=is_later)


def test_time_outside_of_the_calendar_is_refused() -> None:
    with pytest.raises(OverflowError):
        moment_of(datetime(9999, 12, 31, 23), LOS_ANGELES)
    with pytest.raises(OverflowError):
        end_of_day(date(9999, 12, 31), SHANGHAI)


def test_day_of_shanghai_ends_at_its_own_midnight() -> None:
    assert end_of_day(date(2026, 11, 30), SHANGHAI) == datetime(
        2026, 11, 30, 16, tzinfo=UTC
    )
    assert last_second(date(2026, 11, 30), SHANGHAI) == datetime(
        2026, 11, 30, 15, 59, 59, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("name", "offset"),
    [
        ("UTC", "UTC"),
        ("Europe/London", "UTC"),
        ("Asia/Shanghai", "UTC+8"),
        ("America/Los_Angeles", "UTC-8"),
        ("America/St_Johns", "UTC-3:30"),
        ("Asia/Kathmandu", "UTC+5:45"),
    ],
)
def test_offset_is_said_shortly(name: str, offset: str) -> None:
    assert offset_of(datetime(2026, 11, 30, tzinfo=UTC), ZoneInfo(name)) == offset


def test_moment_is_shown_with_its_offset() -> None:
    moment = datetime(2026, 11, 30, 0, 29, 17, tzinfo=UTC)

    assert shown(moment, SHANGHAI) == "2026-11-30 08:29:17 UTC+8"
    assert shown(moment, LOS_ANGELES, TO_THE_MINUTE) == "2026-11-29 16:29 UTC-8"


@pytest.mark.parametrize(
    ("moment", "zone", "text"),
    [
        (datetime.min, LOS_ANGELES, "0001-01-01 00:00 UTC"),
        (datetime.max, SHANGHAI, "9999-12-31 23:59 UTC"),
        (datetime.max, LOS_ANGELES, "9999-12-31 15:59 UTC-8"),
    ],
)
def test_moment_at_an_end_of_the_calendar_is_shown(
    moment: datetime, zone: ZoneInfo, text: str
) -> None:
    at = moment.replace(tzinfo=UTC)

    # The first year is written with leading zeros on some machines only.
    assert shown(at, zone, TO_THE_MINUTE).zfill(len(text)) == text
    assert text.endswith(offset_of(at, zone))


@pytest.mark.parametrize(
    "name", ["", None, "Mars/Olympus", "../etc/passwd", "asia/shanghai", "localtime"]
)
def test_name_of_no_zone_is_none(name: str | None) -> None:
    assert zone_named(name) is None


def test_every_known_zone_can_be_opened() -> None:
    assert {"UTC", "Asia/Shanghai", "America/Los_Angeles"} <= zone_names()
    assert all(zone_named(name) is not None for name in zone_names())
