"""Notifications API v1: where Amazon sends events, and which; client layer."""

from __future__ import annotations

from dataclasses import dataclass

from channels_amazon.rules.events.order_change import ORDER_CHANGE
from channels_amazon.spapi import fields, operations
from channels_amazon.spapi.client import SpApiClient
from channels_amazon.spapi.fields import JsonObject


@dataclass(frozen=True, slots=True)
class NotificationDestination:
    """A queue that Amazon knows; `sqs_arn` is None for another kind."""

    destination_id: str
    name: str
    sqs_arn: str | None


@dataclass(frozen=True, slots=True)
class Subscription:
    """One seller's events of one type, sent to one destination."""

    subscription_id: str
    destination_id: str
    payload_version: str


def create_destination(
    client: SpApiClient, name: str, sqs_arn: str
) -> NotificationDestination:
    """Make a queue known to Amazon (grantless).

    Raises InvalidRequest with status 409 when it is known already.
    """
    answer = client.call(
        operations.CREATE_DESTINATION,
        body={"name": name, "resourceSpecification": {"sqs": {"arn": sqs_arn}}},
    )
    return fields.parse(
        answer, lambda data: _destination(fields.required_object(data, "payload"))
    )


def get_destinations(client: SpApiClient) -> tuple[NotificationDestination, ...]:
    """Return the application's destinations in the client's region (grantless)."""
    answer = client.call(operations.GET_DESTINATIONS)
    return fields.parse(
        answer,
        lambda data: tuple(map(_destination, fields.required_objects(data, "payload"))),
    )


def delete_destination(client: SpApiClient, destination_id: str) -> None:
    """Make Amazon forget a destination (grantless); NotFound when it has already."""
    client.call(operations.DELETE_DESTINATION, path={"destinationId": destination_id})


def create_subscription(
    client: SpApiClient,
    destination_id: str,
    notification_type: str = ORDER_CHANGE,
    payload_version: str = "1.0",
) -> Subscription:
    """Ask for the seller's events of one type.

    Raises InvalidRequest with status 409 when there is a subscription already.
    """
    answer = client.call(
        operations.CREATE_SUBSCRIPTION,
        path={"notificationType": notification_type},
        body={"payloadVersion": payload_version, "destinationId": destination_id},
    )
    return fields.parse(
        answer, lambda data: _subscription(fields.required_object(data, "payload"))
    )


def get_subscription(
    client: SpApiClient, notification_type: str = ORDER_CHANGE
) -> Subscription:
    """Return the seller's subscription; raises NotFound when there is none."""
    answer = client.call(
        operations.GET_SUBSCRIPTION, path={"notificationType": notification_type}
    )
    return fields.parse(
        answer, lambda data: _subscription(fields.required_object(data, "payload"))
    )


def delete_subscription_by_id(
    client: SpApiClient, subscription_id: str, notification_type: str = ORDER_CHANGE
) -> None:
    """End a subscription (grantless); raises NotFound when it ended already."""
    client.call(
        operations.DELETE_SUBSCRIPTION_BY_ID,
        path={
            "notificationType": notification_type,
            "subscriptionId": subscription_id,
        },
    )


def _destination(data: JsonObject) -> NotificationDestination:
    queue = fields.json_object(fields.json_object(data, "resource"), "sqs")
    return NotificationDestination(
        destination_id=fields.text(data, "destinationId"),
        name=fields.optional_text(data, "name") or "",
        sqs_arn=fields.optional_text(queue, "arn"),
    )


def _subscription(data: JsonObject) -> Subscription:
    return Subscription(
        subscription_id=fields.text(data, "subscriptionId"),
        destination_id=fields.text(data, "destinationId"),
        payload_version=fields.optional_text(data, "payloadVersion") or "",
    )
