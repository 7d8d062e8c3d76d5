"""The control API and page: what they list, do and refuse."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlencode, urlsplit

import boto3
import pytest

from channels_amazon.emulator.control.registry import CONTROLS
from channels_amazon.emulator.protocol.rendering import PAGES
from channels_amazon.emulator.server import Emulator

from ..caller import SELLERS, US, exchange, sign_in, subscribe

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
CATALOG = "/catalog/2022-04-01/items"


def messages(emulator: Emulator) -> list[str]:
    """Take every message off the queue and return the bodies."""
    settings = emulator.settings()
    queue = boto3.client(
        "sqs",
        endpoint_url=settings["AWS_ENDPOINT_URL_SQS"],
        region_name=settings["AWS_DEFAULT_REGION"],
        aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
    )
    bodies: list[str] = []
    while batch := queue.receive_message(
        QueueUrl=emulator.queue_url, MaxNumberOfMessages=10
    ).get("Messages"):
        bodies.extend(message["Body"] for message in batch)
    queue.close()
    return bodies


def test_list_tells_every_control_with_its_body(emulator: Emulator) -> None:
    listed = exchange(emulator, "GET", "/_emulator/").json
    assert set(listed["controls"]) == set(CONTROLS)
    assert listed["controls"]["orders"]["body"]["n"]["type"] == "whole"
    assert "/_emulator/state" in listed["reads"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("none", "{}", 404),
        ("orders", "{", 400),
        ("orders", "[]", 400),
        ("orders", '{"surprise": 1}', 400),
        ("orders", '{"n": "3"}', 400),
        ("orders", '{"n": 0}', 400),
        ("orders", '{"n": true}', 400),
        ("orders", '{"region": "mars"}', 400),
        ("orders", '{"sku": "NO-SUCH"}', 400),
        ("cancel", "{}", 400),
        ("cancel", '{"order_id": "1"}', 400),
        ("limits", '{"rate": -1, "burst": 1}', 400),
        ("limits", '{"rate": 0, "burst": 1}', 400),
        ("stock", '{"sku": "NO-SUCH", "quantity": 1}', 404),
        ("faults", '{"kind": "earthquake"}', 400),
        ("clock", '{"advance": NaN}', 400),
    ],
)
def test_bad_body_is_refused_with_a_reason(
    emulator: Emulator, path: str, body: str, status: int
) -> None:
    reply = exchange(emulator, "POST", f"/_emulator/{path}", body)
    assert reply.status == status
    assert reply.json["error"]


def test_placed_orders_are_in_the_state(emulator: Emulator) -> None:
    placed = emulator.control("orders", n=2, region="eu", fulfilled_by="MERCHANT")
    state = exchange(emulator, "GET", "/_emulator/state?region=eu").json
    orders = {order["order_id"]: order for order in state["orders"]}
    assert set(placed["order_ids"]) <= set(orders)
    assert {orders[each]["status"] for each in placed["order_ids"]} == {"UNSHIPPED"}


def test_order_with_odd_values_is_placed(emulator: Emulator) -> None:
    (order_id,) = emulator.control(
        "orders", unknown_sku=True, status="HAUNTED", currency="XTS"
    )["order_ids"]
    orders = emulator.control("state")["orders"]
    order = next(order for order in orders if order["order_id"] == order_id)
    assert (order["status"], order["currency"]) == ("HAUNTED", "XTS")
    assert order["items"][0]["sku"].startswith("UNKNOWN-")


def test_state_counts_calls_and_holds_no_token(emulator: Emulator) -> None:
    emulator.control("limits", operation="searchCatalogItems", rate=0.001, burst=1)
    caller = sign_in(emulator)
    for _ in range(3):
        caller.get(CATALOG, marketplaceIds=US, keywords="mug")
    reply = exchange(emulator, "GET", "/_emulator/state")
    count = reply.json["calls"]["searchCatalogItems"]
    assert (count["calls"], count["throttled"]) == (3, 2)
    assert "Atz" not in reply.text


def test_requests_are_shown_newest_last(emulator: Emulator) -> None:
    sign_in(emulator).get("/sellers/v1/marketplaceParticipations")
    shown = exchange(emulator, "GET", "/_emulator/requests").json["requests"]
    assert [each["operation"] for each in shown[-2:]] == [
        "lwa.token",
        "getMarketplaceParticipations",
    ]


def test_removed_role_acts_at_once(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    emulator.control("roles", remove=["Product Listing"])
    reply = caller.get(CATALOG, marketplaceIds=US, keywords="mug")
    assert reply.status == 403


def test_added_role_needs_a_new_authorisation(emulator: Emulator) -> None:
    emulator.control("roles", only=["Inventory and Order Tracking"])
    before = sign_in(emulator)
    emulator.control("roles", add=["Product Listing"])
    after = sign_in(emulator)
    statuses = [
        caller.get(CATALOG, marketplaceIds=US, keywords="mug").status
        for caller in (before, after)
    ]
    assert statuses == [403, 200]


def test_expired_tokens_are_refused(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    emulator.control("expire_tokens")
    assert caller.get("/sellers/v1/marketplaceParticipations").status == 403


def test_marketplace_can_be_suspended_and_left(emulator: Emulator) -> None:
    emulator.control(
        "marketplaces", marketplace_id=US, participating=False, suspended=True
    )
    rows = sign_in(emulator).get("/sellers/v1/marketplaceParticipations").json
    assert rows["payload"][0]["participation"] == {
        "isParticipating": False,
        "hasSuspendedListings": True,
    }


def test_stock_changes_behind_the_merchants_back(emulator: Emulator) -> None:
    sku = emulator.state.seller_listings(SELLERS["na"])[0].sku
    emulator.control("stock", sku=sku, quantity=3)
    listings = emulator.control("state")["listings"]
    found = [
        listing["quantity"]
        for listing in listings
        if (listing["seller_id"], listing["sku"]) == (SELLERS["na"], sku)
    ]
    assert found == [3]


def test_raw_body_is_published_as_it_is(emulator: Emulator) -> None:
    emulator.control("notifications", raw="<<not json>>")
    emulator.control("notifications", raw={"NotificationType": "OTHER"})
    assert sorted(messages(emulator)) == [
        "<<not json>>",
        '{"NotificationType": "OTHER"}',
    ]


def test_duplicates_repeat_the_same_notification(emulator: Emulator) -> None:
    subscribe(emulator)
    emulator.control("notifications", duplicates=4, pending_event=False)
    emulator.control("orders", n=1)
    ids = [
        json.loads(body)["NotificationMetadata"]["NotificationId"]
        for body in messages(emulator)
    ]
    assert len(ids) == 5
    assert len(set(ids)) == 1


def test_reset_forgets_orders_faults_roles_and_messages(emulator: Emulator) -> None:
    subscribe(emulator)
    before = emulator.control("state")["application"]["roles"]
    (order_id,) = emulator.place_orders(1)
    emulator.control("faults", match="*", kind="status_500")
    emulator.control("roles", only=[])
    emulator.control("reset")
    state = emulator.control("state")
    assert order_id not in [order["order_id"] for order in state["orders"]]
    assert (state["faults"], state["application"]["roles"]) == ([], before)
    assert messages(emulator) == []


def test_reset_may_keep_connections(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    first = emulator.place_orders(1)
    emulator.control("reset", keep_connections=True)
    assert caller.get("/sellers/v1/marketplaceParticipations").status == 200
    assert emulator.place_orders(1) != first


def test_page_has_a_form_for_every_control(emulator: Emulator) -> None:
    page = exchange(emulator, "GET", "/_emulator/control").text
    for name in CONTROLS:
        assert f'action="/_emulator/page/{name}?lang=en"' in page
    assert not re.search(r"<script|<style|style=|onclick=", page)


def test_form_places_orders_and_leads_back(emulator: Emulator) -> None:
    body = urlencode({"n": "2", "region": "na", "fulfilled_by": "AMAZON", "sku": ""})
    reply = exchange(emulator, "POST", "/_emulator/page/orders", body, FORM)
    query = parse_qs(urlsplit(reply.headers["Location"]).query)
    shown = exchange(emulator, "GET", reply.headers["Location"]).text
    assert reply.status == 303
    for order_id in json.loads(query["result"][0])["order_ids"]:
        assert order_id in shown


def test_form_shows_what_went_wrong(emulator: Emulator) -> None:
    body = urlencode({"order_id": "<b>1</b>", "kind": "buyer"})
    reply = exchange(emulator, "POST", "/_emulator/page/cancel", body, FORM)
    shown = exchange(emulator, "GET", reply.headers["Location"]).text
    assert "There is no order" in shown
    assert "<b>1" not in shown


def test_form_sets_the_ticked_roles(emulator: Emulator) -> None:
    body = urlencode([("only", "Pricing"), ("only", "Product Listing")])
    exchange(emulator, "POST", "/_emulator/page/roles", body, FORM)
    roles = emulator.control("state")["application"]["roles"]
    assert roles == ["Pricing", "Product Listing"]


def test_every_text_of_the_pages_is_translated() -> None:
    chinese = json.loads((PAGES / "zh.json").read_text(encoding="utf-8"))
    used = {
        text
        for path in PAGES.glob("*.html")
        for text in re.findall(r't\("([^"]+)"\)', path.read_text(encoding="utf-8"))
    }
    for control in CONTROLS.values():
        used |= {control.title, control.help}
        used |= {field.label for field in control.fields if field.in_form}
    assert used - set(chinese) == set()


def test_reset_forgets_jumps_of_the_clock(emulator: Emulator) -> None:
    emulator.control("clock", advance=86_400)
    emulator.control("reset", keep_connections=False)
    behind = datetime.now(UTC) - emulator.state.now()
    assert abs(behind.total_seconds()) < 60


def test_more_sellers_trade_at_once(emulator: Emulator) -> None:
    answer = emulator.control("sellers", n=2, region="eu", listings=3)
    first, second = answer["seller_ids"]
    placed = emulator.control("orders", n=2, region="eu", seller_id=second)
    state = emulator.control("state")
    assert {seller["seller_id"] for seller in state["sellers"]} >= {first, second}
    assert len(placed["order_ids"]) == 2


def test_more_sellers_in_too_great_number_are_refused(emulator: Emulator) -> None:
    answer = exchange(
        emulator,
        "POST",
        "/_emulator/sellers",
        '{"n": 100000}',
        {"Content-Type": "application/json"},
    )
    assert answer.status == 400
