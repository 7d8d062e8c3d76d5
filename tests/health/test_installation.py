"""A second reader of the queue is noticed by what it took; a host by its file."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.health import automatic
from channels_amazon.models import (
    AmazonAccount,
    HealthReport,
    Installation,
    Order,
    SyncJob,
)
from channels_amazon.rules.events.arrival import EVENT_COMES_WITHIN, lost_event_limits
from channels_amazon.services.installation import facts, guard, presence
from channels_amazon.services.installation.backup import make_backup
from channels_amazon.sync.runtime import runner
from channels_amazon.worker.consumer import Consumer, open_queue
from tests.health.faults import codes, make_healthy, report_of
from tests.processes import Processes
from tests.services.installation.scene import other_database
from tests.worker.scene import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

TAKEN = 6
LATER = {"marketplace_id": "ATVPDKIKX0DER", "fulfilled_by": "MERCHANT"}


def is_read() -> bool:
    queue = open_queue()
    found = queue.depth()
    queue.close()
    return found.waiting + found.in_flight == 0


def readers(account: AmazonAccount) -> list[dict[str, Any]]:
    """Return what the health check says of another reader."""
    return [
        one
        for one in report_of(account)["findings"]
        if one["code"] == "installation.copy"
    ]


def let_time_pass(account: AmazonAccount, taken: list[str]) -> None:
    """Let these orders have changed half an hour ago, after the subscription."""
    now = timezone.now()
    day = now - timedelta(days=1)
    AmazonAccount.objects.update(subscribed_at=day, authorized_at=day)
    Installation.objects.update(decided_at=day)
    old = Order.objects.exclude(amazon_order_id__in=taken)
    old.filter(event_seen_at__isnull=True).update(changed_at=day)
    orders = Order.objects.filter(amazon_order_id__in=taken)
    orders.update(changed_at=now - timedelta(minutes=30))
    account.refresh_from_db()


@pytest.mark.parametrize("has_copy", [True, False])
def test_copy_that_reads_the_queue_is_noticed_by_the_original(
    emulator: Emulator, processes: Processes, tmp_path: Path, has_copy: bool
) -> None:
    account = make_healthy(emulator)
    presence.arrive()
    guard.forget()
    make_backup(tmp_path / "backup")
    if has_copy:
        with other_database(tmp_path) as address:
            processes.environment["DATABASE_URL"] = address
            processes.output(
                processes.command("restore", str(tmp_path / "backup"), "--confirm")
            )
            # Short polls: a long one that ended would be handed the next message.
            reader = processes.command("consume_notifications", "--wait", "0")
            taken = emulator.place_orders(TAKEN, **LATER)
            wait_for(is_read, 60)
            reader.terminate()
            reader.communicate(timeout=60)
    else:
        taken = emulator.place_orders(TAKEN, **LATER)
    emulator.place_orders(1, **LATER)
    Consumer(wait=1, until_empty=True).run()
    emulator.advance(180)
    runner.run_kind(account, SyncJob.Kind.ORDER_SWEEP)
    let_time_pass(account, taken)

    found = readers(account)

    assert [one["level"] for one in found] == (["warning"] if has_copy else [])
    if has_copy:
        assert found[0]["evidence"]["orders"] == TAKEN
        assert "another reader seems" in found[0]["cause"]


def test_what_the_former_database_was_told_is_no_lost_event() -> None:
    now = timezone.now()
    limits = lost_event_limits(now, working_since=now, last_event_at=now)
    assert limits is not None
    assert limits.changed_from > limits.changed_until
    assert lost_event_limits(now, working_since=now, last_event_at=None) is None
    since = now - timedelta(hours=1)
    limits = lost_event_limits(now, working_since=since, last_event_at=now)
    assert limits is not None
    assert limits.changed_from == since + EVENT_COMES_WITHIN


@pytest.fixture
def placeless(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> AmazonAccount:
    """Give an account that was found well, on a host whose file could be written."""
    account = make_healthy(emulator)
    presence.arrive()
    guard.forget()
    assert guard.may_work()
    assert hourly(account) == set()
    (tmp_path / "a file").touch()
    monkeypatch.setattr(facts, "place_path", lambda _id: tmp_path / "a file" / "x.json")
    return account


def hourly(account: AmazonAccount) -> set[str]:
    """Run the hourly check; return the codes of the newest report."""
    row = AmazonAccount.objects.get(pk=account.pk)
    automatic.run_light(row, timezone.now(), automatic.Trouble())
    newest = HealthReport.objects.filter(account=account).latest("pk")
    return set(newest.findings.exclude(level="ok").values_list("code", flat=True))


@pytest.mark.parametrize("is_daily", [False, True])
def test_hourly_run_finds_a_place_that_cannot_be_written(
    placeless: AmazonAccount, monkeypatch: pytest.MonkeyPatch, is_daily: bool
) -> None:
    monkeypatch.setattr(automatic, "is_daily", lambda account, now: is_daily)

    assert "installation.no_place" in hourly(placeless)


def test_place_that_stays_unwritable_is_no_news_each_hour(
    placeless: AmazonAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(automatic, "is_daily", lambda account, now: False)
    assert "installation.no_place" in codes(report_of(placeless))
    kept = HealthReport.objects.count()

    found = [hourly(placeless) for _ in range(3)]

    assert HealthReport.objects.count() == kept
    assert all("installation.no_place" in one for one in found)
