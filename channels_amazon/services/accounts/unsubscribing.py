"""Deletes at Amazon what an account that was disconnected had subscribed to; services.

The deletion needs no token of the seller's, so it runs in a worker after the tokens are
gone: nobody waits for Amazon, and while Amazon is down it is tried again. What cannot
be deleted is said, with how a person can.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from channels_amazon.errors import ShoplinkError
from channels_amazon.models import AmazonAccount
from channels_amazon.services.accounts import subscriptions
from channels_amazon.services.amazon_client.factory import application_client
from channels_amazon.services.diagnostics.entries import Entry, Level, record
from channels_amazon.services.jobs.queue import TASK_SECONDS, enqueue
from channels_amazon.spapi.apis import notifications
from channels_amazon.spapi.client import SpApiClient
from channels_amazon.spapi.errors import AccessDenied, InvalidRequest, NotFound
from channels_amazon.wording import listed, sentence

logger = logging.getLogger(__name__)

TASK = "channels_amazon.tasks.delete_subscriptions"
# The first wait after a failure; it doubles up to the longest.
_RETRY = timedelta(minutes=1)
_LONGEST_RETRY = timedelta(hours=2)
# A day after the disconnection what is left is left to people.
_GIVEN_UP_AFTER = timedelta(days=1)
# A task that was killed is followed by another one after this.
_LEASE = timedelta(seconds=1.5 * TASK_SECONDS)


@dataclass(slots=True)
class _Ended:
    """What became of the subscriptions, by type of event."""

    deleted: list[str] = field(default_factory=list)
    refused: dict[str, ShoplinkError] = field(default_factory=dict)
    failed: dict[str, ShoplinkError] = field(default_factory=dict)


def enqueue_due() -> None:
    """Have a worker go on with each account whose next attempt is due."""
    due = AmazonAccount.objects.filter(unsubscribe_at__lte=timezone.now())
    for account_id in due.values_list("pk", flat=True)[:100]:
        enqueue(TASK, account_id)


def delete_subscriptions(account_id: int) -> None:
    """Delete what the disconnected account left at Amazon; nothing if none is due.

    The subscription of a seller who is connected elsewhere here is theirs by now: an
    application has one for each seller and type, whichever store asked for it.
    """
    account = _claim(account_id, timezone.now())
    if account is None:
        return
    ended = _Ended()
    client: SpApiClient | None = None
    for kind, subscription_id in sorted(account.subscriptions.items()):
        if _is_in_use(account):
            _forget(account)
            return
        try:
            client = client or application_client(account.application, account.region)
            notifications.delete_subscription_by_id(client, subscription_id, kind)
        except NotFound:
            ended.deleted.append(kind)
        except (AccessDenied, InvalidRequest) as error:
            ended.refused[kind] = error
        except ShoplinkError as error:
            # Amazon does not answer, or not to us: the others would end likewise.
            ended.failed[kind] = error
            break
        else:
            ended.deleted.append(kind)
    _conclude(account, ended)


def _claim(account_id: int, now: datetime) -> AmazonAccount | None:
    """Take the account for this task; None when nothing is due or another has it."""
    disconnected = AmazonAccount.objects.filter(
        pk=account_id, state=AmazonAccount.State.DISCONNECTED
    )
    if not disconnected.filter(unsubscribe_at__lte=now).update(
        unsubscribe_at=now + _LEASE
    ):
        return None
    account: AmazonAccount | None = disconnected.select_related("application").first()
    return account


def _is_in_use(account: AmazonAccount) -> bool:
    """Tell whether the seller is connected again, in this store or another one."""
    return bool(_of_the_seller(account).exists())


def _of_the_seller(account: AmazonAccount) -> QuerySet[AmazonAccount]:
    rows: QuerySet[AmazonAccount] = AmazonAccount.objects.not_disconnected().filter(
        seller_id=account.seller_id, region=account.region
    )
    return rows


def _forget(account: AmazonAccount) -> None:
    """Leave the subscriptions to the account that has them now."""
    logger.info("subscriptions are in use again account=%s", account.pk)
    left = AmazonAccount.objects.filter(
        pk=account.pk, state=AmazonAccount.State.DISCONNECTED
    )
    left.update(subscriptions={}, unsubscribe_at=None)


def _conclude(account: AmazonAccount, ended: _Ended) -> None:
    """Keep what is left and when to try again, and tell what came of it."""
    now = timezone.now()
    since = account.disconnected_at or now
    left = {
        kind: subscription_id
        for kind, subscription_id in account.subscriptions.items()
        if kind not in ended.deleted
    }
    tries_again = bool(ended.failed) and now - since < _GIVEN_UP_AFTER
    again_at = now + _wait(now - since) if tries_again else None
    disconnected = AmazonAccount.objects.filter(
        pk=account.pk, state=AmazonAccount.State.DISCONNECTED
    )
    disconnected.update(subscriptions=left, unsubscribe_at=again_at)
    if ended.deleted:
        _tell_deleted(account, ended.deleted)
        _take_from_others(account, ended.deleted)
    if left and not tries_again:
        errors = [*ended.refused.values(), *ended.failed.values()]
        _tell_left(account, left, errors)
    elif left:
        logger.warning(
            "subscriptions not deleted yet account=%s codes=%s",
            account.pk,
            sorted({error.code for error in ended.failed.values()}),
        )


def _take_from_others(account: AmazonAccount, kinds: list[str]) -> None:
    """Forget what was deleted where the seller was connected again meanwhile.

    Whoever subscribed between our look and the deletion was given the same one: it has
    none now, and its page offers to subscribe.
    """
    deleted = {kind: account.subscriptions[kind] for kind in kinds}
    for other in _of_the_seller(account):
        if subscriptions.forget(other, deleted):
            logger.warning("subscriptions were deleted under account=%s", other.pk)


def _wait(passed: timedelta) -> timedelta:
    """Return how long to wait for the next attempt: as long as it lasted so far."""
    return min(max(passed, _RETRY), _LONGEST_RETRY)


def _tell_deleted(account: AmazonAccount, kinds: list[str]) -> None:
    record(
        Entry(
            code="account.subscriptions_deleted",
            level=Level.INFO,
            account=account,
            message=sentence(
                "Amazon no longer sends these events of the account: %(kinds)s.",
                kinds=listed(sorted(kinds)),
            ),
        )
    )


def _tell_left(
    account: AmazonAccount, left: dict[str, str], errors: list[ShoplinkError]
) -> None:
    named = [f"{kind} {left[kind]}" for kind in sorted(left)]
    record(
        Entry(
            code="account.subscriptions_left",
            level=Level.WARNING,
            account=account,
            message=sentence(
                "These subscriptions stay at Amazon: %(left)s. Its answer: %(reason)s",
                left=listed(named),
                reason=errors[0].message if errors else "",
            ),
            fix=sentence(
                "Their events go into quarantine. To end them, connect the account and "
                "disconnect it again, or delete each with deleteSubscriptionById."
            ),
            request_id=str(getattr(errors[0], "request_id", "")) if errors else "",
        )
    )
