"""Has Amazon send an account's order events to our queue; services layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from channels_amazon.errors import ShoplinkError
from channels_amazon.models import AmazonAccount
from channels_amazon.rules.events.order_change import ORDER_CHANGE
from channels_amazon.services.accounts import connection
from channels_amazon.services.amazon_client.factory import (
    application_client,
    client_for,
)
from channels_amazon.services.diagnostics.entries import Entry, Level, entry_for, record
from channels_amazon.spapi.apis import notifications
from channels_amazon.spapi.apis.notifications import (
    NotificationDestination,
    Subscription,
)
from channels_amazon.spapi.client import SpApiClient
from channels_amazon.spapi.errors import AuthorizationLost, InvalidRequest, NotFound
from channels_amazon.wording import sentence, together

# HTTP status: a destination or subscription of that kind exists already.
_CONFLICT = 409
# What our destination is called at Amazon.
_NAME = "Shoplink"


def subscribe(account: AmazonAccount, *, actor: str) -> str:
    """Create what is missing of destination and subscription at Amazon.

    Returns "" when the events will come, else a sentence that says what is missing or
    what went wrong.
    """
    missing = what_is_missing(account)
    if missing:
        return missing
    try:
        destination = _destination(account)
        subscription = _subscription(account, destination.destination_id)
    except AuthorizationLost as error:
        connection.lose_authorization(account, code=error.code, message=error.message)
        return _failed(account, error)
    except ShoplinkError as error:
        return _failed(account, error)
    _keep(
        account,
        {ORDER_CHANGE: subscription.subscription_id},
        destination_id=destination.destination_id[:80],
        subscription_id=subscription.subscription_id[:80],
        subscribed_at=timezone.now(),
    )
    record(
        Entry(
            code="notifications.subscribed",
            level=Level.INFO,
            account=account,
            message=sentence(
                "Amazon sends the order events of this account to the queue."
            ),
            actor=actor,
        )
    )
    return ""


def subscribe_to(account: AmazonAccount, notification_type: str) -> str:
    """Have Amazon send events of one more type to where the order events go.

    Returns the subscription's id, "" where order events do not come either. Raises
    what the calls raise.
    """
    if not account.destination_id or what_is_missing(account):
        return ""
    subscription_id = _subscription(
        account, account.destination_id, notification_type
    ).subscription_id
    _keep(account, {notification_type: subscription_id})
    return subscription_id


def what_is_missing(account: AmazonAccount) -> str:
    """Return what keeps the account from being subscribed, "" for nothing."""
    if not account.is_connected:
        return sentence("Authorise the account again first.")
    names = [
        name
        for name in ("SQS_QUEUE_URL", "SQS_QUEUE_ARN")
        if not getattr(settings, name)
    ]
    if names:
        return _(
            "No queue is configured: set %(names)s in the environment. Until then "
            "orders come by the sweep alone, some minutes late."
        ) % {"names": ", ".join(names)}
    return ""


def _keep(account: AmazonAccount, made: dict[str, str], **columns: Any) -> None:
    """Keep the ids of what was made, so that it can be deleted without the token."""
    with transaction.atomic():
        row = _locked(account)
        AmazonAccount.objects.filter(pk=account.pk).update(
            subscriptions={**row.subscriptions, **made}, **columns
        )
    account.refresh_from_db(fields=["subscriptions", *columns])


def forget(account: AmazonAccount, deleted: Mapping[str, str]) -> list[str]:
    """Forget these subscriptions, ids by type, which are gone at Amazon.

    Returns the types that were the account's; one that was made anew stays. Who has
    none is offered to subscribe.
    """
    with transaction.atomic():
        row = _locked(account)
        gone = {
            kind for kind, had in row.subscriptions.items() if had == deleted.get(kind)
        }
        if row.subscription_id in {row.subscriptions[kind][:80] for kind in gone}:
            row.subscription_id = ""
        row.subscriptions = {
            kind: had for kind, had in row.subscriptions.items() if kind not in gone
        }
        row.save(update_fields=["subscriptions", "subscription_id"])
    return sorted(gone)


def _locked(account: AmazonAccount) -> AmazonAccount:
    """Return the row as it is now, which nobody else changes until the commit."""
    rows = AmazonAccount.objects.select_for_update(no_key=True)
    row: AmazonAccount = rows.get(pk=account.pk)
    return row


def _destination(account: AmazonAccount) -> NotificationDestination:
    """Return our queue's destination in the account's region, made if need be."""
    client = application_client(account.application, account.region)
    arn = settings.SQS_QUEUE_ARN
    known = _of_queue(notifications.get_destinations(client), arn)
    if known is not None:
        return known
    try:
        return notifications.create_destination(client, _NAME, arn)
    except InvalidRequest as error:
        if error.status != _CONFLICT:
            raise
        # Another request of ours made it since we looked.
        known = _of_queue(notifications.get_destinations(client), arn)
        if known is None:
            raise
        return known


def _of_queue(
    destinations: Iterable[NotificationDestination], arn: str
) -> NotificationDestination | None:
    return next((item for item in destinations if item.sqs_arn == arn), None)


def _subscription(
    account: AmazonAccount,
    destination_id: str,
    notification_type: str = ORDER_CHANGE,
) -> Subscription:
    """Return the seller's subscription to our destination, made if need be."""
    client = client_for(account)
    known = _known(client, notification_type)
    if known is not None and known.destination_id == destination_id:
        return known
    if known is not None:
        # It leads to a queue that was configured here before.
        application = application_client(account.application, account.region)
        notifications.delete_subscription_by_id(
            application, known.subscription_id, notification_type
        )
    try:
        return notifications.create_subscription(
            client, destination_id, notification_type
        )
    except InvalidRequest as error:
        known = _known(client, notification_type) if error.status == _CONFLICT else None
        if known is None or known.destination_id != destination_id:
            raise
        return known


def _known(client: SpApiClient, notification_type: str) -> Subscription | None:
    try:
        return notifications.get_subscription(client, notification_type)
    except NotFound:
        return None


def _failed(account: AmazonAccount, error: ShoplinkError) -> str:
    record(entry_for(error, account=account))
    return together(error.message, error.fix)
