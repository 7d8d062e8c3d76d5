"""The page of the Last Sync Log, and its download."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from channels_amazon.models import AuditEntry, StoreMember
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.jobs import heartbeats
from tests import builders
from tests.views.scene import (
    SIDE_BAR,
    World,
    make_call,
    make_member_client,
    make_world,
    signed_in,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """Give a store with an account."""
    return make_world()


@pytest.fixture
def client(world: World) -> Client:
    """Give a client in which the store's owner is signed in."""
    return signed_in(world.owner)


def page_of(world: World, client: Client, **query: Any) -> Any:
    """Return the answer to the page's address."""
    return client.get(reverse("amazon-sync-log", args=[world.account.pk]), query)


def archive_of(world: World, client: Client, **query: Any) -> dict[str, str]:
    """Return the files of the download by name."""
    address = reverse("amazon-sync-log-download", args=[world.account.pk])
    response: Any = client.get(address, query)
    assert response.streaming
    assert response["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(response.getvalue())) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def test_page_tells_the_run_before_the_download(world: World, client: Client) -> None:
    heartbeats.beat(Process.QUEUE)
    run = builders.make_run(
        world.account, state="failed", code="x.y", finished_at=timezone.now()
    )
    make_call(world.account, run=run, status=503)
    number = world.order.amazon_order_id
    builders.make_entry(world.account, run=run, reference=number)

    text = page_of(world, client).content.decode()

    assert "failed, and is tried again by itself." in text
    assert "It made 1 call to Amazon. 1 failed." in text
    assert world.account.application.app_id in text
    assert f"{number}</a>" in text
    assert reverse("amazon-sync-log-download", args=[world.account.pk]) in text
    assert "what_was_taken_out.txt" in text


def test_page_goes_by_the_reader_s_clocks_and_the_file_by_utc(
    world: World, client: Client
) -> None:
    at = datetime(2026, 11, 30, 20, 0, tzinfo=UTC)
    builders.make_run(world.account, state="done", started_at=at, finished_at=at)
    client.cookies["shoplink_time_zone"] = "Asia/Shanghai"

    page = page_of(world, client).content.decode()
    readme = archive_of(world, client)["README.txt"]

    assert "It began at 2026-12-01 04:00:00" in page
    assert "It began at 2026-11-30 20:00:00 UTC" in readme


def test_page_without_a_run_leads_on(world: World, client: Client) -> None:
    response = page_of(world, client)

    text = response.content.decode()
    assert response.status_code == 200
    assert "Nothing has run yet for this account." in text
    assert "Download (zip)" not in text


def test_download_without_a_run_is_not_there(world: World, client: Client) -> None:
    address = reverse("amazon-sync-log-download", args=[world.account.pk])

    assert client.get(address).status_code == 404
    assert not AuditEntry.objects.filter(reference="sync-log").exists()


def test_running_run_is_told_as_it_is(world: World, client: Client) -> None:
    builders.make_run(world.account)

    assert "is still running." in page_of(world, client).content.decode()
    assert "is still running." in archive_of(world, client)["README.txt"]


def test_viewer_may_read_and_save_it_and_it_is_audited(world: World) -> None:
    builders.make_run(world.account, state="done")
    viewer = make_member_client(world.store, StoreMember.Role.VIEWER)

    assert page_of(world, viewer).status_code == 200
    assert "run.json" in archive_of(world, viewer)
    entry = AuditEntry.objects.get(reference="sync-log")
    assert entry.store_id == world.store.pk


@pytest.mark.parametrize("is_superuser", [False, True])
def test_settings_are_for_administrators_alone(
    world: World, client: Client, is_superuser: bool
) -> None:
    builders.make_run(world.account, state="done")
    if is_superuser:
        client = signed_in(builders.make_user(is_superuser=True))

    text = page_of(world, client).content.decode()
    files = archive_of(world, client)

    assert ("LWA_TOKEN_URL" in text) == is_superuser
    assert ("settings.json" in files) == is_superuser
    assert ("only an administrator&#x27;s file has settings.json" in text) != (
        is_superuser
    )
    assert ("LWA_TOKEN_URL" in "".join(files.values())) == is_superuser


def test_nothing_of_another_store_is_in_it(world: World, client: Client) -> None:
    other = make_world()
    theirs = builders.make_run(other.account)
    make_call(other.account, run=theirs, reference="THEIRS")
    ours = builders.make_run(world.account)
    make_call(world.account, run=ours, reference="OURS")

    whole = "\n".join(archive_of(world, client).values())

    assert "OURS" in whole
    for text in ("THEIRS", other.account.seller_id, other.account.name):
        assert text not in whole


def test_page_asks_the_same_for_any_number_of_rows(
    world: World, client: Client
) -> None:
    run = builders.make_run(world.account)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page_of(world, client)
        return len(captured)

    make_call(world.account, run=run, reference=world.order.amazon_order_id)
    builders.make_entry(world.account, run=run)
    # The session remembers the account from the first look on.
    queries()
    few = queries()
    for _ in range(20):
        make_call(world.account, run=run, status=500)
        builders.make_entry(world.account, run=run)

    assert queries() == few
    assert few <= 21 + SIDE_BAR


@pytest.mark.parametrize("name", ["amazon-status", "amazon-account-list"])
def test_page_is_led_to(world: World, client: Client, name: str) -> None:
    args = [world.account.pk] if name == "amazon-status" else []

    text = client.get(reverse(name, args=args)).content.decode()

    assert reverse("amazon-sync-log", args=[world.account.pk]) in text


def test_page_holds_no_secret_that_a_row_holds(
    world: World, client: Client, settings: Any
) -> None:
    settings.LWA_CLIENT_SECRET = "Zq7CANARYsecretOfAmazon"
    said = "client Zq7CANARYsecretOfAmazon of CANARY@mail.example, phone=CANARY0171"
    run = builders.make_run(world.account, state="failed", message=said, code="x.y")
    builders.make_entry(world.account, run=run, message=said, fix=said, reference=said)
    make_call(world.account, run=run, status=400, message=said, amazon_code=said[:60])

    text = page_of(world, client).content.decode()

    assert "CANARY" not in text, text[text.find("CANARY") - 200 :][:300]
    assert text.count("[redacted]") >= 6
    # What is seen is what is sent.
    assert "CANARY" not in "".join(archive_of(world, client).values())


def test_page_offers_the_runs_by_job_and_the_viewer_s_clocks(
    world: World, client: Client
) -> None:
    client.cookies["shoplink_time_zone"] = "Asia/Shanghai"
    at = datetime(2026, 11, 30, 20, 0, tzinfo=UTC)
    fields: dict[str, Any] = {"state": "done", "finished_at": at}
    sweep = builders.make_job(world.account, kind="order_sweep")
    last = builders.make_run(
        world.account, job=sweep, kind="order_sweep", started_at=at, **fields
    )
    fetch = builders.make_job(world.account, kind="order_fetch")
    single = builders.make_run(
        world.account,
        job=fetch,
        kind="order_fetch",
        started_at=at + timedelta(minutes=1),
        **fields,
    )

    whole = page_of(world, client).content.decode()
    chosen = page_of(world, client, run=single.pk).content.decode()

    assert f'<option value="{last.pk}" selected>' in whole
    assert '<optgroup label="Orders by event">' in whole
    assert "Orders by event · 2026-12-01 04:01:00 UTC+8 · Done" in whole
    assert "This is not the last sync." not in whole
    assert f'<option value="{single.pk}" selected>' in chosen
    assert "Orders by event of" in chosen
    assert "This run is newer than the last sync" in chosen
    assert "This is not the last sync." not in chosen
    download = reverse("amazon-sync-log-download", args=[world.account.pk])
    assert f"{download}?run={single.pk}" in chosen
    facts = json.loads(archive_of(world, client, run=single.pk)["run.json"])
    assert facts["run"]["id"] == single.pk


def test_old_run_stands_among_those_of_its_job(world: World, client: Client) -> None:
    runs = [
        builders.make_run(world.account, state="done", finished_at=timezone.now())
        for _ in range(9)
    ]

    text = page_of(world, client, run=runs[0].pk).content.decode()

    assert f'<option value="{runs[0].pk}" selected>' in text
    assert f'<option value="{runs[1].pk}"' not in text


@pytest.mark.parametrize("whose", ["another store", "another account", "nobody"])
@pytest.mark.parametrize("name", ["amazon-sync-log", "amazon-sync-log-download"])
def test_run_of_others_is_refused_by_a_page(
    world: World, client: Client, whose: str, name: str
) -> None:
    ours = builders.make_run(world.account, state="done")
    other = make_world() if whose == "another store" else world
    account = builders.make_account(other.store)
    theirs = builders.make_run(account, state="failed", message="THEIRS")
    make_call(account, run=theirs, reference="THEIRS")
    number = 4711_4711 if whose == "nobody" else theirs.pk

    response = client.get(reverse(name, args=[world.account.pk]), {"run": number})

    text = response.content.decode()
    assert response.status_code == 404
    assert "This account has no such run." in text
    assert "THEIRS" not in text
    assert f'<option value="{ours.pk}">' in text
    assert f'<option value="{theirs.pk}"' not in text
    assert not AuditEntry.objects.filter(reference="sync-log").exists()


@pytest.mark.parametrize("text", ["abc", "-1", "1e3", "٣", "9" * 19, "1 2"])
@pytest.mark.parametrize("name", ["amazon-sync-log", "amazon-sync-log-download"])
def test_run_that_is_no_number_is_said(
    world: World, client: Client, text: str, name: str
) -> None:
    run = builders.make_run(world.account, state="done")
    last = reverse("amazon-sync-log", args=[world.account.pk])

    response = client.get(reverse(name, args=[world.account.pk]), {"run": text})

    page = response.content.decode()
    assert response.status_code == 404
    assert "This account has no such run." in page
    assert f'href="{last}">The last sync</a>' in page
    assert f'<option value="{run.pk}">' in page
    assert not AuditEntry.objects.filter(reference="sync-log").exists()


@pytest.mark.parametrize("query", [{}, {"run": ""}, {"run": " "}])
def test_no_run_named_is_the_last_sync(
    world: World, client: Client, query: dict[str, str]
) -> None:
    run = builders.make_run(world.account, state="done")

    response = page_of(world, client, **query)

    assert response.status_code == 200
    assert f'<option value="{run.pk}" selected>' in response.content.decode()


def test_newer_run_is_not_called_an_older_one(world: World, client: Client) -> None:
    at = timezone.now() - timedelta(hours=1)
    runs = {
        minutes: builders.make_run(
            world.account,
            job=builders.make_job(world.account, kind=kind),
            kind=kind,
            state="done",
            started_at=at + timedelta(minutes=minutes),
            finished_at=at + timedelta(minutes=minutes, seconds=1),
        )
        for minutes, kind in ((1, "fba_stock"), (2, "order_sweep"), (3, "order_fetch"))
    }

    said = {
        minutes: page_of(world, client, run=run.pk).content.decode()
        for minutes, run in runs.items()
    }

    older, newer = "This is not the last sync.", "This run is newer than the last sync"
    assert {minutes: older in text for minutes, text in said.items()} == {
        1: True,
        2: False,
        3: False,
    }
    assert {minutes: newer in text for minutes, text in said.items()} == {
        1: False,
        2: False,
        3: True,
    }


def test_pages_of_a_run_lead_to_its_log(world: World, client: Client) -> None:
    run = builders.make_run(world.account, state="failed")
    call = make_call(world.account, run=run)
    entry = builders.make_entry(world.account, run=run)
    own = f"{reverse('amazon-sync-log', args=[world.account.pk])}?run={run.pk}"

    pages = [
        reverse("amazon-log-detail", args=["runs", run.pk]),
        reverse("amazon-log-detail", args=["calls", call.pk]),
        reverse("amazon-log-detail", args=["events", entry.pk]),
        reverse("amazon-status", args=[world.account.pk]),
    ]

    for address in pages:
        text = client.get(address).content.decode()
        assert f'href="{own}">Sync log of this run</a>' in text
