"""The Amazon accounts: what is connected, what each needs; views layer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from channels_amazon.models import (
    AmazonAccount,
    MarketplaceParticipation,
    Store,
)
from channels_amazon.views.attention import attention_rows, first_line
from channels_amazon.views.base import OWNERS, mine, page, store_page, stores_with_role
from channels_amazon.views.durations import until

STATE_KINDS = {
    AmazonAccount.State.CONNECTED: "ok",
    AmazonAccount.State.NEEDS_AUTHORIZATION: "error",
    AmazonAccount.State.DISCONNECTED: "off",
}


@dataclass(frozen=True, slots=True)
class Card:
    """One account as its card shows it; `days_left` of the year's authorisation.

    `left` is the same in words, with its hours where these matter, "" once it is over.
    `says` is whether anything is needed of the reader, as its status page says it.
    """

    account: AmazonAccount
    kind: str
    days_left: int
    left: str
    is_ending: bool
    sites: list[MarketplaceParticipation]
    can_manage: bool
    says: str = ""


@store_page
@require_safe
def account_list(request: HttpRequest) -> HttpResponse:
    """Show a card for each account, and the way to connect another."""
    now = timezone.now()
    owned = set(stores_with_role(request, OWNERS).values_list("pk", flat=True))
    accounts = (
        mine(AmazonAccount, request)
        .select_related("store")
        .prefetch_related("participations")
        .order_by("store__name", "region", "-pk")
    )
    rows = attention_rows(request)
    shared = rows.shared()
    cards = [
        replace(
            card(account, account.store_id in owned, now),
            says=first_line(rows.attention_of(account), rows, shared),
        )
        for account in accounts
    ]
    stores = list(mine(Store, request))
    context = {
        "cards": [item for item in cards if item.kind != "off"],
        # Its own card then has the button that matters.
        "is_revoked": any(item.kind == "error" for item in cards),
        "ended": [item for item in cards if item.kind == "off"],
        "first_line": first_line(rows.attention(), rows),
        "stores": stores,
        "can_connect": bool(owned),
        "queue_configured": rows.facts.is_queue_configured,
    }
    template = "channels_amazon/accounts/account_list.html"
    return page(request, template, context, title=_("Amazon accounts"))


def card(account: AmazonAccount, can_manage: bool, now: datetime) -> Card:
    """Return what the card of `account` shows."""
    ends_at = account.authorization_ends_at
    return Card(
        account=account,
        kind=STATE_KINDS[AmazonAccount.State(account.state)],
        days_left=max(0, (ends_at - now).days),
        left=until(ends_at, now) if ends_at > now else "",
        is_ending=account.is_connected and account.is_to_renew(now),
        sites=[site for site in account.participations.all() if site.is_participating],
        can_manage=can_manage,
    )
