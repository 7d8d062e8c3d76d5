"""The connection status tells of each job what happened, and each error once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from channels_amazon.models import AmazonAccount, SyncJob
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.jobs import heartbeats, lifecycle, registry
from channels_amazon.services.jobs import status as job_status
from channels_amazon.wording import sentence
from tests import builders
from tests.views.scene import World, make_world, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """Give a store with a connected account."""
    return make_world()


@pytest.fixture
def client(world: World) -> Client:
    """Give a client in which the store's owner is signed in."""
    return signed_in(world.owner)


def status_of(client: Client, world: World) -> str:
    """Return the text of the account's status page, with single spaces."""
    page = client.get(reverse("amazon-status", args=[world.account.pk]))
    return " ".join(strip_tags(page.text).split())


def test_health_check_that_found_something_is_not_nothing(
    world: World, client: Client
) -> None:
    builders.make_job(
        world.account,
        kind=SyncJob.Kind.HEALTH,
        idle_runs=3,
        last_ok_at=timezone.now(),
    )
    world.account.health_reports.create(state="done", status="error")

    said = status_of(client, world)

    assert "Nothing to do" not in said
    assert "3 runs without anything new in a row Last health check: ■Error" in said


def test_one_error_that_stops_many_jobs_is_said_once(
    world: World, client: Client
) -> None:
    lifecycle.ensure_jobs(world.account)
    kinds = registry.kinds()
    said = sentence("Amazon refused the refresh token.")
    stopped = {"blocked_code": "token.revoked", "blocked_message": said}
    world.account.jobs.exclude(kind=kinds[0]).update(**stopped)
    AmazonAccount.objects.update(state="needs_authorization")

    text = status_of(client, world)

    assert text.count(said) == 1
    assert f"{len(kinds) - 1} jobs" in text
    for kind in kinds:
        assert str(registry.title_of(kind)) in text


@pytest.mark.parametrize(
    ("beats", "state", "says"),
    [
        (True, "connected", "In time"),
        (False, "connected", "Waits for a worker"),
        (True, "needs_authorization", "Waits for the authorisation"),
    ],
)
def test_job_is_in_time_only_while_jobs_run(
    world: World, client: Client, beats: bool, state: str, says: str
) -> None:
    if beats:
        heartbeats.beat(Process.QUEUE)
    AmazonAccount.objects.update(state=state)
    builders.make_job(
        world.account,
        last_ok_at=timezone.now(),
        due_at=timezone.now() + timedelta(minutes=5),
    )

    page = client.get(reverse("amazon-status", args=[world.account.pk])).text

    table = page.split('id="jobs"', 1)[1].split("</table>", 1)[0]
    assert says in table
    assert ("In time" in table) == (says == "In time")
    next_run = table.split('data-label="Next run">', 1)[1].split("</td>", 1)[0]
    assert ("<time" in next_run) == (says == "In time")


def test_jobs_with_errors_of_their_own_stay_apart() -> None:
    errors = ["", "", "a", "b", "a"]
    jobs = [
        SyncJob(pk=number, blocked_code=code, due_at=timezone.now())
        for number, code in enumerate(errors)
    ]
    lines = [job_status.JobLine(job, job_status.JobState.OK, 0, None) for job in jobs]

    groups = job_status.job_groups(lines)

    assert [[line.job.pk for line in one.lines] for one in groups] == [
        [0],
        [1],
        [2, 4],
        [3],
    ]
