"""Fixtures of the client's tests: a scripted server, a client that talks to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from channels_amazon.spapi.auth import LwaClient
from channels_amazon.spapi.client import SpApiClient
from channels_amazon.spapi.sqs import Queue
from channels_amazon.spapi.throttle import InMemoryBuckets
from channels_amazon.spapi.tokens import AccessTokens, InMemoryTokens
from channels_amazon.spapi.transport import Transport
from tests.spapi.recorder import ListRecorder
from tests.spapi.server import Scripted

if TYPE_CHECKING:
    from channels_amazon.emulator.server import Emulator

Connect = Callable[..., SpApiClient]
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@dataclass
class StillClock:
    """A clock that goes on only by sleeping."""

    now: datetime = NOW
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> datetime:
        """Return the present."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let the time pass at once."""
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


@dataclass
class Kit:
    """A client with all that it was given."""

    client: SpApiClient
    clock: StillClock
    buckets: InMemoryBuckets
    store: InMemoryTokens
    recorder: ListRecorder
    lwa: LwaClient


@pytest.fixture
def server() -> Iterator[Scripted]:
    """Give a server without scripts yet."""
    with Scripted() as server:
        yield server


@pytest.fixture
def transport() -> Iterator[Transport]:
    """Give a transport whose connections are closed after the test."""
    with Transport(max_body=200_000) as transport:
        yield transport


@pytest.fixture
def kit(server: Scripted, transport: Transport) -> Kit:
    """Give a client of the scripted server that holds a valid token `old`."""
    kit = make_kit(server.url, transport)
    kit.store.save("account:1", "old", NOW + timedelta(hours=1))
    return kit


def make_kit(
    url: str,
    transport: Transport,
    refresh_token_of: Callable[[str], str] = lambda subject: "Atzr|of-" + subject,
) -> Kit:
    """Return a client of the server at `url`, its token endpoint at /token."""
    clock, recorder = StillClock(), ListRecorder()
    buckets, store = InMemoryBuckets(clock), InMemoryTokens(clock)
    lwa = LwaClient(
        token_url=url + "/token",
        client_id="client",
        client_secret="amzn1.oa2-cs.v1.canary",
        transport=transport,
        recorder=recorder,
        clock=clock,
        sleep=clock.sleep,
    )
    tokens = AccessTokens(
        lwa=lwa,
        store=store,
        refresh_token_of=refresh_token_of,
        clock=clock,
        sleep=clock.sleep,
    )
    client = SpApiClient(
        endpoint=url,
        subject="account:1",
        tokens=tokens,
        buckets=buckets,
        recorder=recorder,
        transport=transport,
        application="application:1",
        clock=clock,
        sleep=clock.sleep,
    )
    return Kit(client, clock, buckets, store, recorder, lwa)


@pytest.fixture
def recorder() -> ListRecorder:
    """Give the records of the client's attempts."""
    return ListRecorder()


@pytest.fixture
def connect(
    emulator: Emulator, transport: Transport, recorder: ListRecorder
) -> Connect:
    """Give a maker of clients of the local Amazon, authorised as private ones are."""
    settings = emulator.settings()

    def make(
        region: str = "eu", endpoint: str | None = None, address: str | None = None
    ) -> SpApiClient:
        at_region = settings[f"SPAPI_ENDPOINT_{(endpoint or region).upper()}"]
        refresh_token = emulator.refresh_token(region)
        lwa = LwaClient(
            token_url=settings["LWA_TOKEN_URL"],
            client_id=settings["LWA_CLIENT_ID"],
            client_secret=settings["LWA_CLIENT_SECRET"],
            transport=transport,
            recorder=recorder,
        )
        return SpApiClient(
            endpoint=address or at_region,
            subject="account:1",
            tokens=AccessTokens(lwa, InMemoryTokens(), lambda subject: refresh_token),
            buckets=InMemoryBuckets(),
            recorder=recorder,
            transport=transport,
        )

    return make


@pytest.fixture
def client(connect: Connect) -> SpApiClient:
    """Give a client of the European seller."""
    return connect()


@pytest.fixture
def queue(emulator: Emulator) -> Iterator[Queue]:
    """Give the queue to which the local Amazon publishes."""
    queue = Queue(emulator.queue_url, emulator.settings()["AWS_DEFAULT_REGION"])
    yield queue
    queue.close()
