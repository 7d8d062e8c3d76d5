"""The diagnostic logs: filters, detail, export."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from channels_amazon.forms.log_filters import LOG_FILTERS
from channels_amazon.models import AuditEntry
from channels_amazon.services.diagnostics import export
from channels_amazon.views import local_time
from channels_amazon.views.operations import logs
from tests import builders
from tests.views.scene import SIDE_BAR, World, make_call, make_world, signed_in

pytestmark = pytest.mark.django_db
LIST = "amazon-log-list"


@pytest.fixture
def world() -> World:
    """Give a store with a log entry."""
    return make_world()


@pytest.fixture
def client(world: World) -> Client:
    """Give a client in which the store's owner is signed in."""
    return signed_in(world.owner)


def shown(client: Client, **query: Any) -> list[int]:
    """Return the ids that the list shows for a query."""
    response = client.get(reverse(LIST), query)
    return [row.pk for row in response.context["slice"].rows]


def exported(client: Client, **query: Any) -> list[dict[str, str]]:
    """Return the rows of the file that the query exports."""
    response: Any = client.get(reverse("amazon-log-export"), query)
    text = response.getvalue().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize(
    ("result", "status"),
    [
        ("ok", 204),
        ("failed", 503),
        ("failed", None),
        ("429", 429),
        ("4xx", 403),
        ("5xx", 503),
        ("none", None),
    ],
)
def test_calls_are_filtered_by_answer(
    world: World, client: Client, result: str, status: int | None
) -> None:
    wanted = make_call(world.account, status=status)
    make_call(world.account, status=100)

    assert shown(client, tab="calls", result=result) == [wanted.pk]


def test_calls_of_no_answer_that_is_known_are_none(
    world: World, client: Client
) -> None:
    calls = [make_call(world.account, status=status).pk for status in (200, 429, None)]

    assert sorted(shown(client, tab="calls", result="")) == sorted(calls)
    assert shown(client, tab="calls", result="6xx") == []


def test_calls_are_found_by_reference_request_id_and_operation(
    world: World, client: Client
) -> None:
    wanted = make_call(world.account, operation="patchListingsItem", reference="S/1")
    make_call(world.account)

    for query in (
        {"q": "S/1"},
        {"q": wanted.request_id},
        {"operation": "patchListingsItem"},
    ):
        assert shown(client, tab="calls", **query) == [wanted.pk]


def test_events_are_filtered_by_level_and_time(world: World, client: Client) -> None:
    old = timezone.now() - timedelta(days=9)
    wanted = builders.make_entry(world.account, level="info", at=old)
    until = f"{old + timedelta(minutes=1):%Y-%m-%dT%H:%M}"

    assert shown(client, until=until) == [wanted.pk]
    assert shown(client, result="info") == [wanted.pk]


def test_nonsense_in_filter_is_told_and_shows_nothing(
    world: World, client: Client
) -> None:
    response = client.get(reverse(LIST), {"since": "noon"})

    assert response.context["form"].errors["since"]
    assert response.context["slice"].rows == []


def test_detail_of_run_shows_its_calls_and_events(world: World, client: Client) -> None:
    run = builders.make_run(world.account, state="failed", detail="Traceback …")
    call = make_call(world.account, run=run)
    entry = builders.make_entry(world.account, run=run)

    response = client.get(reverse("amazon-log-detail", args=["runs", run.pk]))

    assert list(response.context["calls"]) == [call]
    assert list(response.context["events"]) == [entry]


@pytest.mark.parametrize("kind", ["calls", "events", "nothing"])
def test_detail_of_each_kind_answers(world: World, client: Client, kind: str) -> None:
    rows = {"calls": make_call(world.account), "events": world.entry}
    pk = rows[kind].pk if kind in rows else 1

    response = client.get(reverse("amazon-log-detail", args=[kind, pk]))

    assert response.status_code == (200 if kind in rows else 404)


@pytest.mark.parametrize("kind", ["events", "calls", "runs"])
def test_list_asks_same_number_of_queries(
    world: World,
    client: Client,
    kind: str,
    django_assert_max_num_queries: Callable[[int], Any],
) -> None:
    run = builders.make_run(world.account)
    for _ in range(20):
        make_call(world.account, run=run)
        builders.make_entry(world.account, run=run)

    with django_assert_max_num_queries(12 + SIDE_BAR):
        assert client.get(reverse(LIST), {"tab": kind}).status_code == 200


@pytest.mark.parametrize("kind", sorted(LOG_FILTERS))
@pytest.mark.parametrize("form", ["jsonl", "xlsx"])
def test_every_form_holds_exactly_what_filter_shows(
    world: World, client: Client, kind: str, form: str
) -> None:
    for status in (200, 429):
        make_call(world.account, status=status)
    builders.make_run(world.account)
    query = {"tab": kind, "result": "429" if kind == "calls" else ""}

    response: Any = client.get(
        reverse("amazon-log-export"), query | {"format": form, "after": "1~x"}
    )
    whole = response.getvalue()

    if form == "jsonl":
        ids = [json.loads(line)["id"] for line in whole.splitlines()]
    else:
        sheet = load_workbook(io.BytesIO(whole)).worksheets[0]
        ids = [row[0] for row in list(sheet.values)[1:]]
    assert ids == shown(client, **query)
    assert ids
    assert response["Content-Disposition"].endswith(f'.{form}"')


@pytest.mark.parametrize("form", ["", "exe", "CSV"])
def test_form_that_is_none_is_csv(client: Client, form: str) -> None:
    response: Any = client.get(reverse("amazon-log-export"), {"format": form})

    assert response["Content-Type"] == "text/csv; charset=utf-8"


def test_links_save_what_is_filtered(world: World, client: Client) -> None:
    query = {"tab": "calls", "result": "failed", "after": "7~"}
    page = client.get(reverse(LIST), query)

    addresses = [address for _label, address in page.context["formats"]]
    assert len(addresses) == 3
    for address in addresses:
        assert "result=failed" in address
        assert "tab=calls" in address
        assert "after" not in address


def test_failed_call_shows_request_and_answer(world: World, client: Client) -> None:
    number = world.order.amazon_order_id
    call = make_call(
        world.account,
        status=400,
        exchange={
            "query": {"marketplaceIds": "ATVPDKIKX0DER"},
            "sent": {"orderId": number},
            "answered": {"errors": [{"message": "<b>No</b>"}]},
        },
    )

    page = client.get(reverse("amazon-log-detail", args=["calls", call.pk]))

    text = page.content.decode()
    assert "ATVPDKIKX0DER" in text
    assert f"{number}</a>" in text
    assert "&lt;b&gt;No&lt;/b&gt;" in text


def test_empty_object_is_no_empty_body(world: World, client: Client) -> None:
    exchange: dict[str, Any] = {"sent": [], "answered": {}}
    call = make_call(world.account, status=400, exchange=exchange)
    address = reverse("amazon-log-detail", args=["calls", call.pk])
    text = client.get(address).content.decode()

    assert ">[]</pre>" in text
    assert ">{}</pre>" in text
    assert "Its body was empty." not in text


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (200, "Of a call that succeeded, request and answer are not stored."),
        (503, "Of this call, request and answer are not stored."),
    ],
)
def test_call_of_which_nothing_is_kept_says_so(
    world: World, client: Client, status: int, said: str
) -> None:
    call = make_call(world.account, status=status)

    page = client.get(reverse("amazon-log-detail", args=["calls", call.pk]))

    assert said in page.content.decode()


@pytest.mark.parametrize("kind", sorted(LOG_FILTERS))
def test_export_holds_exactly_what_filter_shows(
    world: World, client: Client, kind: str
) -> None:
    run = builders.make_run(world.account)
    for status in (200, 429):
        make_call(world.account, status=status, run=run)
    builders.make_entry(world.account, level="info")
    query = {"tab": kind, "result": {"events": "info", "calls": "429"}.get(kind, "")}

    rows = exported(client, **query)

    assert [int(row["id"]) for row in rows] == shown(client, **query)


def test_export_escapes_formulas(world: World, client: Client) -> None:
    builders.make_entry(world.account, message='=HYPERLINK("http://evil")', code="z")

    (row,) = exported(client, q="z")

    assert row["message"].startswith("'=")


def test_export_streams(world: World, client: Client) -> None:
    response: Any = client.get(reverse("amazon-log-export"))

    assert response.streaming
    assert response["Content-Disposition"].startswith("attachment; filename=")


def test_download_is_in_the_audit_of_the_reader_s_store(
    world: World, client: Client
) -> None:
    make_call(world.account)
    host = builders.make_user(is_superuser=True)
    exported(client, tab="calls")
    exported(signed_in(host), tab="runs")

    assert downloads() == [
        (world.store.pk, "calls", world.owner.get_username()),
        (None, "runs", host.get_username()),
    ]


@pytest.mark.parametrize("is_superuser", [True, False])
def test_download_of_one_account_is_in_the_audit_of_its_store_alone(
    world: World, is_superuser: bool
) -> None:
    other = builders.make_account()
    make_call(other)
    make_call(world.account)
    reader = builders.make_user(is_superuser=is_superuser)
    for store in (world.store, other.store):
        builders.make_member(store=store, user=reader)

    exported(signed_in(reader), tab="calls", account=str(other.pk))

    assert downloads() == [(other.store.pk, "calls", reader.get_username())]


def test_download_is_in_the_audit_of_no_store_that_the_filter_leaves_out(
    world: World, client: Client
) -> None:
    other = builders.make_account()
    builders.make_member(store=other.store, user=world.owner)
    make_call(other, reference="S/1")
    make_call(world.account)

    exported(client, tab="calls", q="S/1")

    assert downloads() == [(other.store.pk, "calls", world.owner.get_username())]


def downloads() -> list[tuple[int | None, str, str]]:
    """Return store, log and reader of each download, as the audit log tells them."""
    told = AuditEntry.objects.filter(code="access.exported").order_by("pk")
    return list(told.values_list("store_id", "reference", "actor"))


def test_list_and_file_are_by_time_and_go_on_after_the_last_row(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "ROWS", 2)
    monkeypatch.setattr(export, "CHUNK", 2)
    now = timezone.now()
    ages = (5, 1, 3, 3, 3, 2, 4)
    calls = [
        make_call(world.account, started_at=now - timedelta(minutes=age))
        for age in ages
    ]
    by_time = sorted(calls, key=lambda call: (call.started_at, call.pk), reverse=True)
    wanted = [call.pk for call in by_time]

    listed: list[int] = []
    after = ""
    for _page in range(4):
        response = client.get(reverse(LIST), {"tab": "calls", "after": after})
        listed += [row.pk for row in response.context["slice"].rows]
        after = response.context["slice"].next

    assert listed == wanted
    assert not after
    assert [int(row["id"]) for row in exported(client, tab="calls")] == wanted


def test_file_asks_for_its_first_rows_alone(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "CHUNK", 5)
    for _ in range(20):
        make_call(world.account)
    response: Any = client.get(reverse("amazon-log-export"), {"tab": "calls"})

    with CaptureQueriesContext(connection) as captured:
        lines = [next(response.streaming_content) for _ in range(3)]
    response.close()

    assert len(lines) == 3
    assert len(captured) == 1
    assert "LIMIT 5" in captured[0]["sql"]


@pytest.mark.parametrize("name", ["Asia/Shanghai", "America/Los_Angeles"])
def test_span_of_time_is_the_readers(world: World, client: Client, name: str) -> None:
    client.cookies[local_time.COOKIE] = name
    zone = ZoneInfo(name)
    moments = [datetime(2026, 11, 30, hour, 20, 30, tzinfo=UTC) for hour in (4, 5, 6)]
    calls = [make_call(world.account, started_at=at) for at in moments]
    span = [moments[1] + timedelta(minutes=by) for by in (-5, 5)]
    since, until = (f"{at.astimezone(zone):%Y-%m-%dT%H:%M}" for at in span)
    query = {"tab": "calls", "since": since, "until": until}

    page = client.get(reverse(LIST), query).content.decode()

    assert shown(client, **query) == [calls[1].pk]
    assert [row["id"] for row in exported(client, **query)] == [str(calls[1].pk)]
    assert f"Time in {name.replace('_', ' ')}" in page
    assert f"{moments[1].astimezone(zone):%Y-%m-%d %H:%M:%S} UTC" in page
    # Who is sent the address elsewhere sees the same rows.
    client.cookies[local_time.COOKIE] = "Europe/Berlin"
    sent = query | {"since_zone": name, "until_zone": name}
    assert shown(client, **sent) == [calls[1].pk]


def test_export_is_in_utc_wherever_the_reader_is(world: World, client: Client) -> None:
    client.cookies[local_time.COOKIE] = "Asia/Shanghai"
    make_call(world.account, started_at=datetime(2026, 11, 30, 5, 20, 30, tzinfo=UTC))

    (row,) = exported(client, tab="calls")

    assert row["started_at"] == "2026-11-30T05:20:30.000+00:00"
