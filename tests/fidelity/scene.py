"""A seller's situation at the emulator, and plain HTTP to ask about it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import requests

from channels_amazon.emulator.model.clock import iso
from channels_amazon.emulator.server import Emulator

SCOPE = "sellingpartnerapi::notifications"
US, DE = "ATVPDKIKX0DER", "A1PA6795UKMFR9"
NOBODYS_ORDER = "111-0000000-0000001"
TIMEOUT = 10


@dataclass(frozen=True)
class Reply:
    """An answer as it came over the wire."""

    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        """Return the body read as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Scene:
    """What exists for the tests to ask about; `tokens` are by name."""

    url: str
    tokens: dict[str, str]
    names: dict[str, str]

    def ask(
        self,
        method: str,
        path: str,
        *,
        caller: str = "na",
        params: dict[str, Any] | None = None,
        body: object = None,
    ) -> Reply:
        """Send one request; `{name}` in the path, the values and the body is filled."""
        answer = requests.request(
            method,
            self.url + self.fill(path),
            params={key: self.fill(value) for key, value in (params or {}).items()},
            json=self.fill(body),
            headers={"x-amz-access-token": self.tokens[caller]},
            timeout=TIMEOUT,
        )
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Reply(answer.status_code, answer.content, headers)

    def fill(self, value: Any) -> Any:
        """Put this scene's names into every `{name}` of a value."""
        if isinstance(value, str):
            for name, text in self.names.items():
                value = value.replace("{" + name + "}", text)
            return value
        if isinstance(value, dict):
            return {key: self.fill(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.fill(each) for each in value]
        return value


def set_scene(amazon: Emulator) -> Scene:
    """Place orders, subscribe to their events, take tokens of every kind."""
    tokens = {
        "na": access_token(amazon, refresh_token=amazon.refresh_token("na")),
        "eu": access_token(amazon, refresh_token=amazon.refresh_token("eu")),
        "grantless": access_token(amazon, scope=SCOPE),
        "broken": "Atza|broken",
    }
    names = _names(amazon)
    scene = Scene(amazon.url, tokens, names)
    destination = scene.ask(
        "POST",
        "/na/notifications/v1/destinations",
        caller="grantless",
        body={
            "name": "first",
            "resourceSpecification": {"sqs": {"arn": amazon.queue_arn}},
        },
    ).json["payload"]
    names["destination"] = destination["destinationId"]
    subscription = scene.ask(
        "POST",
        "/na/notifications/v1/subscriptions/ORDER_CHANGE",
        body={"payloadVersion": "1.0", "destinationId": "{destination}"},
    ).json["payload"]
    names["subscription"] = subscription["subscriptionId"]
    return scene


def access_token(amazon: Emulator, **grant: str) -> str:
    """Return an access token for a refresh token or a scope."""
    settings = amazon.settings()
    kind = "refresh_token" if "refresh_token" in grant else "client_credentials"
    answer = requests.post(
        settings["LWA_TOKEN_URL"],
        data={
            "grant_type": kind,
            "client_id": settings["LWA_CLIENT_ID"],
            "client_secret": settings["LWA_CLIENT_SECRET"],
            **grant,
        },
        timeout=TIMEOUT,
    )
    answer.raise_for_status()
    token: str = answer.json()["access_token"]
    return token


def _names(amazon: Emulator) -> dict[str, str]:
    """Return ids to ask about, all of the seller in North America."""
    with amazon.state.lock:
        seller = amazon.state.seller_of_region("na")
        listings = amazon.state.seller_listings(seller.seller_id)
    merchants = next(listing for listing in listings if listing.quantity)
    amazons = next(listing for listing in listings if listing.is_fba)
    (order_id,) = amazon.place_orders(
        1, sku=merchants.sku, quantity=2, marketplace_id=US, fulfilled_by="MERCHANT"
    )
    (fba_order_id,) = amazon.place_orders(1, fulfilled_by="AMAZON")
    amazon.control("cancel", order_id=fba_order_id, kind="buyer")
    with amazon.state.lock:
        order = amazon.state.orders[order_id]
    return {
        "seller": seller.seller_id,
        "sku": merchants.sku,
        "fba_sku": amazons.sku,
        "asin": merchants.asin,
        "order": order_id,
        "item": order.items[0].order_item_id,
        "cancelled_order": fba_order_id,
        "now": iso(amazon.state.now()),
        "arn": amazon.queue_arn,
    }
