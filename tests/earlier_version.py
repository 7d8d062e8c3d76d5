"""A connected installation of the version before migration 0008, in its own words.

Its rows are made through the models as the migrations know them, and its JSON columns
hold what that version wrote there: its names, its shapes.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from channels_amazon.wording import pack, sentence

APP = "channels_amazon"
US = "ATVPDKIKX0DER"
SKU = "SKU-OF-BEFORE"
# Whole seconds: a cursor keeps its times as text.
NOW = datetime.now(UTC).replace(microsecond=0)
DAY_AGO = NOW - timedelta(days=1)
# Up to when the sweep's open pass answers: Amazon shows no younger change.
EDGE = NOW - timedelta(minutes=5)
LATENCY_HOUR = (NOW - timedelta(hours=3)).replace(minute=0, second=0)
STEP = "told"
# Counts by place: the version kept all places, the empty ones too.
BINS = [0, 2, 0, 0, 5]
# An open pass: its rows go on being counted.
PROGRESS = {"open": True, "rows": 3, "changed": 1, "aside": 2, "calls": 4}
CURSORS: dict[str, dict[str, Any]] = {
    "order_sweep": {
        "low_water": DAY_AGO.isoformat(),
        "after": DAY_AGO.isoformat(),
        "edge": EDGE.isoformat(),
        "token": "",
        "token_at": "",
        "pages": 0,
        "seen_from": "",
        "seen_to": "",
        "report": 0,
        "has_no_report": False,
        "silent_since": "",
        "missed_from": "",
        "missed_until": "",
    },
    "listings": {
        "done": [],
        "site": US,
        "began": DAY_AGO.isoformat(),
        "since": "",
        "reached": "",
        "token": "",
        "rows": 0,
        "total": 4,
    },
    "fba_stock": {
        "began": DAY_AGO.isoformat(),
        "done": [],
        "site": US,
        "token": "run out since",
        "token_at": DAY_AGO.isoformat(),
        "restarts": 0,
    },
    "order_fetch": {"search_refused_at": DAY_AGO.isoformat()},
    "fba_orders": {},
}
DESIRED_WHY = {
    "on_hand": 9,
    "reserved": 2,
    "safety_stock": 1,
    "available": 6,
    "rule": "on hand − reserved − safety stock, never below 0",
    "warehouses": [{"code": "main", "on_hand": 9, "reserved": 2}],
}
REASON = sentence("The store has no variant with this SKU: %(skus)s.", skus=SKU)


def decided_why(account_id: int) -> dict[str, Any]:
    """Return why a person must ship the store order, with what a preview offered."""
    return {
        "rule": "",
        "reason": pack(REASON),
        "refused": [pack(REASON)],
        "offers": [
            {
                "account": account_id,
                "marketplace": US,
                "pool": "US",
                "at": DAY_AGO.isoformat(),
                "said": pack("No."),
                "speeds": [
                    {"speed": "Standard", "able": True, "fee": "5.10", "currency": ""}
                ],
            }
        ],
    }


def install(apps: Any, emulator: Any) -> None:
    """Fill an empty database of that version: one store with the emulator's account."""
    made = {model.__name__: model.objects for model in apps.get_models()}
    store = made["Store"].create(name="Before", slug="before")
    user = made["User"].create(username="owner", is_active=True, is_staff=True)
    made["StoreMember"].create(store=store, user=user, role="owner")
    account = _connect(made, store, emulator)
    for kind, cursor in CURSORS.items():
        made["SyncJob"].create(
            account=account,
            kind=kind,
            due_at=DAY_AGO,
            cursor=cursor,
            progress=PROGRESS,
            first_done_at=DAY_AGO,
        )
    made["Order"].create(
        account=account,
        amazon_order_id=first_order(emulator),
        marketplace_id=US,
        status="unshipped",
        fulfilled_by="merchant",
        ordered_at=DAY_AGO,
        stale_since=DAY_AGO,
    )
    made["Listing"].create(
        account=account,
        seller_sku=SKU,
        is_mfn=True,
        desired_quantity=6,
        desired_at=DAY_AGO,
        desired_why=DESIRED_WHY,
        seen_at=DAY_AGO,
    )
    made["LatencyHour"].create(account=account, hour=LATENCY_HOUR, step=STEP, bins=BINS)
    made["StoreOrder"].create(
        store=store,
        number="1001",
        placed_at=DAY_AGO,
        country_code="US",
        state="needs_person",
        decided_at=DAY_AGO,
        decided_why=decided_why(account.pk),
    )


def first_order(emulator: Any) -> str:
    """Return the id of an order of the account that the seller ships himself."""
    return next(
        str(order_id)
        for order_id, order in sorted(emulator.state.orders.items())
        if order.marketplace_id == US
    )


def _connect(made: dict[str, Any], store: Any, emulator: Any) -> Any:
    """Make the account with what it needs to call Amazon."""
    names = emulator.settings()
    application = made["DeveloperApplication"].create(
        name="Before",
        app_id=names["SPAPI_APP_ID"],
        lwa_client_id=names["LWA_CLIENT_ID"],
        redirect_uri=names["OAUTH_REDIRECT_URI"],
    )
    made["ClientSecret"].create(
        application=application, secret=names["LWA_CLIENT_SECRET"], since=DAY_AGO
    )
    sellers = emulator.state.sellers.values()
    account = made["AmazonAccount"].create(
        store=store,
        application=application,
        region="na",
        name="Before",
        seller_id=next(one.seller_id for one in sellers if one.region == "na"),
        state="connected",
        authorized_at=DAY_AGO,
    )
    made["Credential"].create(
        account=account, refresh_token=emulator.refresh_token("na")
    )
    made["MarketplaceParticipation"].create(
        account=account,
        marketplace_id=US,
        name="Amazon.com",
        country_code="US",
        currency="USD",
        language="en_US",
        domain="www.amazon.com",
        is_participating=True,
        has_suspended_listings=False,
        seen_at=DAY_AGO,
    )
    return account
