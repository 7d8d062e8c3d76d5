"""Two stores side by side, so that a test sees whether one's rows reach the other."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.test import Client
from django.utils import timezone

from channels_amazon.models import (
    AmazonAccount,
    ApiCall,
    DiagnosticEntry,
    HealthReport,
    McfRule,
    Notification,
    Order,
    Shipment,
    Store,
    StoreMember,
    StoreOrder,
    Variant,
    Warehouse,
)
from channels_amazon.wording import sentence
from tests import builders

# So many queries the side bar's number costs each whole page, whatever is in it.
SIDE_BAR = 14
MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"


@dataclass(frozen=True)
class World:
    """One store with a row of each kind, and a member of another store."""

    store: Store
    owner: AbstractBaseUser
    stranger: AbstractBaseUser
    account: AmazonAccount
    warehouse: Warehouse
    variant: Variant
    order: Order
    store_order: StoreOrder
    rule: McfRule
    entry: DiagnosticEntry
    report: HealthReport


def make_world() -> World:
    """Make the store, its rows, its owner and a stranger who owns another store."""
    store = builders.make_store()
    owner = builders.make_member(
        store, role=StoreMember.Role.OWNER, sees_personal_data=True
    ).user
    stranger = builders.make_member(role=StoreMember.Role.OWNER).user
    account = builders.make_account(store)
    variant = builders.make_variant(store)
    builders.make_listing(account, variant=variant)
    return World(
        store=store,
        owner=owner,
        stranger=stranger,
        account=account,
        warehouse=builders.make_warehouse(store),
        variant=variant,
        order=builders.make_order(account, lines=({"variant": variant},)),
        store_order=builders.place_order(store, ("UNKNOWN-SKU", 1)),
        rule=builders.make_mcf_rule(account),
        entry=builders.make_entry(account),
        report=HealthReport.objects.create(account=account, state="done", status="ok"),
    )


def make_refused(order: Order) -> Shipment:
    """Make a package of the whole order that Amazon refused."""
    package: Shipment = Shipment.objects.create(
        order=order,
        package_reference=1,
        carrier_code="UPS",
        tracking_number="1Z0",
        shipped_at=timezone.now(),
        state=Shipment.State.REFUSED,
    )
    for line in order.lines.all():
        package.lines.create(line=line, quantity=line.quantity)
    return package


def make_quarantined(account: AmazonAccount | None, **over: Any) -> Notification:
    """Make a message in quarantine."""
    fields: dict[str, Any] = {
        "notification_id": f"note-{builders.number()}",
        "account": account,
        "seller_id": account.seller_id if account else "ANOBODY",
        "amazon_order_id": f"902-{builders.number():07d}-0000001",
        "state": Notification.State.QUARANTINED,
        "code": "notifications.wrong_schema",
        "message": sentence("The message is not JSON."),
        "body": '{"NotificationType": "ORDER_CHANGE", "Buyer": "CANARY"}',
        "received_at": timezone.now(),
    }
    row: Notification = Notification.objects.create(**fields | over)
    return row


def signed_in(user: AbstractBaseUser) -> Client:
    """Return a client in which `user` is signed in."""
    client = Client()
    client.force_login(user, backend=MODEL_BACKEND)  # type: ignore[arg-type]
    return client


def make_member_client(store: Store, role: str, **over: bool) -> Client:
    """Return a client in which a new member of that role is signed in."""
    return signed_in(builders.make_member(store, role=role, **over).user)


def make_call(account: AmazonAccount, **over: object) -> ApiCall:
    """Make one call to Amazon that succeeded."""
    fields: dict[str, object] = {
        "operation": "getOrder",
        "method": "GET",
        "path": "/orders/2026-01-01/orders/902",
        "status": 200,
        "request_id": f"req-{builders.number()}",
        "started_at": timezone.now(),
    }
    row: ApiCall = ApiCall.objects.create(account=account, **fields | over)
    return row


def time_typed(page: Any, name: str) -> str:
    """Return what stands in a page's field of date and time."""
    found = re.search(rf'name="{name}" value="([^"]+)"', page.content.decode())
    assert found is not None
    return found[1]


def ship_data(order: Order, **over: Any) -> dict[str, Any]:
    """Return what the ship form sends for the whole order."""
    line = order.lines.get()
    earlier = timezone.now() - timedelta(minutes=1)
    Order.objects.filter(pk=order.pk).update(ordered_at=earlier - timedelta(days=1))
    return {
        "carrier": "UPS",
        "tracking_number": "1Z999AA10123456784",
        "shipped_at": f"{earlier:%Y-%m-%dT%H:%M}",
        f"line_{line.pk}": "1",
        **over,
    }
