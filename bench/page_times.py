"""Asks every page of a filled database for its time; a process of the page benchmark.

Usage: python -m bench.page_times [--json FILE] [--slow] [WORD ...], on the database
that DATABASE_URL names. Only addresses that hold one of the words are asked; --slow
shows the three slowest statements of each page.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django

from bench.cpu import seconds_of

ROUNDS = 5
EXPORT_ROUNDS = 3
# Whoever runs the installation sees all stores, an owner the largest one.
USERS = ("root", "owner")


@dataclass
class PageTime:
    """What one address costs: statements, milliseconds by user, bytes of its HTML."""

    address: str
    queries: int = 0
    size: int = 0
    cpu: dict[str, float] = field(default_factory=dict)
    best: dict[str, float] = field(default_factory=dict)
    p95: dict[str, float] = field(default_factory=dict)
    slow: list[str] = field(default_factory=list)


def addresses() -> Iterator[str]:
    """Yield the addresses that are asked, each list with its filters and far pages."""
    yield from _plain()
    yield from _order_lists()
    yield from _other_lists()
    yield from _logs()
    yield from _details()
    yield from _admin()


def _at(name: str, *args: Any, **query: Any) -> str:
    from django.urls import reverse
    from django.utils.http import urlencode

    shown = {key: value for key, value in query.items() if value != ""}
    return reverse(name, args=args) + (f"?{urlencode(shown)}" if shown else "")


def _plain() -> Iterator[str]:
    for name in (
        "amazon-overview",
        "amazon-account-list",
        "amazon-connect",
        "amazon-connect-private",
        "amazon-setup",
        "amazon-health-index",
        "amazon-data-protection",
        "amazon-store-endpoint",
        "amazon-reconciliation-list",
        "amazon-fba-rule-list",
        "amazon-fba-rule-add",
        "amazon-ship-template-list",
        "amazon-ship-template-add",
        "amazon-bulk-ship",
        "amazon-store-order-import",
        "amazon-user-settings",
    ):
        yield _at(name)
    yield _at("amazon-setup-store", 1)
    yield _at("amazon-account-progress", 1)
    yield _at("amazon-go-live", 1)
    yield _at("amazon-sync-log", 1)
    for span in ("", "hour", "day", "month"):
        yield _at("amazon-status", 1, span=span)


def _middle(model: Any, field_name: str) -> str:
    """Return the cursor of the page in the middle of a list."""
    last = model.objects.order_by("-pk").values_list("pk", flat=True)[0]
    at = model.objects.filter(pk__lte=last // 2).order_by("-pk")
    pk, moment = at.values_list("pk", field_name)[0]
    text = moment.astimezone(UTC).isoformat() if isinstance(moment, datetime) else ""
    return f"{pk}~{text or moment}"


def _order_lists() -> Iterator[str]:
    from channels_amazon.forms.filters import OrderShow
    from channels_amazon.models import Order, OrderLine
    from channels_amazon.rules.shipping.lateness import Urgency

    orders, board = "amazon-order-list", "amazon-shipment-board"
    far = _middle(Order, "ordered_at")
    order = Order.objects.get(pk=int(far.partition("~")[0]))
    line = OrderLine.objects.filter(order=order)[0]
    for show in OrderShow.values:
        yield _at(orders, show=show)
        yield _at(orders, show=show, account=1)
    yield _at(orders, after=far)
    yield _at(orders, account=1, after=far)
    yield _at(orders, account=6)
    for status in Order.Status.values:
        yield _at(orders, status=status)
    yield _at(orders, status="shipped", after=far)
    yield _at(orders, status="pending", account=6)
    yield _at(orders, marketplace="A1PA6795UKMFR9", after=far)
    yield _at(orders, marketplace="A1VC38T7YXB528")
    # Nobody sells there.
    yield _at(orders, marketplace="A2EUQ1WTGCTBG2")
    # The last is what every tenth line is of.
    for text in (order.amazon_order_id, line.seller_sku, line.asin, "SKU-000001"):
        yield _at(orders, q=text)
    yield _at(orders, q="nothing-is-called-so")
    number, sku = order.amazon_order_id, line.seller_sku
    # Parts: the ends that people write, one inside a group, one that all have.
    for text in (number[-7:], number[-4:], number[:8], number[4:9], number[6:14]):
        yield _at(orders, q=text)
    for text in (sku[-5:], sku.lower()[2:], line.asin[2:9], "SKU", "902"):
        yield _at(orders, q=text)
    to_ship = Order.objects.to_ship().order_by("ship_by")
    late = to_ship.values_list("pk", "ship_by")[to_ship.count() // 2]
    middle = f"{late[0]}~{late[1].isoformat()}"
    yield _at(orders, show="ship", after=middle)
    for show in ("", *(urgency.value for urgency in Urgency)):
        yield _at(board, show=show)
    yield _at(board, after=middle)
    yield _at(board, account=1)
    yield _at(board, q=order.amazon_order_id)


def _other_lists() -> Iterator[str]:
    from channels_amazon.models import Parcel, StoreOrder

    for show in ("", "refused", "waiting", "applied", "dropped"):
        yield _at("amazon-parcel-list", show=show)
    yield _at("amazon-parcel-list", account=1)
    yield _at("amazon-parcel-list", q=Parcel.objects.all()[:1][0].tracking_number)
    for show in ("", *StoreOrder.State.values):
        yield _at("amazon-store-order-list", show=show)
    yield _at("amazon-store-order-list", after=_middle(StoreOrder, "placed_at"))
    yield _at("amazon-store-order-list", q="S-50")
    yield _at("amazon-store-order-list", account=1)
    for show in ("", "out", "waiting", "refused", "unlisted"):
        yield _at("amazon-stock-list", show=show)
    yield _at("amazon-stock-list", q="SKU-000100")
    yield _at("amazon-quarantine-list")
    yield _at("amazon-quarantine-list", reason="notifications.unreadable")


def _logs() -> Iterator[str]:
    from channels_amazon.models import ApiCall, DiagnosticEntry, SyncRun

    logs = "amazon-log-list"
    kinds = {
        "events": (DiagnosticEntry, "at", ("info", "warning", "error")),
        "calls": (
            ApiCall,
            "started_at",
            ("ok", "failed", "429", "4xx", "5xx", "none"),
        ),
        "runs": (SyncRun, "started_at", ("done", "failed", "blocked", "abandoned")),
    }
    for kind, (model, name, results) in kinds.items():
        far = _middle(model, name)
        moment = far.partition("~")[2][:16]
        yield _at(logs, tab=kind)
        yield _at(logs, tab=kind, account=1)
        yield _at(logs, tab=kind, account=6)
        yield _at(logs, tab=kind, after=far)
        yield _at(logs, tab=kind, until=moment)
        yield _at(logs, tab=kind, since=moment, account=1)
        for result in results:
            yield _at(logs, tab=kind, result=result)
            yield _at(logs, tab=kind, result=result, account=1)
        yield _at(logs, tab=kind, result=results[1], until=moment)
        yield _at(logs, tab=kind, q="nothing-is-called-so")
        yield _at(logs, tab=kind, q="ref-4")
        yield _at(logs, tab=kind, q="request-4")
    for operation in ("searchOrders", "getInventorySummaries", "createReport"):
        yield _at(logs, tab="calls", operation=operation)
        yield _at(logs, tab="calls", operation=operation, account=1)
        yield _at(logs, tab="calls", operation=operation, result="failed")
    yield _at(logs, tab="calls", marketplace="A1VC38T7YXB528")
    yield _at(logs, tab="runs", operation="order_fetch")
    yield _at(logs, tab="runs", operation="shipments")


def _details() -> Iterator[str]:
    from channels_amazon.models import (
        ApiCall,
        DiagnosticEntry,
        Notification,
        Order,
        StoreOrder,
        SyncRun,
    )

    newest = Order.objects.order_by("-pk").values_list("pk", flat=True)[0]
    yield _at("amazon-order-detail", newest)
    yield _at("amazon-order-detail", newest // 2)
    waiting = Order.objects.to_ship().order_by("-pk").values_list("pk", flat=True)[5]
    yield _at("amazon-order-detail", waiting)
    yield _at("amazon-stock-detail", 100)
    yield _at("amazon-store-order-detail", StoreOrder.objects.all()[:1][0].pk)
    for kind, model in (
        ("events", DiagnosticEntry),
        ("calls", ApiCall),
        ("runs", SyncRun),
    ):
        pks = model.objects.order_by("-pk").values_list("pk", flat=True)
        yield _at("amazon-log-detail", kind, pks[0])
        yield _at("amazon-log-detail", kind, pks[0] // 2)
    aside = Notification.objects.filter(state="quarantined")
    yield _at("amazon-quarantine-detail", aside.values_list("pk", flat=True)[0])


def _admin() -> Iterator[str]:
    from channels_amazon.admin.site import site

    for model in site._registry:
        meta = model._meta
        yield _at(f"admin:{meta.app_label}_{meta.model_name}_changelist")


def exports() -> Iterator[str]:
    """Yield the addresses of the files that hold all rows of a log."""
    for kind in ("events", "calls", "runs"):
        yield _at("amazon-log-export", tab=kind)
        yield _at("amazon-log-export", tab=kind, format="jsonl")
    for show in ("", "ship"):
        yield _at("amazon-order-export", show=show)
    yield _at("amazon-order-export", q="SKU")
    yield _at("amazon-log-export", tab="calls", account=1)
    yield _at("amazon-log-export", tab="calls", result="failed")
    yield _at("amazon-log-export", tab="calls", operation="getInventorySummaries")


def measure(words: list[str], *, shows_slow: bool) -> list[PageTime]:
    """Ask each address some times as each user; print a line as each is done."""
    clients = {name: _client(name) for name in USERS}
    found = []
    for address in _chosen(addresses(), words):
        row = PageTime(address)
        for name, client in clients.items():
            _ask(row, name, client, shows_slow=shows_slow)
        found.append(row)
        _tell(row)
    for address in _chosen(exports(), words):
        row = PageTime(address)
        for name, client in clients.items():
            times = [_first_row(client, address) for _ in range(EXPORT_ROUNDS)]
            row.best[name], row.p95[name] = min(times), max(times)
        found.append(row)
        _tell(row)
    return found


def _chosen(all_addresses: Iterator[str], words: list[str]) -> list[str]:
    unique = dict.fromkeys(all_addresses)
    return [one for one in unique if not words or any(word in one for word in words)]


def _client(username: str) -> Any:
    from django.contrib.auth import get_user_model
    from django.test import Client

    client = Client(headers={"host": "127.0.0.1"}, raise_request_exception=True)
    user = get_user_model().objects.get(username=username)
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client


def _ask(row: PageTime, name: str, client: Any, *, shows_slow: bool) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from bench.measure import percentile

    with CaptureQueriesContext(connection) as captured:
        answer = client.get(row.address)
    if answer.status_code in {403, 404}:
        # The owner of one store has no part in the users and the like.
        return
    if answer.status_code not in {200, 302}:
        raise RuntimeError(f"{row.address} answers {answer.status_code} to {name}")
    row.queries = max(row.queries, len(captured))
    row.size = max(row.size, len(answer.content))
    if shows_slow:
        slowest = sorted(captured.captured_queries, key=lambda q: -float(q["time"]))
        row.slow += [f"{name} {q['time']} s: {q['sql']}" for q in slowest[:3]]
    times = []
    used = _cpu_ms()
    for _round in range(ROUNDS):
        began = time.perf_counter()
        client.get(row.address)
        times.append((time.perf_counter() - began) * 1000)
    row.cpu[name] = (_cpu_ms() - used) / ROUNDS
    row.best[name], row.p95[name] = min(times), percentile(times, 0.95)


def _cpu_ms() -> float:
    """Return the CPU time of this process and of its PostgreSQL backend so far.

    On a busy machine it says more than the clock; parallel workers are not in it.
    """
    from django.db import connection

    used = time.process_time()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            used += seconds_of([cursor.fetchone()[0]])
    return used * 1000


def _first_row(client: Any, address: str) -> float:
    """Return after how many milliseconds the file's first row of data is there."""
    began = time.perf_counter()
    answer = client.get(address)
    lines = 0
    for part in answer.streaming_content:
        lines += part.count(b"\n")
        if lines > 1:
            break
    took = (time.perf_counter() - began) * 1000
    answer.close()
    return took


def _tell(row: PageTime) -> None:
    times = " ".join(
        f"{row.cpu.get(name, 0):6.0f}{row.best.get(name, 0):6.0f}"
        f"{row.p95.get(name, 0):6.0f}"
        for name in USERS
    )
    print(f"{row.queries:4} {times} {row.size:8} {row.address}", flush=True)
    for text in row.slow:
        print(f"       {text}", flush=True)


def main() -> None:
    """Set Django up as in production, ask, and keep what was found."""
    reader = argparse.ArgumentParser()
    reader.add_argument("--json", type=Path)
    reader.add_argument("--slow", action="store_true")
    reader.add_argument("words", nargs="*")
    given = reader.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shoplink.settings")
    django.setup()
    from django.test import override_settings

    plain = "django.contrib.staticfiles.storage.StaticFilesStorage"
    # Nobody has collected the static files here.
    storages = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": plain},
    }
    print("Statements; CPU, best and p95 of each user in ms; bytes; address.")
    with override_settings(STORAGES=storages):
        found = measure(given.words, shows_slow=given.slow)
    if given.json:
        given.json.write_text(json.dumps([asdict(row) for row in found]), "utf-8")


if __name__ == "__main__":
    main()
