"""Makes exchange rates: the bank's of a day, and one that a person entered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from channels_amazon.emulator.rates.file import BASE
from channels_amazon.models import AmazonAccount, EuroRate, ManualRate, Store
from tests.builders import make_participation


def make_euro_rates(*, days_ago: int = 0, **over: str) -> None:
    """Make the bank's rates of a day; `over` replaces some of them."""
    day = (timezone.now() - timedelta(days=days_ago)).astimezone(UTC).date()
    EuroRate.objects.bulk_create(
        EuroRate(day=day, currency=currency, value=Decimal(value))
        for currency, value in (BASE | over).items()
    )


def make_manual_rate(store: Store, **over: Any) -> ManualRate:
    """Make a rate that a person entered today, from the store's currency to dirhams."""
    fields: dict[str, Any] = {
        "base": store.currency,
        "quote": "AED",
        "value": Decimal("3.6725"),
        "day": timezone.now().astimezone(UTC).date(),
        "reason": "Pegged to the dollar",
        "actor": "someone",
    }
    row: ManualRate = ManualRate.objects.create(store=store, **fields | over)
    return row


def sell_in(account: AmazonAccount, *currencies: str) -> None:
    """Let the account sell in marketplaces of these currencies too."""
    for number, currency in enumerate(currencies):
        make_participation(
            account,
            marketplace_id=f"A{number}{currency}",
            country_code=currency[:2],
            currency=currency,
        )


def at(text: str) -> datetime:
    """Return a time of the bank's winter, written as 2026-11-27 15:00, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
