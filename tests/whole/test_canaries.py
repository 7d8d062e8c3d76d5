"""No secret and no personal data is written in the clear, along the whole path."""

from __future__ import annotations

import io
import logging
import re
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.db import connection
from django.test import Client
from django.urls import reverse

from channels_amazon.emulator.server import Emulator
from channels_amazon.health.runner import run_report
from channels_amazon.models import (
    AmazonAccount,
    Notification,
    Order,
    StoreMember,
    SyncJob,
    SyncRun,
)
from channels_amazon.services.accounts.subscriptions import subscribe
from channels_amazon.services.health.reports import request_report
from channels_amazon.services.jobs import lifecycle
from channels_amazon.sync.runtime.runner import drain
from channels_amazon.worker.consumer import Consumer
from shoplink.logs import JsonFormatter
from tests.builders import make_member, make_store, make_user, make_variant
from tests.emulator.caller import SELLERS
from tests.views.scene import MODEL_BACKEND
from tests.whole.installation import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

# Tables whose encrypted columns are bytes; everything else is read as text.
_OWN = "channels_amazon_"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Give what every logger writes, down to debug, through the product's formatter."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(JsonFormatter())
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield text
    root.removeHandler(handler)
    root.setLevel(level)


def test_whole_path_writes_no_canary(
    emulator: Emulator, client: Client, written: io.StringIO
) -> None:
    emulator.control("behaviour", pending_seconds=0)
    account = _connect(emulator, client)
    subscribe(account, actor="test")
    _pull(account)
    placed = emulator.place_orders(3, region="na", fulfilled_by="MERCHANT")
    order = _take_in(placed)
    _pull(account)
    _ship(client, order)
    _pull(account)
    run_report(request_report(account, "test").pk)
    _search_by_name(emulator, account, order)
    pages = _look_at_pages(client, account, order)
    _fail(emulator, client, account)

    saved = _last_sync_log(client, account)

    canaries = _canaries(emulator)
    assert len(canaries) > 40
    rows = _everything_stored()
    assert account.seller_id in rows
    assert _found(canaries, rows) == []
    assert "run ended" in written.getvalue()
    assert _found(canaries, written.getvalue()) == []
    assert _found(canaries, pages) == []
    assert account.seller_id in saved
    assert _found(canaries, saved) == []


def _connect(emulator: Emulator, client: Client) -> AmazonAccount:
    user: Any = make_user(is_superuser=False)
    store = make_store()
    make_member(store, user=user, role=StoreMember.Role.OWNER)
    for listing in emulator.state.seller_listings(SELLERS["na"]):
        make_variant(store, sku=listing.sku)
    client.force_login(user)
    sites = ["ATVPDKIKX0DER", "A2EUQ1WTGCTBG2", "A1AM78C64UM0Y8"]
    form = {"region": "na", "store": store.pk, "marketplaces": sites}
    consent = client.post(reverse("amazon-connect"), form).headers["Location"]
    answer = requests.post(
        consent, {"decision": "approve"}, allow_redirects=False, timeout=10
    )
    back = urlsplit(answer.headers["Location"])
    assert "spapi_oauth_code" in parse_qs(back.query)
    client.get(f"{back.path}?{back.query}")
    account: AmazonAccount = AmazonAccount.objects.get(store=store)
    return account


def _pull(account: AmazonAccount) -> None:
    """Run every job of the account until none is due and its first pass is done."""
    lifecycle.wake(account.pk)
    pending = SyncJob.objects.filter(account=account, first_done_at__isnull=True)

    def is_pulled() -> bool:
        drain(budget=5)
        return not pending.exists()

    wait_for(is_pulled, 40, lambda: str(list(pending.values("kind", "blocked_code"))))


def _take_in(placed: list[str]) -> Order:
    """Read events and orders until every placed one is stored; return the first."""
    stored = Order.objects.filter(amazon_order_id__in=placed)

    def is_stored() -> bool:
        Consumer(wait=1, until_empty=True).run()
        drain(budget=5)
        return stored.count() == len(placed)

    def story() -> str:
        said = Notification.objects.values_list("state", "code", "amazon_order_id")
        runs = SyncRun.objects.exclude(code="").values_list("job__kind", "code")
        return f"{list(said)}\n{list(runs)}\n{list(stored)}"

    wait_for(is_stored, 40, story)
    return stored.get(amazon_order_id=placed[0])


def _ship(client: Client, order: Order) -> None:
    form = {"carrier": "UPS", "tracking_number": "TRACK-1"}
    form |= {f"line_{line.pk}": str(line.quantity) for line in order.lines.all()}
    form["shipped_at"] = order.created_at.strftime("%Y-%m-%dT%H:%M:%S")
    form["shipped_at_zone"] = "UTC"
    client.post(reverse("amazon-order-ship", args=[order.pk]), form)
    assert order.shipments.count() == 1


def _search_by_name(emulator: Emulator, account: AmazonAccount, order: Order) -> None:
    """Let one who may see people find the order by its buyer; the name stays out."""
    member = make_member(account.store, sees_personal_data=True)
    client = Client()
    client.force_login(member.user, backend=MODEL_BACKEND)
    name = emulator.state.orders[order.amazon_order_id].buyer_name
    answer = client.post(reverse("amazon-order-search"), {"name": name})
    page: Any = client.get(answer.headers["Location"])
    assert order in page.context["slice"].rows
    assert name not in answer.headers["Location"] + page.content.decode()
    client.post(reverse("amazon-order-reveal", args=[order.pk]))


def _look_at_pages(client: Client, account: AmazonAccount, order: Order) -> str:
    """Return what a member without the right to see personal data is shown."""
    addresses = [
        reverse("amazon-overview"),
        reverse("amazon-account-list"),
        reverse("amazon-status", args=[account.pk]),
        reverse("amazon-order-list"),
        f"{reverse('amazon-order-list')}?named=guessed",
        reverse("amazon-order-detail", args=[order.pk]),
        reverse("amazon-data-protection"),
        reverse("amazon-purge-proofs", args=[account.store_id]),
        *(
            f"{reverse(page)}?tab={tab}"
            for page in ("amazon-log-list", "amazon-log-export")
            for tab in ("events", "calls", "runs")
        ),
        f"{reverse('amazon-log-export')}?tab=calls&format=jsonl",
        reverse("amazon-sync-log", args=[account.pk]),
        *(
            reverse("amazon-health-download", args=[report.pk, "json"])
            for report in account.health_reports.all()
        ),
    ]
    shown = ""
    for address in addresses:
        answer: Any = client.get(address)
        assert answer.status_code == 200, address
        parts = answer.streaming_content if answer.streaming else [answer.content]
        shown += b"".join(parts).decode()
    return shown


def _last_sync_log(client: Client, account: AmazonAccount) -> str:
    """Return the text of the Last Sync Log, as it is saved after things went wrong."""
    answer: Any = client.get(reverse("amazon-sync-log-download", args=[account.pk]))
    with zipfile.ZipFile(io.BytesIO(answer.getvalue())) as archive:
        return "\n".join(archive.read(name).decode() for name in archive.namelist())


def _fail(emulator: Emulator, client: Client, account: AmazonAccount) -> None:
    """Let things go wrong that quote what was sent."""
    for kind in ("status_500", "html_503", "cut_body"):
        emulator.control("faults", match="*", kind=kind, count=3)
        lifecycle.unblock(account)
        drain(budget=3)
    emulator.control("faults", clear=True)
    emulator.control("notifications", raw={"NotificationType": "ORDER_CHANGE"})
    Consumer(wait=1, until_empty=True).run()
    callback = reverse("amazon-callback")
    client.get(f"{callback}?state=x&spapi_oauth_code=CANARYCODE1&selling_partner_id=A1")
    emulator.control("revoke", region="na")
    emulator.control("expire_tokens")
    lifecycle.unblock(account)
    drain(budget=3)


def _canaries(emulator: Emulator) -> set[str]:
    """Return every secret and every piece of personal data the seller's world has."""
    state = emulator.state
    secrets = {secret.value for secret in state.application.secrets}
    secrets |= set(state.authorizations) | set(state.access_tokens) | set(state.codes)
    secrets.add("CANARYCODE1")
    people: set[str] = set()
    for order in state.seller_orders(SELLERS["na"]):
        address = order.address
        people |= {order.buyer_name, order.buyer_email, address.name, address.phone}
        people |= {address.line1, address.line2}
    return {canary for canary in secrets | people if len(canary) > 5}


def _everything_stored() -> str:
    """Return all text of all our tables; encrypted columns hold no text."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith((_OWN, "django_q_", "django_session")):
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
                found += [str(value) for row in cursor.fetchall() for value in row]
    return "\n".join(found)


def _found(canaries: set[str], text: str) -> list[str]:
    """Return the canaries in the text, with a little of what stands around them."""
    return [
        text[max(0, hit.start() - 80) : hit.end() + 20]
        for canary in canaries
        for hit in [re.search(re.escape(canary), text)]
        if hit
    ]
