"""Which account the reader looked at last, to open it again; views layer."""

from __future__ import annotations

from django.http import HttpRequest

from channels_amazon.models import AmazonAccount
from channels_amazon.views.base import mine

# Of the session: the primary key of the account.
_KEY = "amazon_account"


def remember_viewed(request: HttpRequest, account: AmazonAccount) -> None:
    """Remember that the reader looks at this account."""
    if request.session.get(_KEY) != account.pk:
        request.session[_KEY] = account.pk


def last_viewed(request: HttpRequest) -> AmazonAccount | None:
    """Return the account looked at last, else the first one; None without any."""
    accounts = mine(AmazonAccount, request).not_disconnected()
    last = accounts.filter(pk=request.session.get(_KEY, 0)).first()
    return last or accounts.order_by("pk").first()
