"""The emulator as one thing to start, ask and stop; emulator."""

from __future__ import annotations

import http.client
import json
from types import TracebackType
from typing import Any, Self

from werkzeug.wrappers import Request, Response

from .app import respond
from .model.clock import Clock
from .model.state import World
from .notifications.queue import (
    ACCESS_KEY,
    AWS_REGION,
    SECRET_KEY,
    Publisher,
    QueueServer,
)
from .orders.ordering import OrderSpec, place_orders
from .rates.serving import PATH as RATES_PATH
from .serving import HOST, Server
from .worlds.builder import build_world

DEFAULT_REDIRECT_URI = "http://127.0.0.1:8000/admin/amazon/callback/"


class Emulator:
    """A local Amazon: SP-API, LWA, consent pages, notifications and its control.

    `speed` 60 lets an hour pass in a minute; `world` is `small` (a dozen SKUs a
    seller) or `demo`. Addresses with a port of 0 are known after `start` only.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        queue_port: int = 0,
        speed: float = 1.0,
        seed: int = 1,
        world: str = "small",
        redirect_uri: str = DEFAULT_REDIRECT_URI,
    ) -> None:
        self.redirect_uri = redirect_uri
        self.state: World = build_world(world, seed, Clock(speed=speed))
        self.state.application.redirect_uris = [redirect_uri]
        self._port = port
        self.url = f"http://{HOST}:{port}"
        self._queue = QueueServer(queue_port)
        self._server: Server | None = None
        self._publisher: Publisher | None = None

    def start(self) -> Self:
        """Open both ports and begin to answer; raises OSError for a taken port."""
        self._server = Server(self._port, self._respond)
        self.url = f"http://{HOST}:{self._server.server_port}"
        try:
            self._queue.start()
        except OSError:
            self._server.server_close()
            self._server = None
            raise
        self.state.queues[self.queue_arn] = self.queue_url
        self._publisher = Publisher(self.state, self._queue)
        self._publisher.start()
        self._server.start()
        return self

    def stop(self) -> None:
        """Close both ports and end every thread."""
        if self._server is not None:
            self._server.stop()
            self._server = None
        if self._publisher is not None:
            self._publisher.stop()
            self._publisher = None
            self._queue.stop()

    @property
    def queue_endpoint(self) -> str:
        """Return the address of the local SQS."""
        return self._queue.endpoint

    @property
    def queue_url(self) -> str:
        """Return the URL of the notification queue."""
        return self._queue.url

    @property
    def queue_arn(self) -> str:
        """Return the ARN of the notification queue."""
        return self._queue.arn

    def __enter__(self) -> Self:
        """Start, for use in a with statement."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop, whatever happened."""
        self.stop()

    def settings(self) -> dict[str, str]:
        """Return the settings that lead a Shoplink to this emulator."""
        application = self.state.application
        regional = {
            f"{name}_{region.upper()}": f"{self.url}{path}/{region}"
            for name, path in (
                ("SPAPI_ENDPOINT", ""),
                ("SELLER_CENTRAL_URL", "/sellercentral"),
            )
            for region in ("na", "eu", "fe")
        }
        return regional | {
            "LWA_TOKEN_URL": f"{self.url}/auth/o2/token",
            "ECB_RATES_URL": f"{self.url}{RATES_PATH}",
            "SPAPI_APP_ID": application.application_id,
            "LWA_CLIENT_ID": application.client_id,
            "LWA_CLIENT_SECRET": application.secrets[-1].value,
            "OAUTH_REDIRECT_URI": self.redirect_uri,
            "SQS_QUEUE_URL": self.queue_url,
            "SQS_QUEUE_ARN": self.queue_arn,
            "AWS_ENDPOINT_URL_SQS": self.queue_endpoint,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_DEFAULT_REGION": AWS_REGION,
        }

    def refresh_token(self, region: str) -> str:
        """Authorise the application for a region's seller, as a private one does."""
        with self.state.lock:
            seller = self.state.seller_of_region(region)
            return self.state.authorize(seller.seller_id).refresh_token

    def place_orders(self, n: int, *, region: str = "na", **over: Any) -> list[str]:
        """Place orders, publish their events and return the order ids.

        `over` are fields of `ordering.OrderSpec`.
        """
        placed = place_orders(self.state, n, OrderSpec(region=region, **over))
        self.flush()
        return placed

    def advance(self, seconds: float) -> None:
        """Let simulated time pass at once, with all that falls due meanwhile."""
        with self.state.lock:
            self.state.clock.advance(seconds)
        self.flush()

    def flush(self) -> None:
        """Do what is due and publish what is queued before returning."""
        if self._publisher is not None:
            self._publisher.flush()

    def control(self, name: str, **body: Any) -> dict[str, Any]:
        """Do what POST /_emulator/<name> does; raises ValueError when it refuses."""
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"))
        try:
            connection.request(
                "POST",
                f"/_emulator/{name}",
                json.dumps(body),
                {"Content-Type": "application/json"},
            )
            reply = connection.getresponse()
            text = reply.read().decode()
        finally:
            connection.close()
        if reply.status >= 400:
            raise ValueError(f"The control {name} answered {reply.status}: {text}")
        self.flush()
        answer: dict[str, Any] = json.loads(text)
        return answer

    def _respond(self, request: Request) -> Response:
        return respond(self.state, request)
