"""Notifications v1: destinations (grantless) and subscriptions; emulator."""

from __future__ import annotations

import re
from typing import Any

from ..model.entities import EmulatedDestination, EmulatedSubscription
from ..model.roles import NOTIFICATION_ROLES
from ..notifications.publishing import PAYLOAD_VERSIONS
from ..protocol.calling import (
    NOTIFICATIONS_SCOPE,
    ApiReply,
    Call,
    Refusal,
    Route,
    denied,
    field_text,
    invalid,
    not_found,
)

Json = dict[str, Any]

_ARN = re.compile(r"arn:aws:sqs:\S+:\S+:\S+")
_BASE = "/notifications/v1"
_DESTINATIONS = f"{_BASE}/destinations"
_SUBSCRIPTIONS = f"{_BASE}/subscriptions/{{notificationType}}"
_SUBSCRIPTION = f"{_SUBSCRIPTIONS}/{{subscriptionId}}"


def create_destination(call: Call) -> ApiReply:
    """Serve createDestination; the queue must be one that Amazon can reach."""
    body = call.json()
    name = field_text(body, "name")
    resource = body.get("resourceSpecification")
    if not isinstance(resource, dict) or not isinstance(resource.get("sqs"), dict):
        raise invalid("resourceSpecification needs sqs; eventBridge is not offered.")
    arn = field_text(resource["sqs"], "arn")
    if not _ARN.fullmatch(arn) or len(name) > 256:
        raise invalid("The ARN or the name of the destination is malformed.")
    world, region = call.world, call.caller.region
    if arn not in world.queues:
        raise invalid(f"The queue {arn} cannot be written to.")
    for other in world.destinations.values():
        if other.region == region and arn == other.arn:
            raise _conflict("A destination for this resource already exists.")
    destination = EmulatedDestination(world.uuid(), region, name, arn)
    world.destinations[destination.destination_id] = destination
    return ApiReply(200, {"payload": _destination_view(destination)})


def get_destinations(call: Call) -> ApiReply:
    """Serve getDestinations."""
    found = [
        _destination_view(item)
        for item in call.world.destinations.values()
        if item.region == call.caller.region
    ]
    return ApiReply(200, {"payload": found})


def get_destination(call: Call) -> ApiReply:
    """Serve getDestination."""
    return ApiReply(200, {"payload": _destination_view(_find_destination(call))})


def delete_destination(call: Call) -> ApiReply:
    """Serve deleteDestination, refused while a subscription uses it."""
    destination = _find_destination(call)
    used = {item.destination_id for item in call.world.subscriptions.values()}
    if destination.destination_id in used:
        raise _conflict("The destination is used by a subscription.")
    del call.world.destinations[destination.destination_id]
    return ApiReply(200, {})


def create_subscription(call: Call) -> ApiReply:
    """Serve createSubscription, one for a seller, type and payload version."""
    kind = _kind(call)
    if not call.caller.roles & NOTIFICATION_ROLES[kind]:
        raise denied()
    body = call.json()
    version = field_text(body, "payloadVersion")
    destination_id = field_text(body, "destinationId")
    directive = body.get("processingDirective")
    if version != PAYLOAD_VERSIONS.get(kind, "1.0"):
        raise invalid(f"Payload version {version} is not offered for {kind}.")
    if directive is not None and not isinstance(directive, dict):
        raise invalid("Invalid type of field processingDirective.")
    destination = call.world.destinations.get(destination_id)
    if destination is None or destination.region != call.caller.region:
        raise invalid(f"Destination {destination_id} is not found.")
    if _of_seller(call, kind) is not None:
        raise _conflict(f"A subscription for {kind} already exists.")
    subscription = EmulatedSubscription(
        subscription_id=call.world.uuid(),
        seller_id=call.seller.seller_id,
        notification_type=kind,
        payload_version=version,
        destination_id=destination_id,
        processing_directive=directive,
    )
    call.world.subscriptions[subscription.subscription_id] = subscription
    return ApiReply(200, {"payload": _subscription_view(subscription)})


def get_subscription(call: Call) -> ApiReply:
    """Serve getSubscription for the calling seller."""
    kind = _kind(call)
    found = _of_seller(call, kind)
    if found is None:
        raise not_found(f"There is no subscription for {kind}.")
    return ApiReply(200, {"payload": _subscription_view(found)})


def get_subscription_by_id(call: Call) -> ApiReply:
    """Serve getSubscriptionById."""
    return ApiReply(200, {"payload": _subscription_view(_find_subscription(call))})


def delete_subscription_by_id(call: Call) -> ApiReply:
    """Serve deleteSubscriptionById."""
    found = _find_subscription(call)
    del call.world.subscriptions[found.subscription_id]
    return ApiReply(200, {})


def _kind(call: Call) -> str:
    kind = call.path["notificationType"]
    if kind not in NOTIFICATION_ROLES:
        raise invalid(f"Notification type {kind} is not offered by SQS.")
    return kind


def _of_seller(call: Call, kind: str) -> EmulatedSubscription | None:
    for item in call.world.subscriptions.values():
        if (item.seller_id, item.notification_type) == (call.seller.seller_id, kind):
            return item
    return None


def _find_subscription(call: Call) -> EmulatedSubscription:
    kind, subscription_id = _kind(call), call.path["subscriptionId"]
    found = call.world.subscriptions.get(subscription_id)
    region = call.caller.region
    if (
        found is None
        or found.notification_type != kind
        or call.world.sellers[found.seller_id].region != region
    ):
        raise not_found(f"Subscription {subscription_id} is not found.")
    return found


def _find_destination(call: Call) -> EmulatedDestination:
    destination_id = call.path["destinationId"]
    found = call.world.destinations.get(destination_id)
    if found is None or found.region != call.caller.region:
        raise not_found(f"Destination {destination_id} is not found.")
    return found


def _destination_view(destination: EmulatedDestination) -> Json:
    return {
        "name": destination.name,
        "destinationId": destination.destination_id,
        "resource": {"sqs": {"arn": destination.arn}},
    }


def _subscription_view(subscription: EmulatedSubscription) -> Json:
    view: Json = {
        "subscriptionId": subscription.subscription_id,
        "payloadVersion": subscription.payload_version,
        "destinationId": subscription.destination_id,
    }
    if subscription.processing_directive is not None:
        view["processingDirective"] = subscription.processing_directive
    return view


def _conflict(message: str) -> Refusal:
    return Refusal(409, "Conflict", message)


_SCOPE = NOTIFICATIONS_SCOPE
ROUTES = (
    Route("createDestination", "POST", _DESTINATIONS, create_destination, _SCOPE),
    Route("getDestinations", "GET", _DESTINATIONS, get_destinations, _SCOPE),
    Route(
        "getDestination",
        "GET",
        f"{_DESTINATIONS}/{{destinationId}}",
        get_destination,
        _SCOPE,
    ),
    Route(
        "deleteDestination",
        "DELETE",
        f"{_DESTINATIONS}/{{destinationId}}",
        delete_destination,
        _SCOPE,
    ),
    Route("createSubscription", "POST", _SUBSCRIPTIONS, create_subscription),
    Route("getSubscription", "GET", _SUBSCRIPTIONS, get_subscription),
    Route("getSubscriptionById", "GET", _SUBSCRIPTION, get_subscription_by_id, _SCOPE),
    Route(
        "deleteSubscriptionById",
        "DELETE",
        _SUBSCRIPTION,
        delete_subscription_by_id,
        _SCOPE,
    ),
)
