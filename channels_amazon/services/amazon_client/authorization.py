"""Takes back that an account needs authorisation once Amazon accepts it; services."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from channels_amazon.models import AmazonAccount, DiagnosticEntry
from channels_amazon.services.diagnostics.entries import Entry, Level, record
from channels_amazon.services.jobs import lifecycle
from channels_amazon.wording import sentence

State = AmazonAccount.State
WORKS = "account.authorization_works"
# How long one that was taken back and lost again stays lost.
PAUSE = timedelta(minutes=10)


def note_accepted(account_id: int) -> bool:
    """Connect the account again whose stored authorisation has just got a token.

    What was said against it is disproven; its jobs go on. Returns whether it needed
    that: an account that is connected, or was disconnected, stays as it is. So does one
    that was taken back a moment ago and lost again: where processes are told different
    things of Amazon, it must not go to and fro.
    """
    lost = AmazonAccount.objects.filter(pk=account_id, state=State.NEEDS_AUTHORIZATION)
    taken_back = DiagnosticEntry.objects.filter(
        account_id=account_id, code=WORKS, at__gt=timezone.now() - PAUSE
    )
    if lost.exists() and taken_back.exists():
        return False
    with transaction.atomic():
        if not lost.update(state=State.CONNECTED, state_code=""):
            return False
        account = AmazonAccount.objects.get(pk=account_id)
        lifecycle.unblock(account)
        record(
            Entry(
                code=WORKS,
                level=Level.INFO,
                account=account,
                message=sentence(
                    "Amazon accepts the account's authorisation again: its jobs go on."
                ),
            )
        )
    return True
