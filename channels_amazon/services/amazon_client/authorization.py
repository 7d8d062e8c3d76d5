"""Takes back that an account needs authorisation once Amazon accepts it; services."""

from __future__ import annotations

from django.db import transaction

from channels_amazon.models import AmazonAccount
from channels_amazon.services.diagnostics.entries import Entry, Level, record
from channels_amazon.services.jobs import lifecycle
from channels_amazon.wording import sentence

State = AmazonAccount.State


def note_accepted(account_id: int) -> bool:
    """Connect the account again whose stored authorisation has just got a token.

    What was said against it is disproven; its jobs go on. Returns whether it needed
    that: an account that is connected, or was disconnected, stays as it is.
    """
    lost = AmazonAccount.objects.filter(pk=account_id, state=State.NEEDS_AUTHORIZATION)
    with transaction.atomic():
        if not lost.update(state=State.CONNECTED, state_code=""):
            return False
        account = AmazonAccount.objects.get(pk=account_id)
        lifecycle.unblock(account)
        record(
            Entry(
                code="account.authorization_works",
                level=Level.INFO,
                account=account,
                message=sentence(
                    "Amazon accepts the account's authorisation again: its jobs go on."
                ),
            )
        )
    return True
