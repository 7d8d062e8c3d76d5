"""Tests of the proxy with faults: each fault is what the client takes it for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from channels_amazon.spapi import errors, operations
from channels_amazon.spapi.apis import sellers
from channels_amazon.spapi.client import SpApiClient
from channels_amazon.spapi.operations import GET_ACCOUNT, Operation
from tests import amazon_proxy as faults
from tests.amazon_proxy import AmazonProxy, Spoiler, operation_of
from tests.spapi.conftest import Connect
from tests.spapi.recorder import ListRecorder

if TYPE_CHECKING:
    from channels_amazon.emulator.server import Emulator

_OF_DOCUMENTS = {"report.document", "feed.document", "feed.upload"}
_ALL = sorted(
    {
        one
        for one in vars(operations).values()
        # Documents lie at addresses of their own.
        if isinstance(one, Operation) and one.name not in _OF_DOCUMENTS
    },
    key=lambda one: (one.name, one.path),
)


@pytest.fixture
def proxy(emulator: Emulator) -> Iterator[AmazonProxy]:
    """Give a proxy before the local Amazon."""
    with AmazonProxy(emulator.url).running() as proxy:
        yield proxy


@pytest.fixture
def client(connect: Connect, proxy: AmazonProxy) -> SpApiClient:
    """Give a client whose calls pass the proxy; its tokens do not."""
    return connect(address=f"{proxy.url}/eu")


@pytest.mark.parametrize("operation", _ALL, ids=lambda one: one.name)
def test_proxy_knows_every_operation(operation: Operation) -> None:
    path = re.sub(r"\{\w+\}", "X1", operation.path)
    given = f"/eu{path}?a=1" if path else "/auth/o2/token"

    assert operation_of(operation.method, given) == operation.name


def test_proxy_changes_nothing_unasked(client: SpApiClient, proxy: AmazonProxy) -> None:
    assert sellers.get_account(client).selling_plan == "PROFESSIONAL"
    assert proxy.count(GET_ACCOUNT) == 1


@pytest.mark.parametrize(
    ("spoiler", "error"),
    [
        (faults.html(), errors.CaptivePortal),
        (faults.reset(), errors.NetworkError),
        (faults.lost_answer(), errors.NetworkError),
        (faults.cut(), errors.NetworkError),
        (faults.refusal(400, "InvalidInput"), errors.InvalidRequest),
        (faults.text(lambda body: body[:-1]), errors.NotJudged),
        (faults.edited(lambda content: []), errors.UnexpectedResponse),
    ],
    ids=["html", "reset", "lost", "cut", "refused", "no-json", "other-json"],
)
def test_proxy_spoils_as_often_as_told(
    client: SpApiClient,
    proxy: AmazonProxy,
    spoiler: Spoiler,
    error: type[errors.SpApiError],
) -> None:
    proxy.spoil("getMarketplaceParticipations", faults.reset())
    proxy.spoil(GET_ACCOUNT, spoiler)
    with pytest.raises(error):
        sellers.get_account(client)

    proxy.mend()
    assert sellers.get_account(client).selling_plan == "PROFESSIONAL"


def test_proxy_trickles_until_we_give_up(
    client: SpApiClient, proxy: AmazonProxy
) -> None:
    proxy.spoil(GET_ACCOUNT, faults.drip(pause=0.2), times=1)

    # The client's time is over long before the body is; then it asks once more, where
    # it has tokens to spend.
    client = replace(client, spares_tokens=False)
    assert sellers.get_account(client).selling_plan == "PROFESSIONAL"
    assert proxy.count(GET_ACCOUNT) == 2


def test_proxy_dates_an_answer_wrongly(
    client: SpApiClient, proxy: AmazonProxy, recorder: ListRecorder
) -> None:
    proxy.spoil(GET_ACCOUNT, faults.wrong_date(timedelta(hours=-2)))
    sellers.get_account(client)

    dates = [one.server_date for one in recorder.calls if one.server_date]
    assert datetime.now(UTC) - dates[-1] > timedelta(minutes=119)
