"""Fixtures of the client's tests: a scripted server, a client that talks to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from channels_amazon.spapi.auth import LwaClient
from channels_amazon.spapi.client import SpApiClient
from channels_amazon.spapi.recorder import ListRecorder
from channels_amazon.spapi.throttle import InMemoryBuckets
from channels_amazon.spapi.tokens import AccessTokens, InMemoryTokens
from channels_amazon.spapi.transport import Transport
from tests.spapi.server import Scripted

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
