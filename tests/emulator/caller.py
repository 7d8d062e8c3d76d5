"""A bare SP-API caller for the emulator's tests: one connection a call."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from channels_amazon.emulator.server import Emulator

NOTIFICATIONS = "sellingpartnerapi::notifications"
SELLERS = {"na": "A1EMULATORNA1", "eu": "A1EMULATOREU1", "fe": "A1EMULATORFE1"}
US, CA, MX = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2", "A1AM78C64UM0Y8"
DE, FR, GB = "A1PA6795UKMFR9", "A13V1IB3VIYZZH", "A1F83G8C2ARO7P"


@dataclass(frozen=True)
class Reply:
    """One answer."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.text)

    @property
    def error(self) -> Any:
        """Return the first error of the envelope."""
        return self.json["errors"][0]


class Caller:
    """Call one region with one token."""

    def __init__(self, emulator: Emulator, region: str, token: str) -> None:
        self.emulator = emulator
        self.region = region
        self.token = token

    def get(self, path: str, **query: object) -> Reply:
        """Send a GET."""
        return self.send("GET", path, query)

    def send(
        self,
        method: str,
        path: str,
        query: dict[str, object] | None = None,
        body: object = None,
    ) -> Reply:
        """Send a request; lists in the query are joined by commas."""
        flat = {
            name: ",".join(map(str, value)) if isinstance(value, list) else value
            for name, value in (query or {}).items()
        }
        target = f"/{self.region}{path}" + (f"?{urlencode(flat)}" if flat else "")
        headers = {"x-amz-access-token": self.token} if self.token else {}
        data = None
        if body is not None:
            data = json.dumps(body)
            headers["Content-Type"] = "application/json"
        return exchange(self.emulator, method, target, data, headers)


def exchange(
    emulator: Emulator,
    method: str,
    target: str,
    data: str | None = None,
    headers: dict[str, str] | None = None,
) -> Reply:
    """Send one request and read its answer to the end."""
    connection = http.client.HTTPConnection(
        emulator.url.removeprefix("http://"), timeout=10
    )
    try:
        connection.request(method, target, data, headers or {})
        reply = connection.getresponse()
        text = reply.read().decode()
    finally:
        connection.close()
    return Reply(reply.status, dict(reply.headers), text)


def sign_in(emulator: Emulator, region: str = "na") -> Caller:
    """Return a caller with a fresh token of the region's seller."""
    refresh_token = emulator.refresh_token(region)
    token = _token(
        emulator, {"grant_type": "refresh_token", "refresh_token": refresh_token}
    )
    return Caller(emulator, region, token)


def sign_in_grantless(emulator: Emulator, region: str = "na") -> Caller:
    """Return a caller with a token of the notifications scope."""
    token = _token(
        emulator, {"grant_type": "client_credentials", "scope": NOTIFICATIONS}
    )
    return Caller(emulator, region, token)


def subscribe(
    emulator: Emulator,
    region: str = "na",
    kind: str = "ORDER_CHANGE",
    version: str = "1.0",
) -> str:
    """Subscribe a seller to a notification type and return the subscription id."""
    subscription = sign_in(emulator, region).send(
        "POST",
        f"/notifications/v1/subscriptions/{kind}",
        body={
            "payloadVersion": version,
            "destinationId": _destination(emulator, region),
        },
    )
    return str(subscription.json["payload"]["subscriptionId"])


def _destination(emulator: Emulator, region: str) -> str:
    """Return the id of the queue's destination, made where there is none."""
    grantless = sign_in_grantless(emulator, region)
    path = "/notifications/v1/destinations"
    known = grantless.get(path).json["payload"]
    if not known:
        resource = {"sqs": {"arn": emulator.queue_arn}}
        body = {"name": "all", "resourceSpecification": resource}
        known = [grantless.send("POST", path, body=body).json["payload"]]
    return str(known[0]["destinationId"])


def _token(emulator: Emulator, fields: dict[str, str]) -> str:
    settings = emulator.settings()
    form = fields | {
        "client_id": settings["LWA_CLIENT_ID"],
        "client_secret": settings["LWA_CLIENT_SECRET"],
    }
    reply = exchange(
        emulator,
        "POST",
        "/auth/o2/token",
        urlencode(form),
        {"Content-Type": "application/x-www-form-urlencoded"},
    )
    return str(reply.json["access_token"])
