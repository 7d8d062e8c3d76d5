"""Makes rows for tests: `make_store(name="…")`, each with working defaults."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.utils import timezone

from channels_amazon.models import (
    AmazonAccount,
    ClientSecret,
    Credential,
    DeveloperApplication,
    DiagnosticEntry,
    FbaStock,
    Listing,
    MarketplaceParticipation,
    McfRule,
    Order,
    OrderLine,
    Parcel,
    Product,
    RuleRevision,
    ShipTemplate,
    Store,
    StoreMember,
    StoreOrder,
    SyncJob,
    SyncRun,
    Variant,
    Warehouse,
)
from channels_amazon.rules.scope import Scope
from channels_amazon.services.jobs.ranks import rank_at
from channels_amazon.services.mcf.store_orders import (
    LineDraft,
    StoreOrderDraft,
    place_store_order,
)
from channels_amazon.services.stock import dry_run
from channels_amazon.services.sync_rules.changes import RuleChange
from channels_amazon.services.sync_rules.stored import Rule

_numbers = count(1)

# The home marketplace of each region: id, country, currency, language, domain.
HOME = {
    "na": ("ATVPDKIKX0DER", "US", "USD", "en_US", "www.amazon.com"),
    "eu": ("A1PA6795UKMFR9", "DE", "EUR", "de_DE", "www.amazon.de"),
    "fe": ("A1VC38T7YXB528", "JP", "JPY", "ja_JP", "www.amazon.co.jp"),
}


def number() -> int:
    """Return a number no other row of this test process was built with."""
    return next(_numbers)


def make_store(**over: Any) -> Store:
    """Make a store whose plan includes Amazon."""
    n = number()
    fields: dict[str, Any] = {"name": f"Store {n}", "slug": f"store-{n}"}
    row: Store = Store.objects.create(**fields | over)
    return row


def make_user(**over: Any) -> AbstractUser:
    """Make a staff user without any store, with the password `a-long-password`."""
    fields: dict[str, Any] = {"username": f"user-{number()}", "is_staff": True}
    password = over.pop("password", "a-long-password")
    user: AbstractUser = get_user_model().objects.create(**fields | over)
    user.set_password(password)
    user.save()
    return user


def make_member(store: Store | None = None, **over: Any) -> StoreMember:
    """Make a user who is a member of the store, an operator unless told."""
    fields: dict[str, Any] = {"role": StoreMember.Role.OPERATOR}
    over.setdefault("user", None)
    over["user"] = over["user"] or make_user()
    row: StoreMember = StoreMember.objects.create(
        store=store or make_store(), **fields | over
    )
    return row


def make_warehouse(store: Store | None = None, **over: Any) -> Warehouse:
    """Make a warehouse, the store's default one if it has none yet."""
    store = store or make_store()
    n = number()
    fields: dict[str, Any] = {
        "name": f"Warehouse {n}",
        "code": f"wh-{n}",
        "country_code": "US",
        "is_default": not store.warehouses.exists(),
    }
    row: Warehouse = Warehouse.objects.create(store=store, **fields | over)
    return row


def make_application(**over: Any) -> DeveloperApplication:
    """Make the developer application that the settings name, with its secret."""
    app_id = over.pop("app_id", settings.SPAPI_APP_ID or "amzn1.sp.solution.test")
    secret = over.pop("secret", settings.LWA_CLIENT_SECRET or "test-client-secret")
    fields: dict[str, Any] = {
        "name": "Test application",
        "lwa_client_id": settings.LWA_CLIENT_ID or "amzn1.application-oa2-client.test",
        "redirect_uri": settings.OAUTH_REDIRECT_URI or "https://store.example/callback",
    }
    row, is_new = DeveloperApplication.objects.get_or_create(
        app_id=app_id, defaults=fields | over
    )
    if is_new:
        ClientSecret.objects.create(
            application=row, secret=secret, since=timezone.now()
        )
    return row


def make_account(store: Store | None = None, **over: Any) -> AmazonAccount:
    """Make a connected account that is live, with its home marketplace selected.

    With `emulator=` it can really call: seller and refresh token are the emulator's
    of that region. `marketplaces=False` leaves the participations out; `created_at`
    says since when it is connected.
    """
    emulator = over.pop("emulator", None)
    region = over.setdefault("region", "na")
    token = over.pop("refresh_token", "") or f"Atzr|test-{number()}"
    with_marketplaces = over.pop("marketplaces", True)
    created_at = over.pop("created_at", None)
    is_ended = over.get("state") == AmazonAccount.State.DISCONNECTED
    if emulator is not None:
        token = emulator.refresh_token(region)
        over.setdefault("seller_id", emulator_seller(emulator, region))
    fields: dict[str, Any] = {
        "seller_id": f"A{number():013d}",
        "name": f"Account {number()}",
        "authorized_at": timezone.now(),
        "live_at": None if is_ended else timezone.now(),
    }
    over.setdefault("application", None)
    over["application"] = over["application"] or make_application()
    account: AmazonAccount = AmazonAccount.objects.create(
        store=store or make_store(), **fields | over
    )
    Credential.objects.create(account=account, refresh_token=token)
    if created_at is not None:
        AmazonAccount.objects.filter(pk=account.pk).update(created_at=created_at)
        account.refresh_from_db()
    if with_marketplaces:
        make_participation(account)
    return account


def emulator_seller(emulator: Any, region: str) -> str:
    """Return the id of the emulator's seller in that region."""
    for seller in emulator.state.sellers.values():
        if seller.region == region:
            return str(seller.seller_id)
    raise LookupError(region)


def make_participation(account: AmazonAccount, **over: Any) -> MarketplaceParticipation:
    """Make one selected site of the account, its region's home unless told."""
    home, country, currency, language, domain = HOME[account.region]
    fields: dict[str, Any] = {
        "marketplace_id": home,
        "name": domain.removeprefix("www.").capitalize(),
        "country_code": country,
        "currency": currency,
        "language": language,
        "domain": domain,
        "is_participating": True,
        "has_suspended_listings": False,
        "seen_at": timezone.now(),
    }
    row: MarketplaceParticipation = MarketplaceParticipation.objects.create(
        account=account, **fields | over
    )
    return row


def make_variant(store: Store | None = None, **over: Any) -> Variant:
    """Make a variant of a product of its own."""
    store = store or make_store()
    fields: dict[str, Any] = {"sku": f"SKU-{number()}", "currency": store.currency}
    over.setdefault("product", None)
    over["product"] = over["product"] or Product.objects.create(
        store=store, title=f"Product {number()}"
    )
    row: Variant = Variant.objects.create(store=store, **fields | over)
    return row


def make_listing(account: AmazonAccount | None = None, **over: Any) -> Listing:
    """Make a merchant-fulfilled listing, not linked to a variant unless told."""
    variant = over.get("variant")
    sku = variant.sku if variant is not None else f"SKU-{number()}"
    fields: dict[str, Any] = {
        "seller_sku": sku,
        "title": f"Listing of {sku}",
        "asin": f"B{number():09d}",
        "is_mfn": True,
        "seen_at": timezone.now(),
    }
    row: Listing = Listing.objects.create(
        account=account or make_account(), **fields | over
    )
    return row


def make_order(
    account: AmazonAccount | None = None,
    *,
    lines: tuple[dict[str, Any], ...] = ({},),
    **over: Any,
) -> Order:
    """Make a merchant's order to ship, with one line of one unit unless told."""
    now = timezone.now()
    n = number()
    account = account or make_account()
    fields: dict[str, Any] = {
        "amazon_order_id": f"902-{n:07d}-{n:07d}",
        "marketplace_id": HOME[account.region][0],
        "channel_name": "AMAZON",
        "status": Order.Status.UNSHIPPED,
        "amazon_status": "UNSHIPPED",
        "fulfilled_by": Order.FulfilledBy.MERCHANT,
        "currency": HOME[account.region][2],
        "ordered_at": now,
        "ship_by": now + timedelta(days=2),
        "last_updated_at": now,
        "completed_at": now,
    }
    order: Order = Order.objects.create(account=account, **fields | over)
    for line in lines:
        make_line(order, **line)
    return order


def make_line(order: Order, **over: Any) -> OrderLine:
    """Make one line of the order; `variant` also gives its seller SKU."""
    n = number()
    variant = over.get("variant")
    fields: dict[str, Any] = {
        "order_item_id": f"{n:014d}",
        "seller_sku": variant.sku if variant is not None else f"SKU-{n}",
        "title": f"Item {n}",
        "quantity": 1,
        "currency": order.currency,
    }
    row: OrderLine = OrderLine.objects.create(order=order, **fields | over)
    return row


def make_template(store: Store | None = None, **over: Any) -> ShipTemplate:
    """Make a ship template of the whole store that is switched on."""
    fields: dict[str, Any] = {"name": f"Template {number()}", "is_active": True}
    row: ShipTemplate = ShipTemplate.objects.create(
        store=store or make_store(), **fields | over
    )
    return row


def make_parcel(order: Order, **over: Any) -> Parcel:
    """Make a parcel of all that is left of the order, due now, told by the store."""
    n = number()
    now = timezone.now()
    fields: dict[str, Any] = {
        "amazon_order_id": order.amazon_order_id,
        "order": order,
        "carrier": "UPS",
        "tracking_number": f"1Z{n:09d}",
        "shipped_at": now,
        "source": "api",
        "idempotency_key": f"parcel-{n}",
        "try_after": now,
        "created_by": "store",
    }
    row: Parcel = Parcel.objects.create(store=order.account.store, **fields | over)
    return row


def make_job(account: AmazonAccount | None = None, **over: Any) -> SyncJob:
    """Make a job that is due now, of the listings unless told, with its rank."""
    fields: dict[str, Any] = {
        "kind": SyncJob.Kind.LISTINGS,
        "due_at": timezone.now() - timedelta(seconds=1),
    }
    fields |= {"account": account or make_account(), **over}
    if fields["account"].is_connected:
        fields.setdefault("rank", rank_at(fields["kind"], fields["due_at"]))
    row: SyncJob = SyncJob.objects.create(**fields)
    return row


def make_run(account: AmazonAccount, **over: Any) -> SyncRun:
    """Make a run of the account's listings job that is still running, unless told."""
    job = account.jobs.filter(kind=SyncJob.Kind.LISTINGS).first() or make_job(account)
    fields = {"job": job, "kind": job.kind, "started_at": timezone.now()}
    row: SyncRun = SyncRun.objects.create(account=account, **fields | over)
    return row


def make_entry(account: AmazonAccount, **over: Any) -> DiagnosticEntry:
    """Make a log entry of the account, an error unless told."""
    fields: dict[str, Any] = {
        "store": account.store,
        "at": timezone.now(),
        "level": DiagnosticEntry.Level.ERROR,
        "code": "orders.unmatched_sku",
        "message": f"What happened, number {number()}.",
    }
    row: DiagnosticEntry = DiagnosticEntry.objects.create(
        account=account, **fields | over
    )
    return row


def make_fba_stock(listing: Listing, fulfillable: int, **over: Any) -> FbaStock:
    """Make what Amazon holds of the listing in its account's home pool."""
    pools = {"na": "US", "eu": "EU", "fe": "JP"}
    fields: dict[str, Any] = {
        "pool": pools[listing.account.region],
        "total": fulfillable,
        "seen_marketplace_id": HOME[listing.account.region][0],
        "seen_at": timezone.now(),
    }
    row: FbaStock = FbaStock.objects.create(
        listing=listing, fulfillable=fulfillable, **fields | over
    )
    return row


def make_mcf_rule(account: AmazonAccount, **over: Any) -> McfRule:
    """Make a rule of the account that is switched on and prefers FBA."""
    fields: dict[str, Any] = {
        "name": f"Rule {number()}",
        "is_active": True,
        "prefer": McfRule.Prefer.FBA_FIRST,
    }
    row: McfRule = McfRule.objects.create(
        store=account.store, account=account, **fields | over
    )
    return row


def store_order_draft(*lines: tuple[str, int], **over: Any) -> StoreOrderDraft:
    """Make an order of the store as it is told, with lines of SKU and units."""
    fields: dict[str, Any] = {
        "number": f"S-{number()}",
        "placed_at": timezone.now(),
        "destination": {
            "name": "Ann Buyer",
            "addressLine1": "1000 Winthrop Ave N",
            "city": "Seattle",
            "stateOrRegion": "WA",
            "postalCode": "98103",
            "countryCode": "US",
            "phone": "206-555-0100",
        },
        "lines": [
            LineDraft(number=str(place), sku=sku, quantity=units)
            for place, (sku, units) in enumerate(lines, 1)
        ],
    }
    return StoreOrderDraft(**fields | over)


def place_order(store: Store, *lines: tuple[str, int], **over: Any) -> StoreOrder:
    """Have the store order these lines, as its system would."""
    draft = store_order_draft(*lines, **over)
    return place_store_order(store, draft=draft, actor="test").order


def make_saved_rule(account: AmazonAccount, **terms: Any) -> RuleRevision:
    """Save a stock rule for the account as a person would; 60 % unless told."""
    rule = Rule(None, Scope(account.pk), terms or {"mode": "split", "share": 60})
    made = dry_run.try_changes(account.store, [RuleChange(None, rule)], actor="test")
    return dry_run.save(made, actor="test").revision
