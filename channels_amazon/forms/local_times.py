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
from django.utils.html import format_html, format_html_join
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from channels_amazon.rules.local_times import (
    SkippedTimeError,
    is_shown_twice,
    moment_of,
    offset_of,
    zone_named,
    zone_names,
)

# Of the hidden field beside a time: in which zone its page showed it.
ZONE_SUFFIX = "_zone"
# Of the choice beside a time that clocks show twice: which of the two is meant.
WHICH_SUFFIX = "_which"
FIRST, SECOND = "first", "second"
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
    """Return a zone's name as people read it, as "America/Los Angeles".

    One that is named for no place is told by its offset: "Etc/GMT+12" is UTC-12.
    """
    name = name_of(zone)
    if name.startswith("Etc/"):
        return offset_of(timezone.now(), zone)
    return name.replace("_", " ")


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
    if name.startswith("Etc/"):
        return f"{name} · {as_words(ZoneInfo(name))}"
    locale = Locale.parse(language.replace("-", "_"))
    code = get_global("zone_territories").get(name, "")
    country = str(locale.territories.get(code, ""))
    city = get_timezone_location(name, locale=locale, return_city=True)
    shown = name.replace("_", " ")
    place = [part for part in (country, city) if part and part not in shown]
    return " · ".join([shown, *place])


class TypedTime(str):
    """A time as it was typed, with the name of the zone that its page showed.

    `which` of two moments was chosen, "" where nothing was. `later` is the clock time
    with which the page meant the later of two, "" for none: who leaves it as it is
    means what the page meant.
    """

    zone: str = ""
    later: str = ""
    which: str = ""


class LocalTimeInput(forms.DateTimeInput):
    """A field of date and time as browsers draw it, and the zone it is read in.

    The page keeps the zone with the field: whoever travels, or changes the settings in
    another window, means what the page showed. Beside a time that clocks show twice it
    says which one is meant, as a choice where it `asks`.
    """

    asks = False
    is_later = False

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
        typed.which = str(data.get(f"{name}{WHICH_SUFFIX}", ""))
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
            '<span class="sl-help" id="{}">{}</span>{}',
            shown,
            f"{name}{ZONE_SUFFIX}",
            f"{name_of(zone)}{_LATER if later else ''}{later}",
            described,
            gettext("Time in %(zone)s") % {"zone": as_words(zone)},
            self._twice(name, value, zone),
        )

    def _twice(self, name: str, value: Any, zone: tzinfo) -> str:
        """Return which of two moments the value means, "" where it is but one."""
        wall = _wall(value)
        if wall is None or not _is_twice(wall, zone):
            return ""
        offsets = [offset_of(_nth(wall, zone, fold), zone) for fold in (0, 1)]
        meant = self._meant(value)
        if not self.asks:
            text = gettext("Clocks show this time twice: that in %(offset)s is meant.")
            offset = offsets[1 if meant == SECOND or self.is_later else 0]
            return format_html(
                '<span class="sl-help">{}</span>', text % {"offset": offset}
            )
        words = (gettext("the first, %(offset)s"), gettext("the second, %(offset)s"))
        choices = [("", "–")] if not meant else []
        choices += [
            (which, word % {"offset": offset})
            for which, word, offset in zip((FIRST, SECOND), words, offsets, strict=True)
        ]
        return format_html(
            '<label class="sl-help">{} <select name="{}">{}</select></label>',
            gettext("Clocks show this time twice:"),
            f"{name}{WHICH_SUFFIX}",
            format_html_join(
                "",
                '<option value="{}" {}>{}</option>',
                (
                    (which, "selected" if which == meant else "", word)
                    for which, word in choices
                ),
            ),
        )

    def _meant(self, value: Any) -> str:
        """Return which of the two a value means, "" for a text that does not say."""
        if isinstance(value, datetime):
            return SECOND if value.fold else FIRST
        return getattr(value, "which", "") or (SECOND if self._is_kept(value) else "")

    def _is_kept(self, value: Any) -> bool:
        """Tell whether it is what the page showed for the later of two, unchanged."""
        return bool(value) and value == getattr(value, "later", None)

    def _later(self, value: Any) -> str:
        """Return the field's clock time if it means the later of two, else ""."""
        if isinstance(value, datetime):
            return str(self.format_value(value)) if value.fold else ""
        return str(getattr(value, "later", ""))


class LocalTimeField(forms.DateTimeField):
    """A time by the clocks of the zone that its page showed, else of the reader's.

    Of an hour that clocks show twice the one is meant that was chosen beside it, or
    that the page showed and nobody changed. Else a field that `asks` refuses it until
    that is said, and any other takes the earlier, or the later with `is_later`. An hour
    that they skip is refused. A time with an offset keeps it.
    """

    widget = LocalTimeInput
    default_error_messages = {
        "skipped": _(
            "The clocks of %(zone)s skip this time, since summer time begins: write "
            "one before or after."
        ),
        "twice": _(
            "The clocks of %(zone)s show this time twice, since summer time ends: say "
            "beside it which one is meant."
        ),
    }

    def __init__(
        self, *, is_later: bool = False, asks: bool = False, **options: Any
    ) -> None:
        super().__init__(**options)
        self.is_later = is_later
        self.asks = asks
        drawn: Any = self.widget
        drawn.is_later, drawn.asks = is_later, asks

    def to_python(self, value: Any) -> datetime | None:
        """Return the moment, aware; raises ValidationError for none."""
        if value in self.empty_values or isinstance(value, datetime):
            return super().to_python(value)
        zone = zone_of(value)
        try:
            typed = self._typed(value)
            if typed.tzinfo is not None:
                return typed.astimezone(UTC)
            return moment_of(typed, zone, is_later=self._is_second(value, typed, zone))
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

    def _is_second(self, value: Any, typed: datetime, zone: tzinfo) -> bool:
        """Tell whether of two moments the later is meant.

        Raises ValidationError where nobody said so and the field asks.
        """
        which = getattr(value, "which", "")
        if which in (FIRST, SECOND):
            return bool(which == SECOND)
        if self.is_later or value == getattr(value, "later", None):
            return True
        if self.asks and is_shown_twice(typed, zone):
            raise forms.ValidationError(
                self.error_messages["twice"],
                code="twice",
                params={"zone": as_words(zone)},
            )
        return False

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


def _wall(value: Any) -> datetime | None:
    """Return what the clocks show of a moment or a typed text, None for neither."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    try:
        typed = parse_datetime(value.strip()) if isinstance(value, str) else None
    except ValueError:
        return None
    return typed if typed is not None and typed.tzinfo is None else None


def _is_twice(wall: datetime, zone: tzinfo) -> bool:
    try:
        return is_shown_twice(wall, zone)
    except OverflowError:
        return False


def _nth(wall: datetime, zone: tzinfo, fold: int) -> datetime:
    return wall.replace(tzinfo=zone, fold=fold)


def zone_of(value: Any) -> tzinfo:
    """Return the zone that the page of a typed time showed, else the reader's."""
    return zone_named(getattr(value, "zone", "")) or readers_zone()
