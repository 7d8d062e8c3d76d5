"""What the logs of the page benchmark hold: runs, calls, entries, messages, figures."""

from __future__ import annotations

from bench.page_filler import Filler, Literal
from bench.page_shares import (
    ACCOUNT,
    ACCOUNTS,
    LOG_DAYS,
    OPERATIONS,
    ORDER_DAYS,
    ORDER_ID,
    SITE,
    STORE,
    age,
)


def fill_logs(filler: Filler, orders: int, calls: int) -> None:
    """Fill the logs; they reach as far back as they are kept."""
    runs = max(1000, orders // 5)
    _runs(filler, runs)
    _calls(filler, orders, calls, runs)
    _told(filler, orders, runs)
    _figures(filler)


def _runs(filler: Filler, runs: int) -> None:
    from channels_amazon.models import SyncJob, SyncRun

    jobs = list(SyncJob.objects.order_by("pk").values_list("pk", flat=True))
    filler.fill(
        SyncRun,
        runs,
        job_id=f"{jobs[0]} + i % {len(jobs)}",
        account_id=ACCOUNT,
        kind="'order_fetch'",
        state=(
            "CASE WHEN i % 500 = 3 THEN 'failed' WHEN i % 5000 = 9 THEN 'blocked' "
            "ELSE 'done' END"
        ),
        started_at=filler.before(age(runs, LOG_DAYS)),
        finished_at=filler.before(f"{age(runs, LOG_DAYS)} - 2"),
        calls="3",
        code="CASE WHEN i % 500 = 3 THEN 'amazon.unavailable' ELSE '' END",
    )


def _calls(filler: Filler, orders: int, calls: int, runs: int) -> None:
    from channels_amazon.models import ApiCall

    names = " ".join(
        f"WHEN i % 100 < {limit} THEN '{name}'"
        for limit, name in zip((10, 85, 99, 100), OPERATIONS, strict=True)
    )
    filler.fill(
        ApiCall,
        calls,
        account_id=ACCOUNT,
        run_id=f"1 + i * {runs} / {calls + 1}",
        operation=f"CASE {names} END",
        marketplace_id=f"CASE WHEN i % 100 >= 85 THEN {SITE} ELSE '' END",
        method="'GET'",
        path="'/orders/2026-01-01/orders/900-0000000-0000000'",
        reference=f"CASE WHEN i % 2 = 0 THEN 'ref-' || (i % {orders}) ELSE '' END",
        status=(
            "CASE WHEN i % 200 = 7 THEN 429 WHEN i % 2000 = 11 THEN 403 "
            "WHEN i % 2000 = 13 THEN 503 WHEN i % 5000 = 17 THEN NULL ELSE 200 END"
        ),
        amazon_code="CASE WHEN i % 200 = 7 THEN 'QuotaExceeded' ELSE '' END",
        request_id="'request-' || i",
        latency_ms="150 + i % 90",
        bytes_received="4000",
        started_at=filler.before(age(calls, LOG_DAYS)),
    )


def _told(filler: Filler, orders: int, runs: int) -> None:
    """Fill what happened, for people, and what Amazon told."""
    from channels_amazon.models import AuditEntry, DiagnosticEntry, Notification

    entries = orders // 4
    filler.fill(
        DiagnosticEntry,
        entries,
        store_id=STORE,
        account_id=ACCOUNT,
        run_id=f"1 + i * {runs} / {entries + 1}",
        at=filler.before(age(entries, LOG_DAYS)),
        level=(
            "CASE WHEN i % 300 = 2 THEN 'error' WHEN i % 50 = 1 THEN 'warning' "
            "ELSE 'info' END"
        ),
        code=(
            "CASE WHEN i % 1000 = 4 THEN 'personal_data.revealed' "
            "WHEN i % 50 = 1 THEN 'orders.import.failed' ELSE 'orders.imported' END"
        ),
        message=Literal("An order of Amazon's was taken in."),
        reference=ORDER_ID,
        request_id="'request-' || i",
        actor="CASE WHEN i % 1000 = 4 THEN 'owner' ELSE '' END",
    )
    filler.fill(
        AuditEntry,
        orders // 50,
        # Making the users wrote some already.
        id="i + 1000",
        store_id=STORE,
        at=filler.before(age(orders // 50)),
        code="'access.exported'",
        message=Literal("The log calls was downloaded."),
        reference="'calls'",
        actor="'owner'",
    )
    filler.fill(
        Notification,
        entries,
        notification_id="'n-' || i",
        notification_type="'ORDER_CHANGE'",
        account_id=ACCOUNT,
        seller_id="'A1SELLER'",
        amazon_order_id=ORDER_ID,
        event_at=filler.before(age(entries, LOG_DAYS)),
        received_at=filler.before(age(entries, LOG_DAYS)),
        state=(
            "CASE WHEN i % 2000 = 5 THEN 'quarantined' WHEN i % 40 = 1 THEN 'stale' "
            "WHEN i % 90 = 1 THEN 'ignored' ELSE 'applied' END"
        ),
        code="CASE WHEN i % 2000 = 5 THEN 'notifications.unreadable' ELSE '' END",
    )


def _figures(filler: Filler) -> None:
    """Fill what the roll-up and the purge have written down."""
    from channels_amazon.models import LatencyHour, PurgeProof
    from channels_amazon.rules.orders.latency_steps import LatencyStep

    steps = list(LatencyStep)
    hours = len(ACCOUNTS) * LOG_DAYS * 24 * len(steps)
    told = " ".join(f"WHEN {at} THEN '{step}'" for at, step in enumerate(steps))
    hour = f"(1 + (i - 1) / {len(steps) * len(ACCOUNTS)}) * 3600"
    filler.now, kept = filler.now.replace(minute=0, second=0), filler.now
    filler.fill(
        LatencyHour,
        hours,
        account_id=f"1 + ((i - 1) / {len(steps)}) % {len(ACCOUNTS)}",
        hour=filler.before(hour),
        step=f"CASE (i - 1) % {len(steps)} {told} END",
        bins=Literal({"38": 4, "44": 60, "46": 30, "52": 5, "60": 1}),
    )
    filler.now = kept
    filler.fill(
        PurgeProof,
        ORDER_DAYS * 24,
        store_id="1 + i % 3",
        at=filler.before(age(ORDER_DAYS * 24)),
        orders="70",
        kept="60000",
        days_after_delivery="30",
        days_after_shipping="30",
    )
