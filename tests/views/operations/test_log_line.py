"""The first line of the logs says whether anything is wrong there."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from channels_amazon.services.diagnostics import trouble
from channels_amazon.spapi.operations import UNKNOWN_ORDER, UNKNOWN_SKU
from channels_amazon.views.operations import log_line
from tests import builders
from tests.views.scene import World, make_call, make_world, signed_in

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def world() -> World:
    """Give a store with a log entry, an error."""
    return make_world()


@pytest.fixture
def client(world: World) -> Client:
    """Give a client in which the store's owner is signed in."""
    return signed_in(world.owner)


def line(client: Client, **query: str) -> str:
    """Return the first line of a log."""
    response = client.get(reverse("amazon-log-list"), query)
    return str(response.context["line"].text)


def test_calls_that_failed_lately_are_counted(world: World, client: Client) -> None:
    now = timezone.now()
    for status in (429, 503, None):
        make_call(world.account, status=status, started_at=now - timedelta(hours=1))
    make_call(world.account, status=500, started_at=now - 2 * DAY)
    make_call(world.account)

    assert line(client, tab="calls") == "3 calls failed in the last 24 hours."


def test_no_failed_call_is_said(world: World, client: Client) -> None:
    make_call(world.account)

    response = client.get(reverse("amazon-log-list"), {"tab": "calls"})

    text = response.context["line"].text
    assert text == "No call failed in the last 24 hours."
    assert "Show what went wrong" not in response.content.decode()


def test_answer_that_a_probe_asks_for_is_no_failure(
    world: World, client: Client
) -> None:
    for reference, status in ((UNKNOWN_ORDER, 404), (UNKNOWN_SKU, 400)):
        make_call(world.account, reference=reference, status=status)
    denied = make_call(world.account, reference=UNKNOWN_ORDER, status=403)
    silent = make_call(world.account, reference=UNKNOWN_ORDER, status=None)

    page = client.get(reverse("amazon-log-list"), {"tab": "calls", "result": "failed"})

    assert page.context["line"].text == "2 calls failed in the last 24 hours."
    assert {row.pk for row in page.context["slice"].rows} == {denied.pk, silent.pk}


@pytest.mark.parametrize("reference", ["", "902-1", UNKNOWN_ORDER, UNKNOWN_SKU])
@pytest.mark.parametrize("status", [200, 204, 301, 400, 403, 404, 429, 500, None])
def test_row_of_a_call_looks_as_the_first_line_counts_it(
    world: World, client: Client, status: int | None, reference: str
) -> None:
    make_call(world.account, reference=reference, status=status)

    page = client.get(reverse("amazon-log-list"), {"tab": "calls"})

    is_counted = page.context["line"].text == "1 call failed in the last 24 hours."
    (shape,) = re.findall(
        r'data-label="Status"><span class="sl-state sl-state-(\w+)', page.text
    )
    assert is_counted == (shape != "ok")


@pytest.mark.parametrize(
    ("operation", "status", "failed"),
    [
        ("getSubscription", 404, False),
        ("deleteSubscriptionById", 404, False),
        ("deleteDestination", 404, False),
        ("createSubscription", 409, False),
        ("createDestination", 409, False),
        ("getFulfillmentOrder", 404, False),
        ("outbound.getOrder", 404, False),
        ("getPackageTrackingDetails", 400, False),
        ("getPackageTrackingDetails", 404, False),
        ("getSubscription", 403, True),
        ("getSubscription", None, True),
        ("createSubscription", 404, True),
        ("getFulfillmentOrder", 400, True),
        ("getOrder", 404, True),
        ("confirmShipment", 409, True),
    ],
)
def test_answer_that_is_expected_is_no_failure(
    world: World, client: Client, operation: str, status: int | None, failed: bool
) -> None:
    call = make_call(world.account, operation=operation, status=status)

    page = client.get(reverse("amazon-log-list"), {"tab": "calls"})
    listed = client.get(
        reverse("amazon-log-list"), {"tab": "calls", "result": "failed"}
    )

    number = "1 call failed" if failed else "No call failed"
    assert page.context["line"].text == f"{number} in the last 24 hours."
    assert [row.pk for row in listed.context["slice"].rows] == [call.pk] * failed
    assert ("an expected answer" in page.text) != failed


def test_errors_and_warnings_are_told_apart(world: World, client: Client) -> None:
    builders.make_entry(world.account, level="warning")
    builders.make_entry(world.account, level="warning")
    builders.make_entry(world.account, level="info")

    assert line(client) == "1 error and 2 warnings in the last 24 hours."


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ("failed", "1 run did not end well in the last 24 hours."),
        ("blocked", "1 run did not end well in the last 24 hours."),
        ("abandoned", "1 run did not end well in the last 24 hours."),
        ("waiting", "No run failed in the last 24 hours."),
        ("running", "No run failed in the last 24 hours."),
        ("done", "No run failed in the last 24 hours."),
    ],
)
def test_runs_are_told_by_how_they_ended(
    world: World, client: Client, state: str, text: str
) -> None:
    builders.make_run(world.account, state=state)

    assert line(client, tab="runs") == text


def test_line_speaks_of_what_is_filtered(world: World, client: Client) -> None:
    other = builders.make_account(world.store)
    make_call(other, status=500)
    make_call(world.account, status=500, operation="getOrder")

    assert line(client, tab="calls", operation="getFeed") == (
        "In what is filtered here: no call failed in the last 24 hours."
    )
    assert line(client, tab="calls", account=str(other.pk)) == (
        "In what is filtered here: 1 call failed in the last 24 hours."
    )


def test_line_of_what_succeeded_does_not_hide_what_failed(
    world: World, client: Client
) -> None:
    make_call(world.account, status=500)

    assert line(client, tab="calls", result="ok") == (
        "1 call failed in the last 24 hours."
    )


def test_line_takes_the_filter_s_time(world: World, client: Client) -> None:
    old = timezone.now() - 9 * DAY
    make_call(world.account, status=500, started_at=old)
    until = f"{old + timedelta(minutes=2):%Y-%m-%dT%H:%M}"

    assert line(client, tab="calls", until=until) == (
        "In what is filtered here: 1 call failed in the time of the filter."
    )


def test_line_counts_nothing_of_another_store(world: World) -> None:
    make_call(world.account, status=500)

    assert line(signed_in(world.stranger), tab="calls") == (
        "No call failed in the last 24 hours."
    )


def test_counting_ends_where_it_says_so(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trouble, "COUNT_CAP", 37)
    monkeypatch.setattr(log_line, "COUNT_CAP", 37)
    monkeypatch.setattr(log_line, "capped", lambda count: f"{count - 1}+")
    for _ in range(39):
        make_call(world.account, status=500)
        builders.make_entry(world.account, level="warning")
    for _ in range(3):
        builders.make_entry(world.account, level="error")

    with CaptureQueriesContext(connection) as captured:
        said = line(client, tab="calls")

    asked = [one["sql"] for one in captured if "LIMIT 37" in one["sql"]]
    assert len(asked) == 1
    assert said == "36+ calls failed in the last 24 hours."
    # Of the newest alone, a number of each would be untrue.
    assert line(client) == "36+ errors and warnings in the last 24 hours."


@pytest.mark.parametrize(
    ("levels", "said"),
    [
        (["error"], "1+ errors in the last 24 hours."),
        (["warning"], "1+ warnings in the last 24 hours."),
        # Of warnings that nobody counted nothing is said, of errors it is.
        (["warning", "error"], "1+ errors in the last 24 hours."),
        (["error", "warning"], "1+ errors and warnings in the last 24 hours."),
    ],
)
def test_no_kind_is_named_that_there_is_none_of(
    world: World,
    client: Client,
    levels: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(trouble, "COUNT_CAP", 2)
    monkeypatch.setattr(log_line, "COUNT_CAP", 2)
    monkeypatch.setattr(log_line, "capped", lambda count: f"{count - 1}+")
    world.entry.delete()
    for level in levels:
        for _ in range(2 // len(levels) + 1):
            builders.make_entry(world.account, level=level)

    assert line(client) == said


@pytest.mark.parametrize(
    ("tab", "shows"), [("events", "trouble"), ("calls", "failed"), ("runs", "trouble")]
)
def test_button_shows_what_the_line_counts(
    world: World, client: Client, tab: str, shows: str
) -> None:
    wrong = {
        "events": world.entry,
        "calls": make_call(world.account, status=500),
        "runs": builders.make_run(world.account, state="failed"),
    }
    make_call(world.account)
    builders.make_run(world.account, state="done")
    builders.make_entry(world.account, level="info")

    page = client.get(reverse("amazon-log-list"), {"tab": tab})
    found = client.get(f"{reverse('amazon-log-list')}?{page.context['shows']}")

    assert f"result={shows}" in page.context["shows"]
    assert [row.pk for row in found.context["slice"].rows] == [wrong[tab].pk]
