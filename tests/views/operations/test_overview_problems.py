"""What the overview names of an account and of our own processes, worst first."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels_amazon.models import Heartbeat, Permission, SyncJob
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.jobs import heartbeats, lifecycle
from channels_amazon.services.jobs.reading_issues import (
    Cause,
    ReadingFailure,
    note_issue,
)
from tests import builders
from tests.services.installation.unread import (
    get_orders,
    lack_orders,
    lose,
    read_to,
)
from tests.views.scene import World, make_world, signed_in

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


def test_overview_is_calm_when_all_is_well(world: World, client: Client) -> None:
    assert problems(client) == []


def test_overview_names_dead_worker(world: World, client: Client) -> None:
    Heartbeat.objects.all().delete()

    assert problems(client) == ["No worker runs: nothing is fetched or sent."]


def test_overview_names_lost_authorisation_first(world: World, client: Client) -> None:
    world.account.state = "needs_authorization"
    world.account.save()
    builders.make_listing(world.account, push_due=True, push_code="INVALID")

    first, second = problems(client)

    assert "no longer accepts our authorisation" in first
    assert "refused the quantity of 1 listing." in second


def test_overview_names_blocked_job_and_missing_permission(
    world: World, client: Client
) -> None:
    lifecycle.block(
        builders.make_job(world.account), "permission.missing", "Role missing."
    )
    Permission.objects.create(
        participation=world.account.participations.get(),
        name="orders",
        state="missing",
        checked_at=timezone.now(),
    )

    blocked, missing = problems(client)

    assert blocked.endswith("is stopped: Role missing.")
    assert "(US)" in missing


def test_jobs_that_one_thing_stopped_are_told_of_together(
    world: World, client: Client
) -> None:
    for kind in (SyncJob.Kind.ORDER_SWEEP, SyncJob.Kind.LISTINGS):
        job = builders.make_job(world.account, kind=kind)
        lifecycle.block(job, "permission.missing", "Role missing.")

    (stopped,) = problems(client)

    assert stopped.endswith(" are stopped: Role missing.")
    assert stopped.startswith("Listings, Order sweep of")


def test_overview_of_disconnected_account_needs_nothing(
    world: World, client: Client
) -> None:
    Heartbeat.objects.all().delete()
    world.account.state = "disconnected"
    world.account.save()

    assert problems(client) == []


def test_reader_that_gets_no_further_is_a_problem(world: World, client: Client) -> None:
    seen = ReadingFailure(
        cause=Cause.NO_PROGRESS, reason="It goes round.", operation="searchOrders"
    )
    note_issue(world.account, SyncJob.Kind.ORDER_SWEEP, "", seen)

    assert problems(client) == ["“Order sweep” gets no further: It goes round."]


def test_overview_names_account_behind_once_its_sweep_is_freed(
    world: World, client: Client
) -> None:
    read = timezone.now() - timedelta(hours=5)
    read_to(world.account, read)
    lack_orders(world.account)

    # While the sweep stands still, what stopped it is the one sentence.
    (stopped,) = problems(client)
    assert stopped.endswith("is stopped: Missing.")

    get_orders(world.account)
    (behind,) = problems(client)
    assert "not read while its sweep was stopped are read first" in behind
    assert f"up to {read:%Y-%m-%d %H:%M} UTC so far" in behind


def test_overview_says_of_a_lost_authorisation_only_that_it_is_lost(
    world: World, client: Client
) -> None:
    read_to(world.account, timezone.now() - timedelta(hours=5))
    lose(world.account)

    (lost,) = problems(client)

    assert "no longer accepts our authorisation" in lost
