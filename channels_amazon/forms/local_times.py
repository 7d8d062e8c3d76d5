"""Fields for times that a person writes as clocks show them; forms layer."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import cache
from typing import Any, cast
from zoneinfo import ZoneInfo

from babel.core import Locale, get_global
from babel.dates import get_timezone_location
from django import forms
from django.forms.fields import BaseTemporalField
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from channels_amazon.rules.local_times import (
    SkippedTimeError,
    moment_of,
    zone_named,
    zone_names,
)

# Of the hidden field beside a time: in which zone its page showed it.
ZONE_SUFFIX = "_zone"
# There, before a clock time that the page showed and that meant the later of two.
_LATER = "#"
# Old names and mere offsets; what is named for a place knows its summer time.
_NO_PLACES = ("Etc/", "SystemV/", "posix/", "right/")


def readers_zone() -> tzinfo:
    """Return the time zone of who reads the page, as the request made it current."""
    return timezone.get_current_timezone()


def name_of(zone: tzinfo) -> str:
    """Return a zone's name, as "Asia/Shanghai"."""
    return zone.key if isinstance(zone, ZoneInfo) else "UTC"


def as_words(zone: tzinfo) -> str:
    """Return a zone's name as people read it, as "America/Los Angeles"."""
    return name_of(zone).replace("_", " ")


def time_zones(*more: str) -> list[tuple[str, str]]:
    """Return the time zones that are named for a place, UTC, and those of `more`."""
    names = {
        name for name in zone_names() if "/" in name and not name.startswith(_NO_PLACES)
    }
    names |= {name for name in more if zone_named(name)} - {"UTC"}
    language = get_language() or "en"
    return [
        ("UTC", "UTC"),
        *((name, _zone_label(name, language)) for name in sorted(names)),
    ]


# Several hundred zones stand in each list of them, and Babel composes each name anew.
@cache
def _zone_label(name: str, language: str) -> str:
    """Return a zone's own name, to be typed, with its place as the reader calls it."""
    locale = Locale.parse(language.replace("-", "_"))
    code = get_global("zone_territories").get(name, "")
    country = str(locale.territories.get(code, ""))
    city = get_timezone_location(name, locale=locale, return_city=True)
    shown = name.replace("_", " ")
    place = [part for part in (country, city) if part and part not in shown]
    return " · ".join([shown, *place])


class TypedTime(str):
    """A time as it was typed, with the name of the zone that its page showed.

    `later` is the clock time with which the page meant the later of two moments, "" for
    none: who leaves it as it is means what the page meant.
    """

    zone: str = ""
    later: str = ""


class LocalTimeInput(forms.DateTimeInput):
    """A field of date and time as browsers draw it, and the zone it is read in.

    The page keeps the zone with the field: whoever travels, or changes the settings in
    another window, means what the page showed.
    """

    def __init__(self) -> None:
        super().__init__(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return what was typed, with its zone."""
        text = super().value_from_datadict(data, files, name)
        if not isinstance(text, str):
            return text
        typed = TypedTime(text)
        sent = str(data.get(f"{name}{ZONE_SUFFIX}", ""))
        typed.zone, _sign, typed.later = sent.partition(_LATER)
        return typed

    def render(
        self, name: str, value: Any, attrs: Any = None, renderer: Any = None
    ) -> Any:
        """Draw the field with its zone, for the reader and for the answer."""
        # A time that the zone's calendar does not have stays as it is, in UTC.
        zone = getattr(value, "tzinfo", None) or zone_of(value)
        later = self._later(value)
        described = f"{(attrs or {}).get('id') or name}{ZONE_SUFFIX}"
        shown = super().render(
            name, value, {**(attrs or {}), "aria-describedby": described}, renderer
        )
        return format_html(
            '{}<input type="hidden" name="{}" value="{}">'
            '<span class="sl-help" id="{}">{}</span>',
            shown,
            f"{name}{ZONE_SUFFIX}",
            f"{name_of(zone)}{_LATER if later else ''}{later}",
            described,
            gettext("Time in %(zone)s") % {"zone": as_words(zone)},
        )

    def _later(self, value: Any) -> str:
        """Return the field's clock time if it means the later of two, else ""."""
        if isinstance(value, datetime):
            return str(self.format_value(value)) if value.fold else ""
        return str(getattr(value, "later", ""))


class LocalTimeField(forms.DateTimeField):
    """A time by the clocks of the zone that its page showed, else of the reader's.

    An hour that clocks show twice is the earlier, or the later with `is_later` or where
    the page showed the later one and nobody changed it; one that they skip is refused.
    A time with an offset keeps it.
    """

    widget = LocalTimeInput
    default_error_messages = {
        "skipped": _(
            "The clocks of %(zone)s skip this time, since summer time begins: write "
            "one before or after."
        )
    }

    def __init__(self, *, is_later: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.is_later = is_later

    def to_python(self, value: Any) -> datetime | None:
        """Return the moment, aware; raises ValidationError for none."""
        if value in self.empty_values or isinstance(value, datetime):
            return super().to_python(value)
        zone = zone_of(value)
        try:
            typed = self._typed(value)
            if typed.tzinfo is not None:
                return typed.astimezone(UTC)
            is_later = self.is_later or value == getattr(value, "later", None)
            return moment_of(typed, zone, is_later=is_later)
        except SkippedTimeError as error:
            raise forms.ValidationError(
                self.error_messages["skipped"],
                code="skipped",
                params={"zone": as_words(zone)},
            ) from error
        except (ValueError, OverflowError) as error:
            raise forms.ValidationError(
                self.error_messages["invalid"], code="invalid"
            ) from error

    def prepare_value(self, value: Any) -> Any:
        """Return a moment by the reader's clocks, as it is where they have no such."""
        try:
            return super().prepare_value(value)
        except OverflowError:
            return value

    def _typed(self, text: str) -> datetime:
        """Return what was typed, naive unless it has an offset."""
        typed = parse_datetime(text.strip())
        return typed or cast(datetime, BaseTemporalField.to_python(self, text))


class FileZoneField(forms.ChoiceField):
    """In which zone the times of a file are that say none: as last, else the reader's.

    A form that does not ask means what it would have shown first.
    """

    def __init__(self, remembered: str = "") -> None:
        own = name_of(zone_named(remembered) or readers_zone())
        super().__init__(
            label=_("Times in the file are of"),
            help_text=_("A time with an offset of its own, as +08:00 or Z, keeps it."),
            choices=time_zones(own),
            initial=own,
            required=False,
        )

    def clean(self, value: Any) -> ZoneInfo:
        """Return the zone."""
        return ZoneInfo(super().clean(value) or str(self.initial))


def zone_of(value: Any) -> tzinfo:
    """Return the zone that the page of a typed time showed, else the reader's."""
    return zone_named(getattr(value, "zone", "")) or readers_zone()
