"""A typed time is read by the clocks that its page named."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.utils import timezone, translation

from channels_amazon.forms.local_times import (
    FileZoneField,
    LocalTimeField,
    as_words,
    time_zones,
)

SHANGHAI, LOS_ANGELES = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/Los_Angeles")


class _Form(forms.Form):
    at = LocalTimeField()
    until = LocalTimeField(required=False, is_later=True)


def read(zone: ZoneInfo, **data: str) -> _Form:
    """Return the form as a reader in the zone sent it."""
    with timezone.override(zone):
        form = _Form(data)
        form.is_valid()
        return form


@pytest.mark.parametrize(
    ("zone", "text", "hour"),
    [
        (SHANGHAI, "2026-11-30T08:29", 0),
        (LOS_ANGELES, "2026-11-30T08:29", 16),
        (LOS_ANGELES, "2026-07-01 08:29:17", 15),
        (SHANGHAI, "2026-11-30T08:29+01:00", 7),
        (SHANGHAI, "2026-11-30T08:29Z", 8),
    ],
)
def test_time_is_read_by_the_readers_clocks(
    zone: ZoneInfo, text: str, hour: int
) -> None:
    read_at = read(zone, at=text).cleaned_data["at"]

    assert read_at.tzinfo is UTC
    assert (read_at.hour, read_at.minute) == (hour, 29)


def test_zone_that_the_page_showed_comes_before_the_one_of_now() -> None:
    form = read(LOS_ANGELES, at="2026-11-30T08:29", at_zone="Asia/Shanghai")

    assert form.cleaned_data["at"] == datetime(2026, 11, 30, 0, 29, tzinfo=UTC)
    assert "Time in Asia/Shanghai" in str(form["at"])
    assert 'name="at_zone" value="Asia/Shanghai"' in str(form["at"])


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "../etc/passwd", "x" * 5000])
def test_nonsense_for_a_zone_is_the_readers(zone: str) -> None:
    form = read(SHANGHAI, at="2026-11-30T08:29", at_zone=zone)

    assert form.cleaned_data["at"] == datetime(2026, 11, 30, 0, 29, tzinfo=UTC)


def test_time_that_clocks_skip_is_refused_with_the_reason() -> None:
    form = read(LOS_ANGELES, at="2026-03-08T02:30")

    with translation.override("en"):
        (said,) = form.errors["at"]
    assert str(said).startswith("The clocks of America/Los Angeles skip this time")


def test_time_shown_twice_is_the_earlier_or_the_later() -> None:
    twice = "2026-11-01T01:30"
    form = read(LOS_ANGELES, at=twice, until=twice)

    assert form.cleaned_data["at"] == datetime(2026, 11, 1, 8, 30, tzinfo=UTC)
    assert form.cleaned_data["until"] == datetime(2026, 11, 1, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize("hour", [8, 9])
def test_time_that_nobody_changed_is_the_moment_that_was_shown(hour: int) -> None:
    now = datetime(2026, 11, 1, hour, 30, tzinfo=UTC)
    with timezone.override(LOS_ANGELES):
        drawn = str(_Form(initial={"at": now})["at"])
    sent = dict(re.findall(r'name="(\w+)" value="([^"]*)"', drawn))

    form = read(LOS_ANGELES, **sent)

    assert sent["at"] == "2026-11-01T01:30"
    assert form.cleaned_data["at"] == now
    # The same again, when the page came back for another reason.
    again = dict(re.findall(r'name="(\w+)" value="([^"]*)"', str(form["at"])))
    assert again == sent
    # Who writes another time means the earlier, as ever.
    changed = read(LOS_ANGELES, **sent | {"at": "2026-11-01T01:10"})
    assert changed.cleaned_data["at"] == datetime(2026, 11, 1, 8, 10, tzinfo=UTC)


class _Asking(forms.Form):
    at = LocalTimeField(asks=True)


TWICE = "2026-11-01T01:30"


def asked(**data: str) -> _Asking:
    """Return the asking form as a reader in Los Angeles sent it."""
    with timezone.override(LOS_ANGELES):
        form = _Asking(data)
        form.is_valid()
        return form


def test_time_shown_twice_is_asked_about_and_the_answer_is_meant() -> None:
    with translation.override("en"), timezone.override(LOS_ANGELES):
        unsaid = asked(at=TWICE)
        drawn = str(unsaid["at"])
        assert "show this time twice" in str(unsaid.errors["at"])

    assert 'name="at_which"' in drawn
    assert "the first, UTC-7" in drawn
    assert "the second, UTC-8" in drawn
    assert "selected" in drawn.partition('<option value="first"')[0]
    for which, hour in (("first", 8), ("second", 9)):
        form = asked(at=TWICE, at_which=which)

        assert form.cleaned_data["at"] == datetime(2026, 11, 1, hour, 30, tzinfo=UTC)
        with timezone.override(LOS_ANGELES):
            assert f'<option value="{which}" selected>' in str(form["at"])


@pytest.mark.parametrize(("hour", "which"), [(8, "first"), (9, "second")])
def test_form_says_which_of_two_times_it_shows(hour: int, which: str) -> None:
    now = datetime(2026, 11, 1, hour, 30, tzinfo=UTC)
    with timezone.override(LOS_ANGELES):
        drawn = str(_Asking(initial={"at": now})["at"])

    assert f'<option value="{which}" selected>' in drawn
    assert asked(at=TWICE, at_which=which).cleaned_data["at"] == now


def test_time_shown_once_is_not_asked_about() -> None:
    for text in ("2026-11-01T03:30", "2026-11-30T01:30", "2026-11-01T01:30-08:00"):
        form = asked(at=text)

        assert form.is_valid()
        with timezone.override(LOS_ANGELES):
            assert "twice" not in str(form["at"])
    assert list(asked(at="2026-03-08T02:30").errors) == ["at"]


def test_filter_says_which_of_two_times_it_takes() -> None:
    form = read(LOS_ANGELES, at=TWICE, until=TWICE)

    with translation.override("en"), timezone.override(LOS_ANGELES):
        assert "that in UTC-7 is meant" in str(form["at"])
        assert "that in UTC-8 is meant" in str(form["until"])


def test_zone_of_no_place_is_told_by_its_offset() -> None:
    zone = ZoneInfo("Etc/GMT+12")

    assert as_words(zone) == "UTC-12"
    assert ("Etc/GMT+12", "Etc/GMT+12 · UTC-12") in time_zones("Etc/GMT+12")
    with timezone.override(zone), translation.override("en"):
        assert "Time in UTC-12" in str(_Form(initial={"at": timezone.now()})["at"])


def test_nonsense_for_the_later_of_two_times_is_the_earlier() -> None:
    for sent in ("America/Los_Angeles#", "America/Los_Angeles#x", "#2026", "#" * 999):
        form = read(LOS_ANGELES, at="2026-11-01T01:30", at_zone=sent)

        assert form.cleaned_data["at"] == datetime(2026, 11, 1, 8, 30, tzinfo=UTC)


def test_field_shows_a_moment_that_the_readers_calendar_has_not() -> None:
    with timezone.override(SHANGHAI):
        drawn = str(_Form(initial={"at": datetime.max.replace(tzinfo=UTC)})["at"])

    assert 'value="9999-12-31T23:59"' in drawn
    assert 'name="at_zone" value="UTC"' in drawn


@pytest.mark.parametrize(
    "text", ["yesterday", "2026-02-30T10:00", "9999-12-31T23:59", "\x00"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    assert list(read(LOS_ANGELES, at=text).errors) == ["at"]


@pytest.mark.parametrize(
    ("zone", "shown"),
    [(SHANGHAI, "2026-11-30T08:29"), (LOS_ANGELES, "2026-11-29T16:29")],
)
def test_field_shows_a_moment_by_the_readers_clocks(zone: ZoneInfo, shown: str) -> None:
    moment = datetime(2026, 11, 30, 0, 29, 17, tzinfo=UTC)
    with timezone.override(zone):
        drawn = str(_Form(initial={"at": moment})["at"])

    assert f'value="{shown}"' in drawn
    assert f'name="at_zone" value="{zone.key}"' in drawn
    assert 'aria-describedby="id_at_zone"' in drawn
    assert 'id="id_at_zone"' in drawn


@pytest.mark.parametrize(
    ("remembered", "sent", "zone"),
    [
        ("", "", "Asia/Shanghai"),
        ("Europe/Berlin", "", "Europe/Berlin"),
        ("Mars/Olympus", "", "Asia/Shanghai"),
        ("Europe/Berlin", "America/Los_Angeles", "America/Los_Angeles"),
        # A name that the list does not offer, but a browser once told.
        ("PRC", "", "PRC"),
    ],
)
def test_file_is_read_in_the_zone_that_was_chosen_last(
    remembered: str, sent: str, zone: str
) -> None:
    with timezone.override(SHANGHAI):
        field = FileZoneField(remembered)

    assert field.clean(sent).key == zone
    choices: Any = field.choices
    assert field.initial in dict(choices)


def test_file_in_a_zone_that_nobody_offers_is_refused() -> None:
    with pytest.raises(forms.ValidationError):
        FileZoneField().clean("Mars/Olympus")


def test_zones_are_named_for_places() -> None:
    names = [name for name, _words in time_zones()]

    assert names[0] == "UTC"
    assert {"Asia/Shanghai", "America/Los_Angeles"} <= set(names)
    assert not any(name.startswith("Etc/") for name in names)
