"""Destinations and subscriptions: who may, what conflicts, what is gone."""

from __future__ import annotations

import pytest

from channels_amazon.emulator.server import Emulator

from ..caller import Caller, Reply, sign_in, sign_in_grantless, subscribe

DESTINATIONS = "/notifications/v1/destinations"
ORDER_CHANGE = "/notifications/v1/subscriptions/ORDER_CHANGE"


def make_destination(caller: Caller, arn: str, name: str = "orders") -> Reply:
    body = {"name": name, "resourceSpecification": {"sqs": {"arn": arn}}}
    return caller.send("POST", DESTINATIONS, body=body)


def make_subscription(caller: Caller, destination_id: str) -> Reply:
    body = {"payloadVersion": "1.0", "destinationId": destination_id}
    return caller.send("POST", ORDER_CHANGE, body=body)


def test_destination_is_made_read_and_deleted(emulator: Emulator) -> None:
    caller = sign_in_grantless(emulator)
    made = make_destination(caller, emulator.queue_arn).json["payload"]
    path = f"{DESTINATIONS}/{made['destinationId']}"
    assert caller.get(DESTINATIONS).json["payload"] == [made]
    assert caller.get(path).json["payload"] == made
    assert caller.send("DELETE", path).status == 200
    assert caller.get(path).status == 404


def test_second_destination_of_a_queue_conflicts(emulator: Emulator) -> None:
    caller = sign_in_grantless(emulator)
    make_destination(caller, emulator.queue_arn)
    assert make_destination(caller, emulator.queue_arn, "again").status == 409


def test_destinations_of_two_regions_are_apart(emulator: Emulator) -> None:
    make_destination(sign_in_grantless(emulator, "na"), emulator.queue_arn)
    european = sign_in_grantless(emulator, "eu")
    assert european.get(DESTINATIONS).json["payload"] == []
    assert make_destination(european, emulator.queue_arn).status == 200


@pytest.mark.parametrize("arn", ["nonsense", "arn:aws:sqs:us-east-1:1:elsewhere"])
def test_queue_out_of_reach_is_refused(emulator: Emulator, arn: str) -> None:
    assert make_destination(sign_in_grantless(emulator), arn).status == 400


def test_subscription_is_made_read_and_deleted(emulator: Emulator) -> None:
    subscription_id = subscribe(emulator)
    caller, grantless = sign_in(emulator), sign_in_grantless(emulator)
    path = f"{ORDER_CHANGE}/{subscription_id}"
    own = caller.get(ORDER_CHANGE).json["payload"]
    assert own["subscriptionId"] == subscription_id
    assert grantless.get(path).json["payload"] == own
    assert grantless.send("DELETE", path).status == 200
    assert caller.get(ORDER_CHANGE).status == 404


def test_second_subscription_conflicts(emulator: Emulator) -> None:
    subscribe(emulator)
    destination_id = next(iter(emulator.state.destinations))
    assert make_subscription(sign_in(emulator), destination_id).status == 409


def test_destination_in_use_stays(emulator: Emulator) -> None:
    subscribe(emulator)
    path = f"{DESTINATIONS}/{next(iter(emulator.state.destinations))}"
    assert sign_in_grantless(emulator).send("DELETE", path).status == 409


def test_unknown_destination_or_type_is_refused(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    assert make_subscription(caller, "nowhere").status == 400
    path = "/notifications/v1/subscriptions/ORDER_STATUS_CHANGE"
    assert caller.get(path).status == 400


def test_subscription_needs_a_role(emulator: Emulator) -> None:
    emulator.control("roles", only=["Product Listing"])
    make_destination(sign_in_grantless(emulator), emulator.queue_arn)
    destination_id = next(iter(emulator.state.destinations))
    assert make_subscription(sign_in(emulator), destination_id).status == 403
