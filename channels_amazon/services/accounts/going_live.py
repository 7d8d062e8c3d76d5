"""Lets an account's numbers go to Amazon, and pauses them; services layer.

A new account reads first. What it would publish is computed and kept meanwhile, and
goes out once a person has looked at it (`services/stock/first_push.py`) and goes live.
Orders, shipments and MCF orders are not numbers of ours: they never wait for this.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from channels_amazon.errors import NeedsMerchant
from channels_amazon.models import AmazonAccount, SyncJob
from channels_amazon.services.diagnostics.audit import Audited, audit
from channels_amazon.services.diagnostics.entries import Entry, Level, record
from channels_amazon.services.jobs import lifecycle
from channels_amazon.services.jobs.status import first_pull_jobs
from channels_amazon.services.stock.first_push import queue_first_push
from channels_amazon.wording import Sentence, sentence

# The code of what ends by itself.
FIRST_PULL = "account.first_pull"


class CannotGoLive(NeedsMerchant):
    """The account cannot send numbers now; the fix says what comes first."""


def obstacle_of(account: AmazonAccount) -> CannotGoLive | None:
    """Return why the account cannot go live now, None where it can."""
    if account.is_disconnected:
        return CannotGoLive(
            "account.disconnected",
            sentence("The account is disconnected: nothing can be sent."),
            fix=sentence("Connect it again first."),
        )
    if not account.is_connected:
        return CannotGoLive(
            account.state_code or "token.revoked",
            sentence("Amazon does not accept the account's authorisation."),
            fix=sentence("Authorise the account again first."),
        )
    if first_pull_jobs().filter(account=account).exists():
        return CannotGoLive(
            FIRST_PULL,
            sentence(
                "The first pull is not complete: until all listings and orders were "
                "read once, the numbers could be wrong."
            ),
            fix=sentence("Its page says which steps are open."),
        )
    return None


def go_live(
    account: AmazonAccount, *, actor: str, before_first_pull: bool = False
) -> bool:
    """Let the account's numbers go to Amazon from now on; once more does nothing.

    Returns whether it was this call. Raises CannotGoLive; `before_first_pull` does not
    wait for the listings and orders to be read.
    """
    with transaction.atomic():
        row = _locked(account)
        if not row.is_live:
            obstacle = obstacle_of(row)
            is_early = obstacle is not None and obstacle.code == FIRST_PULL
            if obstacle is not None and not (before_first_pull and is_early):
                raise obstacle
            AmazonAccount.objects.filter(pk=row.pk).update(
                live_at=timezone.now(), live_by=actor[:150]
            )
            queue_first_push(row)
            lifecycle.wake(row.pk, SyncJob.Kind.STOCK_PUSH)
            _keep(
                row,
                "account.live",
                sentence(
                    "%(account)s went live: its quantities are sent to Amazon.",
                    account=str(row),
                ),
                actor,
            )
    account.refresh_from_db()
    return not row.is_live


def pause(account: AmazonAccount, *, actor: str) -> bool:
    """Send no number of the account any more; return whether it was this call.

    What is wanted is computed and kept on, and goes out when it goes live again. A run
    that is under way ends before its next listing.
    """
    with transaction.atomic():
        row = _locked(account)
        if row.is_live:
            AmazonAccount.objects.filter(pk=row.pk).update(live_at=None, live_by="")
            _keep(
                row,
                "account.paused",
                sentence(
                    "%(account)s was paused: no quantity is sent to Amazon, which "
                    "keeps the numbers it has.",
                    account=str(row),
                ),
                actor,
            )
    account.refresh_from_db()
    return row.is_live


def _locked(account: AmazonAccount) -> AmazonAccount:
    locked = AmazonAccount.objects.select_for_update(no_key=True)
    row: AmazonAccount = locked.get(pk=account.pk)
    return row


def _keep(account: AmazonAccount, code: str, message: Sentence, actor: str) -> None:
    """Keep who did it, in the audit log and in the account's own."""
    audit(
        Audited(
            code=code,
            message=message,
            reference=account.seller_id,
            actor=actor,
            store_id=account.store_id,
        )
    )
    record(
        Entry(
            code=code, level=Level.INFO, account=account, message=message, actor=actor
        )
    )
