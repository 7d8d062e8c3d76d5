"""The user's accounts as tabs over a page that shows one of them; views layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest

from channels_amazon.models import AmazonAccount
from channels_amazon.views.base import mine

# More are chosen from the list of accounts.
MOST_TABS = 12


@dataclass(frozen=True, slots=True)
class AccountTabs:
    """Accounts with the address of their page; `has_more` where not all are here."""

    rows: list[tuple[AmazonAccount, str]]
    has_more: bool


def account_tabs(
    request: HttpRequest, shown: AmazonAccount, address: Callable[[AmazonAccount], str]
) -> AccountTabs | None:
    """Return the tabs with the account `shown` among them; None for it alone."""
    rows = list(
        mine(AmazonAccount, request)
        .not_disconnected()
        .order_by("name", "region", "pk")[: MOST_TABS + 1]
    )
    if not [row for row in rows if row != shown]:
        return None
    has_more = len(rows) > MOST_TABS
    rows = rows[:MOST_TABS]
    if shown not in rows:
        rows = [shown, *rows[: MOST_TABS - 1]]
    return AccountTabs([(row, address(row)) for row in rows], has_more)
