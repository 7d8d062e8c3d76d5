"""Sends notifications to the queues of the subscriptions they match; emulator."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ..model.clock import iso
from ..model.entities import EmulatedSubscription
from ..model.state import World

Json = dict[str, Any]

# Versions of the types that are not 1.0. Their envelopes have camelCase keys, those of
# version 1.0 PascalCase.
PAYLOAD_VERSIONS = {
    "REPORT_PROCESSING_FINISHED": "2020-09-04",
    "FEED_PROCESSING_FINISHED": "2020-09-04",
}
# The longest extra delay of a reordered event, in simulated seconds.
REORDER_SECONDS = 1.0


def match_all(_subscription: EmulatedSubscription) -> bool:
    """Accept every event: the subscription has no filter."""
    return True


def publish(
    world: World,
    seller_id: str,
    kind: str,
    payload: Callable[[], Json],
    *,
    matches: Callable[[EmulatedSubscription], bool] = match_all,
) -> int:
    """Queue an event to a seller's subscriptions of a kind; return how many got it.

    `payload` is only called when there is such a subscription.
    """
    subscribers = [
        subscription
        for subscription in world.subscriptions.values()
        if (subscription.notification_type, subscription.seller_id) == (kind, seller_id)
        and matches(subscription)
    ]
    if not subscribers or not _is_authorized(world, seller_id):
        return 0
    content = payload()
    for subscription in subscribers:
        body = _envelope(world, subscription, content)
        deliver(world, subscription, json.dumps(body, ensure_ascii=False))
    return len(subscribers)


def deliver(world: World, subscription: EmulatedSubscription, text: str) -> None:
    """Queue a body as often and as late as the switches say."""
    destination = world.destinations.get(subscription.destination_id)
    url = world.queues.get(destination.arn) if destination else None
    if url is None or world.switches.silent:
        return
    copies = 1 + world.switches.duplicates + _strikes(world, "duplicate_share")
    for _ in range(copies):
        send(world, url, text)


def send(world: World, queue_url: str, text: str) -> None:
    """Queue one body, late or out of order where the switches say so."""
    wait = world.switches.delay
    if world.switches.reorder or _strikes(world, "reorder_share"):
        wait += world.random.uniform(0, REORDER_SECONDS)
    if wait <= 0:
        world.outbox.append((queue_url, text))
        world.wake.set()
        return
    world.schedule(wait, lambda: world.outbox.append((queue_url, text)))


def _strikes(world: World, share: str) -> bool:
    """Decide at random whether an event belongs to a share (0 to 1)."""
    wanted: float = getattr(world.switches, share)
    return wanted > 0 and world.random.random() < wanted


def _envelope(world: World, subscription: EmulatedSubscription, payload: Json) -> Json:
    now = iso(world.now())
    version = subscription.payload_version
    metadata = {
        "ApplicationId": world.application.application_id,
        "SubscriptionId": subscription.subscription_id,
        "PublishTime": now,
        "NotificationId": world.uuid(),
    }
    body = {
        "NotificationVersion": version,
        "NotificationType": subscription.notification_type,
        "PayloadVersion": version,
        "EventTime": now,
        "Payload": payload,
        "NotificationMetadata": metadata,
    }
    if subscription.notification_type not in PAYLOAD_VERSIONS:
        return body
    body["NotificationMetadata"] = {_lower(key): text for key, text in metadata.items()}
    return {_lower(key): value for key, value in body.items()}


def _lower(key: str) -> str:
    return key[0].lower() + key[1:]


def _is_authorized(world: World, seller_id: str) -> bool:
    return any(
        grant.seller_id == seller_id and not grant.revoked
        for grant in world.authorizations.values()
    )
