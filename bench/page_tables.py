"""What the tables of the page benchmark hold; page_rows.py puts it there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bench.page_filler import Filler
from bench.page_logs import fill_logs
from bench.page_shares import (
    ACCOUNT,
    ACCOUNTS,
    DAY,
    IS_FBA,
    ORDER_DAYS,
    ORDER_ID,
    SITE,
    SITES,
    STORE,
    VARIANTS,
    age,
)

PASSWORD = "bench-" + "page-rows"


def fill_all(filler: Filler, orders: int, calls: int) -> None:
    """Fill every table, then let the database measure them."""
    _few(filler)
    _orders(filler, orders)
    _shipping(filler, orders)
    fill_logs(filler, orders, calls)
    _stock(filler, orders)
    _store_orders(filler, orders)
    _finish(filler)


def _few(filler: Filler) -> None:
    """Make stores, accounts, users and the catalogue by the models."""
    from django.contrib.auth import get_user_model

    from channels_amazon.models import Store, StoreMember, Warehouse

    users: Any = get_user_model()
    users.objects.create_superuser(username="root", password=PASSWORD)
    owner = users.objects.create_user("owner", password=PASSWORD, is_staff=True)
    stores = [
        Store.objects.create(pk=pk, name=f"Store {pk}", slug=f"store-{pk}")
        for pk in (1, 2, 3)
    ]
    StoreMember.objects.create(
        store=stores[0], user=owner, role="owner", sees_personal_data=True
    )
    for store in stores:
        Warehouse.objects.create(
            pk=store.pk, store=store, name="Main", code="main", is_default=True
        )
    _accounts(filler)
    _catalogue(stores[0])


def _accounts(filler: Filler) -> None:
    from channels_amazon.marketplaces import MARKETPLACES
    from channels_amazon.models import (
        AmazonAccount,
        DeveloperApplication,
        MarketplaceParticipation,
        SyncJob,
    )
    from channels_amazon.services.jobs import registry

    application = DeveloperApplication.objects.create(
        name="Bench", app_id="amzn1.sp.solution.bench", lwa_client_id="bench"
    )
    for pk, (region, store_id, _share) in enumerate(ACCOUNTS, 1):
        account = AmazonAccount.objects.create(
            pk=pk,
            store_id=store_id,
            application=application,
            region=region,
            seller_id=f"A1SELLER{pk}",
            name=f"Account {pk}",
            authorized_at=filler.now,
            live_at=filler.now,
            subscription_id="sub",
        )
        for site in SITES[region]:
            known = MARKETPLACES[site]
            MarketplaceParticipation.objects.create(
                account=account,
                marketplace_id=site,
                name=known.name,
                country_code=known.country_code,
                currency=known.currency,
                language="en",
                domain=known.domain,
                is_participating=True,
                has_suspended_listings=False,
                seen_at=filler.now,
            )
        SyncJob.objects.bulk_create(
            SyncJob(account=account, kind=kind, due_at=filler.now + timedelta(days=1))
            for kind, _name in registry.choices()
        )


def _catalogue(store: Any) -> None:
    from channels_amazon.models import Product, Variant

    product = Product.objects.create(store=store, title="Bench product")
    Variant.objects.bulk_create(
        Variant(pk=pk, store=store, product=product, sku=f"SKU-{pk:06}", currency="USD")
        for pk in range(1, VARIANTS + 1)
    )


def _is_open(orders: int) -> str:
    """Return whether a merchant's order still waits: the newest, and a few old."""
    return f"(i % 3 <> 0 AND (i > {orders * 98 // 100} OR i % 5000 = 1))"


def _orders(filler: Filler, orders: int) -> None:
    from channels_amazon.models import Order

    old, is_open = age(orders), _is_open(orders)
    status = (
        f"CASE WHEN i > {orders - orders // 1000} THEN 'pending' "
        f"WHEN {is_open} THEN 'unshipped' WHEN i % 33 = 5 THEN 'cancelled' "
        "ELSE 'shipped' END"
    )
    left = f"NOT {is_open} AND i % 33 <> 5 AND i <= {orders - orders // 1000}"

    def stamp(offset: int, known: str = "i % 10 > 0") -> str:
        return f"CASE WHEN {known} THEN {filler.before(f'{old} - {offset}')} END"

    aside = f"(i % 50000 = 13 OR i = {orders - 7})"
    filler.fill(
        Order,
        orders,
        account_id=ACCOUNT,
        amazon_order_id=ORDER_ID,
        marketplace_id=SITE,
        status=status,
        fulfilled_by=f"CASE WHEN {IS_FBA} THEN 'amazon' ELSE 'merchant' END",
        service_level="'STANDARD'",
        currency="'USD'",
        total="19.99 + i % 50",
        cancel_requested="(i % 3000 = 1)",
        ordered_at=filler.before(old),
        ship_by=filler.before(f"{old} - {15 * DAY // 2}"),
        shipped_at=f"CASE WHEN {left} THEN {filler.before(f'{old} - 90000')} END",
        delivered_at=(
            f"CASE WHEN {left} AND {old} > {8 * DAY} "
            f"THEN {filler.before(f'{old} - {4 * DAY}')} END"
        ),
        has_unmatched="(i % 20000 = 7)",
        has_shortage="(i % 20000 = 11)",
        last_updated_at=filler.before(old),
        last_event_at=filler.before(old),
        changed_at=filler.before(old),
        event_seen_at=stamp(3),
        reserved_at=stamp(4),
        completed_at=stamp(9, "i > 0"),
        webhook_sent_at=stamp(12, "i > 0"),
        first_source="'event'",
        stale_since=f"CASE WHEN {aside} THEN {filler.before('60')} END",
        fetch_after=f"CASE WHEN {aside} THEN {filler.before('-600')} END",
        quarantine_code=f"CASE WHEN {aside} THEN 'orders.unreadable' ELSE '' END",
        created_at=filler.before(old),
    )
    _lines(filler, orders)


def _lines(filler: Filler, orders: int) -> None:
    """Fill the orders' lines, and the people of the youngest orders."""
    from channels_amazon.models import OrderLine, OrderPersonalData

    old, is_open = age(orders), _is_open(orders)
    # Every fourth order has a second line.
    order = f"CASE WHEN i <= {orders} THEN i ELSE (i - {orders}) * 4 END"
    # Every tenth line is of one SKU.
    sku = f"(CASE WHEN i % 10 = 4 THEN 1 ELSE 1 + (i * 31) % {VARIANTS} END)"
    filler.fill(
        OrderLine,
        orders * 5 // 4,
        order_id=order,
        order_item_id="'item' || i",
        seller_sku=f"'SKU-' || substr(CAST(1000000 + {sku} AS text), 2)",
        asin=f"'B0' || (10000000 + {sku})",
        title="'A product of the benchmark with a title as long as sellers write it'",
        variant_id=sku,
        quantity="1 + i % 2",
        quantity_shipped=f"CASE WHEN {is_open} THEN 0 ELSE 1 + i % 2 END",
        unit_price="19.99",
        currency="'USD'",
    )
    filler.fill(
        OrderPersonalData,
        orders,
        f"i % 3 <> 0 AND i > {orders - orders * 34 // ORDER_DAYS}",
        order_id="i",
        store_id=STORE,
        received_at=filler.before(old),
        **_due(filler, old, is_open),
    )


def _due(filler: Filler, old: str, is_open: str) -> dict[str, str]:
    """Return the column that says when personal data must go, where there is one."""
    from channels_amazon.models import OrderPersonalData

    names = {field.name for field in OrderPersonalData._meta.concrete_fields}
    if "due_at" not in names:
        return {}
    ended = filler.before(f"{old} - 90000 - {30 * DAY}")
    waiting = filler.before(f"{old} - {15 * DAY // 2} - {90 * DAY}")
    return {"due_at": f"CASE WHEN {is_open} THEN {waiting} ELSE {ended} END"}


def _shipping(filler: Filler, orders: int) -> None:
    from channels_amazon.models import Parcel, Shipment, ShipmentLine

    old = age(orders)
    sent = f"i % 3 <> 0 AND i % 33 <> 5 AND i <= {orders - orders // 1000}"
    # A few of the open ones have a package that is stuck or under way.
    where = f"{sent} AND (NOT {_is_open(orders)} OR i % 40 < 2)"
    is_open = _is_open(orders)
    state = (
        f"CASE WHEN {is_open} AND i % 40 = 0 THEN 'refused' "
        f"WHEN {is_open} THEN 'waiting' WHEN i % 25000 = 2 THEN 'refused' "
        "ELSE 'verified' END"
    )
    filler.fill(
        Shipment,
        orders,
        where,
        order_id="i",
        package_reference="1",
        carrier_code="'DHL'",
        tracking_number="'T' || (100000000 + i)",
        shipped_at=filler.before(f"{old} - 90000"),
        warehouse_id=STORE,
        state=state,
        created_at=filler.before(f"{old} - 80000"),
        confirmed_at=f"CASE WHEN NOT {is_open} THEN {filler.before(old)} END",
        verified_at=f"CASE WHEN NOT {is_open} THEN {filler.before(old)} END",
    )
    filler.fill(ShipmentLine, orders, where, shipment_id="i", line_id="i", quantity="1")
    filler.fill(
        Parcel,
        orders // 20,
        store_id=STORE,
        amazon_order_id=ORDER_ID,
        order_id="CASE WHEN i % 3 <> 0 THEN i END",
        carrier="'DHL'",
        tracking_number="'P' || (100000000 + i)",
        shipped_at=filler.before(age(orders // 20)),
        source="'file'",
        idempotency_key="'p' || i",
        state=(
            "CASE WHEN i % 2000 = 0 THEN 'refused' WHEN i % 1000 = 1 THEN 'waiting' "
            "ELSE 'applied' END"
        ),
        created_at=filler.before(age(orders // 20)),
    )


def _stock(filler: Filler, orders: int) -> None:
    from channels_amazon.models import Listing, Offer, StockLevel

    filler.fill(
        StockLevel,
        VARIANTS,
        variant_id="i",
        warehouse_id="1",
        on_hand="CASE WHEN i % 500 = 1 THEN -1 ELSE i % 90 END",
        reserved="i % 3",
    )
    filler.fill(
        Listing,
        VARIANTS * 3,
        account_id=f"1 + (i - 1) / {VARIANTS}",
        seller_sku=(
            f"'SKU-' || substr(CAST(1000001 + (i - 1) % {VARIANTS} AS text), 2)"
        ),
        variant_id=f"1 + (i - 1) % {VARIANTS}",
        title="'A product of the benchmark with a title as long as sellers write it'",
        asin=f"'B0' || (10000001 + (i - 1) % {VARIANTS})",
        is_mfn="(i % 3 > 0)",
        is_fba="(i % 3 = 0)",
        desired_quantity="i % 90",
        acknowledged_quantity="i % 90",
        push_due="(i % 200 = 1)",
        seen_at=filler.before("60"),
    )
    filler.fill(
        Offer,
        VARIANTS * 3,
        listing_id="i",
        marketplace_id="'A1PA6795UKMFR9'",
        is_buyable="(i > 0)",
        seen_at=filler.before("60"),
    )
    _movements(filler, orders)


def _movements(filler: Filler, orders: int) -> None:
    from channels_amazon.models import Reservation, StockMovement

    filler.fill(
        StockMovement,
        orders,
        variant_id=f"1 + i % {VARIANTS}",
        warehouse_id="1",
        reserved_delta="1",
        reason="CASE WHEN i % 3 = 0 THEN 'shipped' ELSE 'reserved' END",
        idempotency_key="'m' || i",
        reference=ORDER_ID,
        created_at=filler.before(age(orders)),
    )
    filler.fill(
        Reservation,
        orders,
        _is_open(orders),
        line_id="i",
        variant_id=f"1 + (i * 31) % {VARIANTS}",
        warehouse_id="1",
        quantity="1",
    )


def _store_orders(filler: Filler, orders: int) -> None:
    from channels_amazon.models import FulfillmentOrder, StoreOrder, StoreOrderLine

    count = max(100, orders // 20)
    filler.fill(
        StoreOrder,
        count,
        store_id="1",
        number="'S-' || i",
        placed_at=filler.before(age(count)),
        country_code="'DE'",
        currency="'EUR'",
        state=(
            "CASE WHEN i % 2000 = 3 THEN 'needs_person' WHEN i % 1000 = 5 THEN 'new' "
            "WHEN i % 100 = 9 THEN 'at_amazon' WHEN i % 100 = 11 THEN 'local' "
            "ELSE 'done' END"
        ),
        created_at=filler.before(age(count)),
    )
    filler.fill(
        StoreOrderLine,
        count,
        order_id="i",
        number="'1'",
        sku=f"'SKU-' || substr(CAST(1000001 + i % {VARIANTS} AS text), 2)",
        variant_id=f"1 + i % {VARIANTS}",
        quantity="1",
    )
    filler.fill(
        FulfillmentOrder,
        count,
        "i % 100 = 9 OR i % 4 = 1",
        order_id="i",
        account_id="1",
        api_version="'2020-07-01'",
        marketplace_id="'A1PA6795UKMFR9'",
        pool="'EU'",
        speed="'STANDARD'",
        state="CASE WHEN i % 100 = 9 THEN 'processing' ELSE 'complete' END",
        ended_at=f"CASE WHEN i % 100 <> 9 THEN {filler.before('60')} END",
    )


def _finish(filler: Filler) -> None:
    """Let new rows be numbered after these; measure the tables as autovacuum would."""
    from django.apps import apps
    from django.core.management.color import no_style

    models = list(apps.get_app_config("channels_amazon").get_models())
    with filler.connection.cursor() as cursor:
        for statement in filler.connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)
        cursor.execute("VACUUM ANALYZE" if filler.is_postgresql else "ANALYZE")
