"""Times, money and states as the pages show them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation

from channels_amazon.admin.site import site
from channels_amazon.templatetags import shoplink, shoplink_admin, shoplink_states
from channels_amazon.views import durations

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "now"),
        (42, "42 s ago"),
        (-42, "in 42 s"),
        (600, "10\xa0minutes ago"),
        (-7200, "in 2\xa0hours"),
    ],
)
def test_relative_time(seconds: float, text: str) -> None:
    assert durations.relative(NOW - timedelta(seconds=seconds), NOW) == text


@pytest.mark.parametrize(
    ("hours", "text"),
    [
        (0.5, "in 30 minutes"),
        (1.98, "in 1 hour, 58 minutes"),
        (23, "in 23 hours"),
        (24, "in 1 day"),
        (25, "in 1 day, 1 hour"),
        (47.9, "in 1 day, 23 hours"),
        (71, "in 2 days, 23 hours"),
        (72, "in 3 days"),
        (13 * 24, "in 13 days"),
        (24 * 100, "in 3 months"),
        (-47, "1 day ago"),
    ],
)
def test_what_is_to_come_is_told_by_the_hour(hours: float, text: str) -> None:
    said = durations.relative(NOW + timedelta(hours=hours), NOW)

    assert said.replace("\xa0", " ") == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (0.4, "under a second"),
        (2, "2 s"),
        (600, "10 min"),
        (3 * 3600, "3 h"),
        (86400 * 3, "3 days"),
    ],
)
def test_duration(seconds: float | None, text: str) -> None:
    assert durations.duration(seconds) == text


def test_bound_stands_behind_within() -> None:
    said = [durations.bound(seconds) for seconds in (0.4, 2, None)]

    assert said == ["a second", "2 s", "–"]


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (Decimal("1234.5"), "USD", "$1,234.50"),
        (Decimal("1234"), "JPY", "¥1,234"),
        (Decimal("5.00"), "ZZQ", "ZZQ"),
        (Decimal("5.00"), "", "5"),
        (None, "USD", "–"),
    ],
)
def test_money_knows_strange_currencies(
    amount: Decimal | None, currency: str, text: str
) -> None:
    assert text in shoplink.money(amount, currency)


def test_money_follows_language() -> None:
    with translation.override("zh-hans"):
        assert shoplink.money(Decimal("5.00"), "USD") == "US$5.00"


def test_state_escapes_its_words() -> None:
    assert "&lt;b&gt;" in shoplink_states.state("ok", "<b>")


def test_unknown_marketplace_keeps_its_id() -> None:
    assert shoplink.country("A1NEW") == "A1NEW"
    assert shoplink.country("A1PA6795UKMFR9") == "DE"


@pytest.mark.parametrize(
    ("zone", "local"),
    [
        ("Asia/Shanghai", "2026-11-23 20:00:00 UTC+8"),
        ("America/Los_Angeles", "2026-11-23 04:00:00 UTC-8"),
    ],
)
def test_time_is_the_readers_and_utc_stands_on_hover(zone: str, local: str) -> None:
    with timezone.override(ZoneInfo(zone)):
        when, exactly = shoplink.when(NOW), shoplink.exactly(NOW)
        minute, clock = shoplink.minute(NOW), shoplink.clock(NOW)

    assert f'title="{local} · 2026-11-23 12:00:00 UTC" tabindex="0"' in when
    assert 'datetime="2026-11-23T12:00:00+00:00"' in when
    assert f">{local}</time>" in exactly
    assert 'title="2026-11-23 12:00:00 UTC · ' in exactly
    assert minute == local.replace(":00 UTC", " UTC", 1)
    assert clock == local.partition(" ")[2]


def test_time_of_a_reader_in_utc_is_said_once() -> None:
    assert 'title="2026-11-23 12:00:00 UTC" ' in shoplink.when(NOW)
    assert shoplink.exactly(NOW).count("UTC") == 1


def test_parts_of_a_second_are_shown_where_they_matter() -> None:
    moment = NOW.replace(microsecond=42)

    with timezone.override(ZoneInfo("Asia/Shanghai")):
        shown = shoplink.exactly(moment, "fine")

    assert ">2026-11-23 20:00:00.000042 UTC+8<" in shown


@pytest.mark.parametrize("count", [0, 1, 118])
def test_rows_of_every_admin_list_are_counted_by_their_own_words(count: int) -> None:
    for model in site._registry:
        changelist = SimpleNamespace(opts=model._meta, result_count=count)

        said = shoplink_admin.rows_counted(changelist)

        number, _blank, name = said.partition(" ")
        assert number == str(count)
        assert name.endswith("s") == (count != 1), model
