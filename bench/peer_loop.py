"""The obvious loop with python-amazon-sp-api, as its documentation shows it.

Usage: python -m bench.peer_loop JSON, where JSON is {"endpoint", "token_url",
"client_id", "client_secret", "refresh_token", "marketplace_ids", "since", "every",
"until", "wanted", "cursor"}: every so many seconds it asks for what changed, page after
page with `load_all_pages` and `throttle_retry`, until it has as many orders as are
`wanted` or it is `until` (seconds since the epoch). With the cursor `asked` it goes on
from when it last asked, with `answered` from the upper bound that Amazon's answer
states. It prints when it first saw each order as ready to ship:
{"orders": {id: seconds since the epoch}, "gave_up": [...], "calls", "refused"}.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from sp_api.api.orders.orders_2026_01_01 import OrdersV20260101
from sp_api.auth import AccessTokenClient
from sp_api.base import SellingApiException, SellingApiRequestThrottledException
from sp_api.util import load_all_pages, throttle_retry

DATA = "BUYER,RECIPIENT,PROCEEDS,CANCELLATION,FULFILLMENT,PACKAGES"


@dataclass(frozen=True)
class PeerMarketplace:
    """What the library reads of a marketplace."""

    endpoint: str
    marketplace_id: str
    region: str


def main(text: str) -> None:
    """Poll until all is there or the time is over, then print what was seen."""
    given = json.loads(text)
    client = _client(given)

    # The page token has another name in this version than the library assumes.
    @load_all_pages(next_token_param="paginationToken")  # noqa: S106
    # Inside, or it would guard the making of the generator and none of its calls.
    @throttle_retry()
    def load(**query: Any) -> Any:
        count["calls"] += 1
        try:
            return client.search_orders(**query)
        except SellingApiRequestThrottledException:
            count["refused"] += 1
            raise

    count = {"calls": 0, "refused": 0}
    seen: dict[str, float] = {}
    gave_up: list[str] = []
    since = given["since"]
    while len(seen) < given["wanted"] and time.time() < given["until"]:
        asked_at = time.time()
        upper_bound = since
        try:
            for page in load(
                lastUpdatedAfter=_text(since),
                marketplaceIds=",".join(given["marketplace_ids"]),
                includedData=DATA,
            ):
                _take(page.payload["orders"], seen)
                upper_bound = min(_seconds(page.payload), asked_at)
        except SellingApiException as error:
            gave_up.append(f"{type(error).__name__}: {error}"[:120])
        else:
            since = asked_at if given["cursor"] == "asked" else upper_bound
        rest = max(0.0, asked_at + given["every"] - time.time())
        time.sleep(min(rest, max(0.0, given["until"] - time.time())))
    print(json.dumps({"orders": seen, "gave_up": gave_up, **count}))


def _take(orders: list[dict[str, Any]], seen: dict[str, float]) -> None:
    for order in orders:
        if order["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED":
            seen.setdefault(order["orderId"], time.time())


def _client(given: dict[str, Any]) -> OrdersV20260101:
    address = urlsplit(given["token_url"])

    class LocalTokens(AccessTokenClient):
        scheme = f"{address.scheme}://"
        host = address.netloc
        path = address.path

    site = PeerMarketplace(given["endpoint"], given["marketplace_ids"][0], "us-east-1")
    return OrdersV20260101(
        marketplace=site,
        refresh_token=given["refresh_token"],
        credentials={
            "lwa_app_id": given["client_id"],
            "lwa_client_secret": given["client_secret"],
        },
        auth_token_client_class=LocalTokens,
    )


def _seconds(payload: dict[str, Any]) -> float:
    return datetime.fromisoformat(payload["lastUpdatedBefore"]).timestamp()


def _text(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


if __name__ == "__main__":
    main(sys.argv[1])
