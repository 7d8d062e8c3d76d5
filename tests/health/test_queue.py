"""The task queue and Amazon's notifications: who does not run, what piles up."""

from __future__ import annotations

import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from django_q.models import Schedule
from pytest_django import Settings

from channels_amazon.emulator.server import Emulator
from channels_amazon.health import registry
from channels_amazon.models import AmazonAccount, Heartbeat, Order, SyncJob
from channels_amazon.rules.health.liveness import ConsumerState, Process
from channels_amazon.services.amazon_client.factory import application_client
from channels_amazon.services.jobs import heartbeats
from channels_amazon.services.jobs.status import FAILING_AFTER
from channels_amazon.services.notifications.inbox import accept
from channels_amazon.spapi.apis import notifications
from channels_amazon.sync.orders.missed_intervals import are_events_read
from channels_amazon.sync.runtime import runner
from tests.builders import make_job, make_order
from tests.health.faults import codes, first_code, make_healthy, report_of, seconds_ago
from tests.health.stand_in import free_port
from tests.messages import message, order_change

pytestmark = pytest.mark.django_db

Kind = Process


def test_missing_worker_leads_what_it_causes(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    Heartbeat.objects.exclude(kind=Kind.CONSUMER).delete()
    Schedule.objects.all().delete()
    make_job(account, due_at=seconds_ago(300))
    report = report_of(account)
    assert codes(report)[0] == "queue.no_worker"
    assert set(codes(report)[1:]) == {"queue.backlog", "queue.schedule_missing"}
    assert {f["consequence_of"] for f in report["findings"][1:]} == {"queue.no_worker"}


def test_queue_without_life_below_its_supervisor_is_stuck(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    Heartbeat.objects.filter(kind=Kind.QUEUE).update(beat_at=seconds_ago(60))
    assert first_code(account) == "queue.worker_stuck"


def test_lease_that_ran_out_is_found(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    make_job(
        account,
        due_at=seconds_ago(0),
        lease_holder="gone:1:x",
        lease_until=seconds_ago(90),
    )
    assert first_code(account) == "queue.worker_stuck"


def test_jobs_long_due_are_a_backlog(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    make_job(account, due_at=seconds_ago(1000))
    report = report_of(account)
    assert (codes(report), report["status"]) == (["queue.backlog"], "error")


@pytest.mark.parametrize("damage", ["missing", "disabled", "doubled"])
def test_damaged_schedule_is_found(emulator: Emulator, damage: str) -> None:
    account = make_healthy(emulator)
    row = Schedule.objects.filter(name="shoplink: drain")
    if damage == "missing":
        row.delete()
    elif damage == "disabled":
        row.update(repeats=0)
    else:
        Schedule.objects.create(name="shoplink: drain", func="x", schedule_type="I")
    assert first_code(account) == "queue.schedule_missing"


def test_broker_that_is_down_leads(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    account = make_healthy(emulator)
    address = f"redis://:pass-word@127.0.0.1:{free_port()}/0"
    settings.REDIS_URL = address
    monkeypatch.setattr("django_q.conf.Conf.ORM", None)
    monkeypatch.setattr("django_q.conf.Conf.REDIS", address)
    report = report_of(account)
    assert codes(report)[0] == "queue.broker_unreachable"
    assert "pass-word" not in str(report)


def test_failing_job_shows_its_own_error(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    emulator.control("faults", match="searchListingsItems", kind="not_json")
    for _ in range(FAILING_AFTER):
        runner.run_kind(account, SyncJob.Kind.LISTINGS)
    (finding,) = report_of(account)["findings"]
    assert finding["code"] == "job.failing"
    assert finding["evidence"]["error"] == "amazon.unexpected_response"


def test_job_without_its_role_follows_from_that(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    emulator.control("roles", remove=["Amazon Fulfillment", "Product Listing"])
    runner.run_kind(account, SyncJob.Kind.FBA_STOCK)
    found = report_of(account)["findings"]
    (job,) = [f for f in found if f["code"] == "job.failing"]
    assert job["consequence_of"] == "permission.fulfillment_inventory_missing"


def test_queue_that_is_not_configured_is_found(
    emulator: Emulator, settings: Settings
) -> None:
    account = make_healthy(emulator)
    settings.SQS_QUEUE_URL = settings.SQS_QUEUE_ARN = ""
    assert codes(report_of(account)) == ["notifications.not_configured"]


def test_silent_reader_is_found_though_the_token_is_lost(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    Heartbeat.objects.filter(kind=Kind.CONSUMER).delete()
    emulator.control("revoke", region="na")
    assert "notifications.consumer_down" in codes(report_of(account))


def test_silent_reader_is_found(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    Heartbeat.objects.filter(kind=Kind.CONSUMER).delete()
    assert first_code(account) == "notifications.consumer_down"


def test_subscription_that_went_at_amazon_is_found(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    account.refresh_from_db()
    client = application_client(account.application, "na")
    notifications.delete_subscription_by_id(client, account.subscription_id)
    assert first_code(account) == "notifications.subscription_missing"


def test_queue_that_is_not_there_is_found(
    emulator: Emulator, settings: Settings
) -> None:
    account = make_healthy(emulator)
    settings.SQS_QUEUE_URL = f"{django_settings.SQS_QUEUE_URL}-of-nobody"
    assert first_code(account) == "notifications.credentials"


@pytest.mark.parametrize(("orders", "level"), [(1, "warning"), (3, "error")])
def test_orders_without_events_mean_silence(
    emulator: Emulator, orders: int, level: str
) -> None:
    account = make_healthy(emulator)
    heartbeats.beat(Kind.CONSUMER, state=ConsumerState.LISTENING)
    AmazonAccount.objects.update(
        subscribed_at=seconds_ago(7200), authorized_at=seconds_ago(7200)
    )
    for _ in range(orders):
        make_order(account, changed_at=seconds_ago(1800), status=Order.Status.SHIPPED)

    (finding,) = report_of(account)["findings"]

    assert (finding["code"], finding["level"]) == ("notifications.silent", level)
    # It says why the sweep runs more often, by the rule that has it do so.
    account.refresh_from_db()
    assert not are_events_read(account, timezone.now())


def test_event_ends_the_silence(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    AmazonAccount.objects.update(
        subscribed_at=seconds_ago(7200), authorized_at=seconds_ago(7200)
    )
    order = make_order(
        account,
        changed_at=seconds_ago(1800),
        last_updated_at=seconds_ago(1800),
        status=Order.Status.SHIPPED,
    )
    event = order_change(
        order_id=order.amazon_order_id, seller_id=account.seller_id, status="Shipped"
    )
    accept([message(event)])

    assert codes(report_of(account)) == []


def test_check_that_crashes_becomes_a_finding(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = make_healthy(emulator)
    Schedule.objects.all().delete()
    name = "channels_amazon.health.checks.backlog.due_jobs"
    monkeypatch.setattr(name, lambda now: 1 / 0)
    report = report_of(account)
    assert codes(report) == ["unknown", "queue.schedule_missing"]
    assert report["findings"][0]["evidence"]["error"].startswith("ZeroDivisionError")
    (crashed,) = [one for one in report["checks"] if one["check"] == "backlog"]
    assert (crashed["state"], crashed["reason"]) == ("skipped", "unknown")


def test_registry_refuses_an_id_twice() -> None:
    known = registry.all_checks()[0]
    again = registry.check(known.id, group=known.group, order=1, title=known.title)
    with pytest.raises(ValueError, match="registered twice"):
        again(known.run)
