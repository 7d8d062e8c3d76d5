"""Tags of the pages: times, marketplaces, money, and all states; views layer."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from babel.core import Locale, UnknownLocaleError
from babel.numbers import format_currency
from django.forms import BoundField
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.translation import get_language

from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.models import (
    Order,
    translated,
)
from channels_amazon.models.scope import capped
from channels_amazon.rules.local_times import TO_THE_MINUTE, TO_THE_SECOND
from channels_amazon.rules.local_times import shown as shown_in
from channels_amazon.rules.shipping import carriers
from channels_amazon.rules.shipping.carriers import CarrierOption
from channels_amazon.services.orders.amazon_words import amazon_word, amazon_words
from channels_amazon.services.shipping import tracking_doubts
from channels_amazon.templatetags.shoplink_states import register, state
from channels_amazon.views.durations import bound, duration, fine_duration, relative
from channels_amazon.views.labels import PERSONAL, flattened
from channels_amazon.views.local_time import local
from channels_amazon.wording import Sentence

# {{ entry.message|translated }}: a stored sentence in the reader's language.
register.filter("translated", translated)
# {{ order.service_level|amazon_word:"service" }}: Amazon's word for people.
register.filter("amazon_word", amazon_word)
register.filter("amazon_words", amazon_words)
# {{ waiting|capped }}: a number that is counted up to COUNT_CAP.
register.filter("capped", capped)
# {{ row.median|duration }}, {{ row.median|fine_duration }}: spans that were measured.
register.filter("duration", duration)
# Within {{ latency.p99|bound }}: none is "within under a second".
register.filter("bound", bound)
register.filter("fine_duration", fine_duration)

_FINE = "%Y-%m-%d %H:%M:%S.%f"
_BETWEEN = " · "


@register.simple_tag
def when(value: datetime | None, empty: str = "–") -> str:
    """Show a time relative to now, on hover and focus exactly: the reader's and UTC."""
    if value is None:
        return format_html('<span class="sl-none">{}</span>', empty)
    return format_html(
        '<time class="sl-time" datetime="{}" title="{}" tabindex="0">{}</time>',
        value.astimezone(UTC).isoformat(timespec="seconds"),
        _both(value, TO_THE_SECOND),
        relative(value, timezone.now()),
    )


@register.simple_tag
def exactly(value: datetime, form: str = TO_THE_SECOND) -> str:
    """Show a time by the reader's clocks, in UTC and how long ago on hover and focus.

    `form` is "fine" where parts of a second matter.
    """
    form = _FINE if form == "fine" else form
    shown, *rest = _both(value, form).split(_BETWEEN)
    return format_html(
        '<time class="sl-time" datetime="{}" title="{}" tabindex="0">{}</time>',
        value.astimezone(UTC).isoformat(timespec="milliseconds"),
        _BETWEEN.join([*rest, relative(value, timezone.now())]),
        shown,
    )


def _both(value: datetime, form: str) -> str:
    """Return the time by the reader's clocks and in UTC, once where they agree."""
    told = [local(value, form), shown_in(value, UTC, form)]
    return _BETWEEN.join(dict.fromkeys(told))


@register.filter
def minute(value: datetime) -> str:
    """Return a time to the minute by the reader's clocks, to stand in a sentence."""
    return local(value, TO_THE_MINUTE)


@register.filter
def second(value: datetime) -> str:
    """Return a time to the second by the reader's clocks."""
    return local(value)


@register.filter
def clock(value: datetime) -> str:
    """Return the time of a day that is near, by the reader's clocks."""
    return local(value, "%H:%M:%S")


@register.simple_tag
def form_cell(field: BoundField) -> str:
    """Show a field of a table's row, which its column names."""
    return str(field.as_widget(attrs={"aria-label": str(field.label)}))


@register.simple_tag
def publication(item: Any) -> str:
    """Show the quantity a listing should have at Amazon, and whether it has it."""
    desired = item.listing.desired_quantity
    return format_html(
        '<span class="sl-strong">{}</span> {}',
        "–" if desired is None else desired,
        state(item.kind, item.word, translated(item.refusal)),
    )


@register.filter
def personal_lines(data: dict[str, Any]) -> list[tuple[Any, Any]]:
    """Return a buyer and recipient, masked or not, as labels and values."""
    return list(flattened(data, PERSONAL))


@register.filter
def signed(number: int) -> str:
    """Return a change of units with its sign, nothing for none."""
    return f"{number:+d}" if number else ""


@register.filter
def is_late(order: Order, now: datetime) -> bool:
    """Tell whether the merchant had to ship the order before `now`."""
    return order.is_late(now)


@register.filter
def country(marketplace_id: str) -> str:
    """Return a marketplace's country code, its id while it is none we know."""
    known = MARKETPLACES.get(marketplace_id)
    return known.country_code if known else marketplace_id


@register.filter
def carrier_options(marketplace_id: str | None) -> tuple[CarrierOption, ...]:
    """Return Amazon's carriers to offer for a marketplace, all of them for ""."""
    return carriers.carrier_options(marketplace_id or "")


@register.filter
def tracking_warning(number: str, carrier: str) -> Sentence | str:
    """Return what looks wrong with a tracking number, "" where nothing does."""
    return tracking_doubts.tracking_warning(carrier, number)


@register.filter
def marketplace_name(marketplace_id: str) -> str:
    """Return a marketplace's name, its id while it is none we know."""
    known = MARKETPLACES.get(marketplace_id)
    return known.name_in(get_language() or "en") if known else marketplace_id


@register.filter
def money(amount: Decimal | None, currency: str) -> str:
    """Return an amount in the reader's notation; a currency never seen stays text."""
    if amount is None:
        return "–"
    try:
        return str(format_currency(amount, currency, locale=_locale()))
    except (ValueError, LookupError):
        return f"{number_format(amount)} {currency}".strip()


@register.filter
def lookup(mapping: dict[Any, Any], key: Any) -> Any:
    """Return the value of a variable key, None where there is none."""
    return mapping.get(key)


def _locale() -> Locale:
    try:
        return Locale.parse((get_language() or "en").replace("-", "_"))
    except (ValueError, UnknownLocaleError):
        return Locale.parse("en")
