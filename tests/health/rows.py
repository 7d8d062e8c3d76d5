"""Makes the rows that the checks find something in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from channels_amazon.models import (
    AmazonAccount,
    ApiCall,
    AuthorizationAttempt,
    DriftState,
    EuroRate,
    Offer,
    Order,
    OrderReport,
    Shipment,
    StockLevel,
    Store,
    StoreEndpoint,
)
from channels_amazon.services.stock.ledger import (
    Movement,
    Reason,
    apply_movements,
    set_on_hand,
)
from tests.builders import (
    HOME,
    make_listing,
    make_order,
    make_parcel,
    make_participation,
    make_variant,
    make_warehouse,
    number,
)
from tests.health.faults import hours_ago
from tests.services.pricing.scene import make_euro_rates


def make_shipment(account: AmazonAccount, **over: Any) -> Shipment:
    """Make a package that Amazon accepted two hours ago."""
    fields: dict[str, Any] = {
        "order": make_order(account, status=Order.Status.SHIPPED),
        "package_reference": 1,
        "carrier_code": "UPS",
        "tracking_number": f"1Z{number()}",
        "shipped_at": hours_ago(3),
        "state": Shipment.State.CONFIRMED,
        "confirmed_at": hours_ago(2),
    }
    row: Shipment = Shipment.objects.create(**fields | over)
    return row


def make_report(account: AmazonAccount, **over: Any) -> OrderReport:
    """Make a report, read an hour ago, of which two rows could not be read."""
    fields: dict[str, Any] = {
        "purpose": OrderReport.Purpose.DAILY,
        "state": OrderReport.State.READ,
        "starts_at": hours_ago(30),
        "ends_at": hours_ago(6),
        "read_at": hours_ago(1),
        "rows_quarantined": 2,
    }
    row: OrderReport = OrderReport.objects.create(account=account, **fields | over)
    return row


def make_ownerless_parcel(account: AmazonAccount, hours: float) -> None:
    """Make a parcel of an order that nobody knows, told that long ago."""
    parcel = make_parcel(make_order(account, status=Order.Status.CANCELLED))
    type(parcel).objects.filter(pk=parcel.pk).update(
        order=None, amazon_order_id="902-0000000-9999999", created_at=hours_ago(hours)
    )


def make_level(account: AmazonAccount, on_hand: int, **over: int) -> StockLevel:
    """Make a counted level of a variant that the account sells, then change its row."""
    variant = make_variant(account.store)
    make_listing(account, variant=variant)
    warehouse = make_warehouse(account.store)
    set_on_hand(variant, warehouse, max(on_hand, 0), actor="test", key=f"k{number()}")
    level: StockLevel = StockLevel.objects.get(variant=variant)
    StockLevel.objects.filter(pk=level.pk).update(on_hand=on_hand, **over)
    return level


def make_offer(account: AmazonAccount, **issue: Any) -> None:
    """Make an offer with one issue, a warning about its title unless told."""
    fields = {
        "code": "90220",
        "message": "The field is required.",
        "severity": "WARNING",
        "attributes": ["item_name"],
        "categories": [],
        "enforcements": [],
    }
    Offer.objects.create(
        listing=make_listing(account),
        marketplace_id=HOME[account.region][0],
        issues=[fields | issue],
        seen_at=timezone.now(),
    )


def make_calls(account: AmazonAccount, refused: int, granted: int, **over: Any) -> None:
    """Make so many calls of one operation, with a token of ours left for each."""
    fields: dict[str, Any] = {
        "operation": "getOrder",
        "tokens_left": 3.0,
        "started_at": timezone.now(),
    }
    ApiCall.objects.bulk_create(
        [
            ApiCall(account=account, **fields | {"status": status} | over)
            for status, times in ((200, granted), (429, refused))
            for _ in range(times)
        ]
    )


def make_attempts(account: AmazonAccount, times: int, since: float = 0.0) -> None:
    """Make authorisations that were begun three hours ago and never came back.

    The account was authorised `since` hours before now.
    """
    AmazonAccount.objects.filter(pk=account.pk).update(authorized_at=hours_ago(since))
    for _ in range(times):
        row = AuthorizationAttempt.objects.create(
            store=account.store,
            user_id=1,
            session_hash="x",
            state_hash=f"{number()}",
            region="na",
            expires_at=hours_ago(2),
        )
        AuthorizationAttempt.objects.filter(pk=row.pk).update(created_at=hours_ago(3))


def make_endpoint(account: AmazonAccount, **over: Any) -> None:
    """Make an address of the store that has been failing for ten minutes."""
    fields: dict[str, Any] = {
        "url": "https://shop.example/hook?key=secret",
        "secret": "whsec",
        "failing_since": hours_ago(1 / 6),
        "error_code": "webhook.refused",
        "error_message": "It answered 500.",
    }
    StoreEndpoint.objects.create(store=account.store, **fields | over)


def make_drift(account: AmazonAccount) -> None:
    """Make a listing of which Amazon goes on showing more than it accepted."""
    make_listing(
        account,
        is_mfn=True,
        desired_quantity=3,
        acknowledged_quantity=3,
        acknowledged_at=hours_ago(3),
        observed_quantity=50,
        observed_at=hours_ago(2),
        drift_state=DriftState.STANDS,
        drift_since=hours_ago(2),
    )


def make_below_zero(account: AmazonAccount) -> None:
    """Make a level of which a parcel left that was never counted."""
    variant = make_variant(account.store)
    make_listing(account, variant=variant)
    apply_movements(
        [
            Movement(
                variant_id=variant.pk,
                warehouse_id=make_warehouse(account.store).pk,
                reason=Reason.SHIPPED,
                key=f"left-{number()}",
                on_hand=-1,
            )
        ]
    )


def make_proof(account: AmazonAccount, **over: Any) -> OrderReport:
    """Make a reconciliation that found two orders missing, of which one is here."""
    now = timezone.now()
    here = make_order(account, fulfilled_by="amazon")
    fields: dict[str, Any] = {
        "purpose": OrderReport.Purpose.DAILY,
        "state": OrderReport.State.READ,
        "starts_at": now - timedelta(days=3),
        "ends_at": now,
        "read_at": now,
        "orders_seen": 9,
        "orders_missing": 2,
        "gap_order_ids": [here.amazon_order_id, "903-0000000-0000000"],
        "gap_hours": {"2026-11-24T05:00:00+00:00": 2},
    }
    row: OrderReport = OrderReport.objects.create(account=account, **fields | over)
    return row


def sell_in_canada(account: AmazonAccount) -> None:
    """Let the account sell in a currency that the store has not."""
    make_participation(
        account, marketplace_id="A2EUQ1WTGCTBG2", country_code="CA", currency="CAD"
    )


def need_rates(account: AmazonAccount) -> None:
    """Let the account sell in another currency than its store's."""
    Store.objects.filter(pk=account.store_id).update(currency="CAD")


def make_unlisted_rate(account: AmazonAccount) -> None:
    """Need a rate of which the bank's fresh file has none."""
    make_euro_rates()
    EuroRate.objects.filter(currency="CAD").delete()
    need_rates(account)


def make_old_rates(account: AmazonAccount) -> None:
    """Need a rate, and have that of a week ago."""
    make_euro_rates(days_ago=7)
    need_rates(account)
