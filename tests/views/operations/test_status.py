"""Accounts, connection status and first pull."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from channels_amazon.models import (
    AmazonAccount,
    Permission,
    QuotaBucket,
    SyncJob,
    SyncRun,
)
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.accounts.connection import disconnect_account
from channels_amazon.services.amazon_client import quota_status
from channels_amazon.services.jobs import heartbeats, lifecycle, registry
from channels_amazon.services.jobs import status as job_status
from channels_amazon.services.jobs.reading_issues import (
    Cause,
    ReadingFailure,
    note_issue,
)
from tests import builders
from tests.views.scene import World, make_call, make_world, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """Give a store with a connected account whose worker lives."""
    heartbeats.beat(Process.QUEUE)
    return make_world()


@pytest.fixture
def client(world: World) -> Client:
    """Give a client in which the store's owner is signed in."""
    return signed_in(world.owner)


def problems(client: Client) -> list[str]:
    """Return the sentences of the overview's problems."""
    response = client.get(reverse("amazon-overview"))
    return [problem.text for problem in response.context["problems"]]


def test_status_shows_what_left_a_permission_unproven(
    world: World, client: Client
) -> None:
    site = world.account.participations.get()
    probed = {"participation": site, "checked_at": timezone.now()}
    Permission.objects.create(
        name="orders", state="granted", operation="getOrder", status=404, **probed
    )
    Permission.objects.create(
        name="catalog-items",
        state="unknown",
        operation="searchCatalogItems",
        status=403,
        amazon_code="MissingAuthenticationToken",
        **probed,
    )

    response = client.get(reverse("amazon-status", args=[world.account.pk]))

    text = " ".join(strip_tags(response.content.decode()).split())
    assert "Not known searchCatalogItems 403 MissingAuthenticationToken" in text
    assert "Granted getOrder" not in text


def test_account_card_warns_before_authorisation_ends(
    world: World, client: Client
) -> None:
    world.account.authorized_at = timezone.now() - timedelta(days=350)
    world.account.save()

    response = client.get(reverse("amazon-account-list"))

    (card,) = response.context["cards"]
    assert card.is_ending
    assert card.says == "1 thing needs you."
    assert response.context["first_line"] == "1 thing needs you."


def text_of(client: Client, name: str, account: AmazonAccount) -> str:
    """Return the text of a page of the account, with single spaces."""
    response = client.get(reverse(name, args=[account.pk]))
    return " ".join(strip_tags(response.content.decode()).split())


def test_revoked_account_has_no_days_left(world: World, client: Client) -> None:
    world.account.state = "needs_authorization"
    world.account.save()

    cards = " ".join(
        strip_tags(client.get(reverse("amazon-account-list")).content.decode()).split()
    )
    status = text_of(client, "amazon-status", world.account)

    assert "Authorisation needed" in cards
    assert "Amazon has ended the authorisation" in cards
    assert "days of the authorisation left" not in cards
    assert "days left" not in status


def test_disconnected_account_has_no_faults_and_can_be_connected_again(
    world: World, client: Client
) -> None:
    account = world.account
    builders.make_job(account, blocked_code="token.revoked", blocked_message="Gone.")
    disconnect_account(account, actor="ann")

    status = text_of(client, "amazon-status", account)
    cards = client.get(reverse("amazon-account-list")).content.decode()

    assert "This account is disconnected" in status
    assert "Connect again" in status
    for word in ("Stopped, needs you", "Run health check", "none stored", "Gone."):
        assert word not in status
    assert "Connect again" in cards
    assert f"{reverse('amazon-connect')}?account={account.pk}" in cards


def test_status_index_follows_account_looked_at_last(
    world: World, client: Client
) -> None:
    other = builders.make_account(world.store, region="eu")
    client.get(reverse("amazon-status", args=[other.pk]))

    response = client.get(reverse("amazon-status-index"))

    assert response["Location"] == reverse("amazon-status", args=[other.pk])


def test_status_asks_fixed_number_of_queries(
    world: World,
    client: Client,
    django_assert_max_num_queries: Callable[[int], Any],
) -> None:
    lifecycle.ensure_jobs(world.account)
    for operation in ("getOrder", "searchOrders", "patchListingsItem"):
        QuotaBucket.objects.create(
            subject=world.account.quota_subject,
            operation=operation,
            tokens=1,
            stamp=timezone.now().timestamp(),
            rate=1,
            burst=10,
        )
        make_call(world.account)

    with django_assert_max_num_queries(58):
        response = client.get(reverse("amazon-status", args=[world.account.pk]))

    assert len(response.context["jobs"]) == len(registry.kinds())


def test_status_fragment_is_no_whole_page(world: World, client: Client) -> None:
    address = reverse("amazon-status", args=[world.account.pk])

    response = client.get(address, headers={"HX-Request": "true"})

    assert "<html" not in response.content.decode()


def last_run_of(world: World, client: Client) -> str:
    """Return the words about the last run of the account's one job."""
    response = client.get(reverse("amazon-status", args=[world.account.pk]))
    cells = re.findall(
        r'<td data-label="Last run">(.*?)</td>', response.content.decode(), re.DOTALL
    )
    assert len(cells) == 1
    return " ".join(strip_tags(cells[0]).split())


def test_job_that_idles_shows_when_it_ran_last_and_how_often(
    world: World, client: Client
) -> None:
    job = builders.make_job(
        world.account, idle_runs=12, last_ok_at=timezone.now() - timedelta(minutes=3)
    )
    job.runs.create(
        account=world.account,
        kind=job.kind,
        state=SyncRun.State.WAITING,
        started_at=timezone.now() - timedelta(hours=9),
        rows_seen=4,
    )

    said = last_run_of(world, client)

    assert said.startswith("Nothing new 3")
    assert "12 runs without anything new in a row" in said
    assert "Before that: Waiting for quota" in said
    assert "rows: 4, changed: 0, calls: 0" in said


def test_job_that_idles_is_no_blank_once_its_last_run_is_removed(
    world: World, client: Client
) -> None:
    builders.make_job(world.account, idle_runs=1, last_ok_at=timezone.now())

    said = last_run_of(world, client)

    assert said.startswith("Nothing new")
    assert said.endswith("1 run without anything new")


def test_job_that_worked_shows_its_run(world: World, client: Client) -> None:
    job = builders.make_job(world.account, last_ok_at=timezone.now())
    job.runs.create(
        account=world.account,
        kind=job.kind,
        state=SyncRun.State.DONE,
        started_at=timezone.now(),
        calls=2,
    )

    said = last_run_of(world, client)

    assert said.startswith("Done")
    assert said.endswith("rows: 0, changed: 0, calls: 2 Sync log of this run")


@pytest.mark.parametrize(
    ("is_subscribed", "claim"),
    [
        (True, "Half of the new orders arrive within 2 min"),
        (False, "New orders are found by the sweep only, some minutes late."),
    ],
)
@pytest.mark.parametrize(
    "trouble", [{"blocked_code": "x"}, {"attempts": job_status.FAILING_AFTER}]
)
def test_status_claims_no_speed_of_orders_while_a_job_stands_or_fails(
    world: World,
    client: Client,
    trouble: dict[str, Any],
    is_subscribed: bool,
    claim: str,
) -> None:
    heartbeats.beat(Process.CONSUMER)
    changed = timezone.now() - timedelta(hours=1)
    builders.make_order(
        world.account,
        changed_at=changed,
        event_seen_at=changed + timedelta(minutes=1),
        completed_at=changed + timedelta(minutes=2),
    )
    world.account.subscription_id = "sub-1" if is_subscribed else ""
    world.account.save()
    job = builders.make_job(world.account, kind=SyncJob.Kind.ORDER_SWEEP)
    assert claim in text_of(client, "amazon-status", world.account)

    SyncJob.objects.filter(pk=job.pk).update(**trouble)

    text = text_of(client, "amazon-status", world.account)
    assert claim not in text


def test_status_never_reads_tokens(world: World, client: Client) -> None:
    response = client.get(reverse("amazon-status", args=[world.account.pk]))

    assert "Atzr" not in response.content.decode()


def test_subscribe_without_queue_says_what_is_missing(
    world: World, client: Client, settings: Any
) -> None:
    settings.SQS_QUEUE_ARN = settings.SQS_QUEUE_URL = ""

    response = client.post(
        reverse("amazon-subscribe", args=[world.account.pk]), follow=True
    )

    assert [message.level_tag for message in response.context["messages"]] == [
        "warning"
    ]


def test_progress_shows_rows_calls_and_quota(world: World, client: Client) -> None:
    until = timezone.now() + timedelta(minutes=3)
    builders.make_job(
        world.account,
        progress={"rows": 100, "calls": 4, "total": 250},
        waiting_until=until,
    )

    response = client.get(reverse("amazon-account-progress", args=[world.account.pk]))

    text = response.content.decode()
    assert f"until {until:%H:%M:%S} UTC" in text
    assert "100 of 250 rows" in text


def test_progress_ends_when_every_step_is_done(world: World, client: Client) -> None:
    builders.make_job(world.account, first_done_at=timezone.now())

    response = client.get(reverse("amazon-account-progress", args=[world.account.pk]))

    assert response.context["is_finished"]


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"blocked_code": "x"}, "blocked"),
        ({"lease_until": timezone.now() + timedelta(days=900)}, "running"),
        ({"waiting_until": timezone.now() + timedelta(days=900)}, "waiting"),
        ({"attempts": 1}, "retrying"),
        ({"attempts": job_status.FAILING_AFTER - 1}, "retrying"),
        ({"attempts": job_status.FAILING_AFTER}, "failing"),
        ({"due_at": timezone.now() - timedelta(hours=1)}, "late"),
        ({"last_ok_at": timezone.now()}, "ok"),
        ({}, "new"),
    ],
)
def test_job_has_one_word(fields: dict[str, Any], state: str) -> None:
    job = SyncJob(**{"due_at": timezone.now() + timedelta(hours=1), **fields})

    assert job_status.job_state(job, timezone.now()) == state


def test_quota_is_settled_to_now(world: World) -> None:
    now = timezone.now()
    QuotaBucket.objects.create(
        subject=world.account.quota_subject,
        operation="searchOrders",
        tokens=0,
        stamp=now.timestamp() - 50,
        rate=0.01,
        burst=20,
        hold_until=now.timestamp() + 9,
    )

    (line,) = quota_status.quota_lines(world.account, now)

    assert line.tokens == pytest.approx(0.5, abs=0.01)
    assert line.next_token_at == pytest.approx(
        now + timedelta(seconds=50), abs=timedelta(seconds=1)
    )


@pytest.mark.parametrize("name", ["amazon-status", "amazon-account-progress"])
def test_what_amazon_refuses_is_shown_in_its_words(
    world: World, client: Client, name: str
) -> None:
    note_issue(
        world.account,
        SyncJob.Kind.FBA_STOCK,
        "ATVPDKIKX0DER",
        ReadingFailure(
            cause=Cause.REFUSED,
            reason="Invalid Input <b>",
            operation="getInventorySummaries",
            request_ids=["id-1"],
        ),
    )

    response = client.get(reverse(name, args=[world.account.pk]))

    text = " ".join(strip_tags(response.content.decode()).split())
    assert "Amazon refuses “FBA stock” in US, however little is asked for" in text
    assert "Invalid Input &lt;b&gt;" in response.content.decode()
    assert "id-1" in text
    # It needs nobody.
    assert problems(client) == []


def test_permission_of_a_lost_authorisation_is_not_called_granted(
    world: World, client: Client
) -> None:
    site = world.account.participations.get()
    probed = {"participation": site, "checked_at": timezone.now()}
    Permission.objects.create(
        name="orders", state="granted", operation="getOrder", status=404, **probed
    )
    assert "Granted" in text_of(client, "amazon-status", world.account)

    world.account.state = "needs_authorization"
    world.account.save()
    text = text_of(client, "amazon-status", world.account)

    assert "Granted" not in text
    assert "Was granted" in text
    assert "Amazon accepts nothing of this account now." in text
