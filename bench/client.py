"""What our client costs in CPU beside plain `requests` and `json`, on one page."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import requests

from bench.local_amazon import LocalAmazon
from bench.measure import Measure, at_most
from channels_amazon.spapi.apis.orders import OrderSearch, search_orders
from channels_amazon.spapi.auth import LwaClient
from channels_amazon.spapi.client import SpApiClient
from channels_amazon.spapi.clock import utc_now
from channels_amazon.spapi.recorder import NullRecorder
from channels_amazon.spapi.throttle import InMemoryBuckets
from channels_amazon.spapi.tokens import AccessTokens, InMemoryTokens
from channels_amazon.spapi.transport import Transport

ROUNDS = 9
PAGES_A_ROUND = 20


def run() -> list[Measure]:
    """Measure both in turns, so that a busy machine disturbs them alike."""
    with LocalAmazon() as amazon:
        amazon.control(
            "limits", {"operation": "searchOrders", "rate": 1000.0, "burst": 5000}
        )
        client = _client(amazon)
        search = OrderSearch(created_after=datetime.now(UTC) - timedelta(days=90))
        size = len(search_orders(client, search).orders)
        plain = _plain(amazon, client)
        ratios = [
            _cpu(lambda: search_orders(client, search)) / _cpu(plain)
            for _ in range(ROUNDS)
        ]
    print(f"   a page of {size} orders, {ROUNDS} rounds of {PAGES_A_ROUND} pages")
    return [
        at_most("client.cpu_per_page", statistics.median(ratios), "x plain", 1.3),
    ]


def _cpu(page: Callable[[], object]) -> float:
    began = time.process_time()
    for _ in range(PAGES_A_ROUND):
        page()
    return time.process_time() - began


def _client(amazon: LocalAmazon) -> SpApiClient:
    names, transport = amazon.settings, Transport()
    lwa = LwaClient(
        names["LWA_TOKEN_URL"],
        names["LWA_CLIENT_ID"],
        names["LWA_CLIENT_SECRET"],
        transport,
        NullRecorder(),
        utc_now,
        time.sleep,
    )
    refresh_token = amazon.control("self_authorize", {"region": "na"})["refresh_token"]
    tokens = AccessTokens(
        lwa, InMemoryTokens(), lambda _: refresh_token, lambda *_: None
    )
    buckets = InMemoryBuckets()
    # CPU is measured: the quota of one page in 179 s is lifted on both sides.
    buckets.take("account:1", "searchOrders", 1000.0, 5000)
    return SpApiClient(
        names["SPAPI_ENDPOINT_NA"],
        "account:1",
        tokens,
        buckets,
        NullRecorder(),
        transport,
    )


def _plain(amazon: LocalAmazon, client: SpApiClient) -> Callable[[], object]:
    session = requests.Session()
    since = (datetime.now(UTC) - timedelta(days=90)).strftime("%Y-%m-%dT%H:%M:%SZ")
    data = "BUYER,RECIPIENT,PROCEEDS,CANCELLATION,FULFILLMENT,PACKAGES"
    url = (
        f"{amazon.settings['SPAPI_ENDPOINT_NA']}/orders/2026-01-01/orders"
        f"?createdAfter={since}&maxResultsPerPage=100&includedData={data}"
    )
    headers = {"x-amz-access-token": client.tokens.get("account:1", None)}

    def page() -> object:
        answer = session.get(url, headers=headers, timeout=30)
        answer.raise_for_status()
        return json.loads(answer.content)

    return page
