"""The page after consent says what is under way: a first pull, or none."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from channels_amazon.models import AmazonAccount, SyncJob
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.jobs import heartbeats
from channels_amazon.wording import sentence
from tests import builders
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


def text_of(client: Client, name: str, account: AmazonAccount) -> str:
    """Return the text of a page of the account, with single spaces."""
    response = client.get(reverse(name, args=[account.pk]))
    return " ".join(strip_tags(response.content.decode()).split())


def test_first_pull_shows_its_own_counts_whatever_ran_since(
    world: World, client: Client
) -> None:
    newest = {"rows": 1, "calls": 77, "note": "DE", "open": True}
    first = {"rows": 4321, "calls": 12, "total": 4400}
    builders.make_job(
        world.account,
        kind=SyncJob.Kind.ORDER_SWEEP,
        first_done_at=timezone.now(),
        progress=newest | {"first": first},
    )
    builders.make_job(
        world.account,
        kind=SyncJob.Kind.LISTINGS,
        first_done_at=timezone.now(),
        progress=newest,
    )

    text = text_of(client, "amazon-account-progress", world.account)

    assert "4321 of 4400 rows · 12 calls" in text
    assert "77 calls" not in text
    assert text.count("Its rows and calls were not kept.") == 1


def test_first_pull_that_is_done_is_not_undone_by_a_job_that_stops(
    world: World, client: Client
) -> None:
    builders.make_job(world.account, first_done_at=timezone.now(), blocked_code="x")

    text = text_of(client, "amazon-account-progress", world.account)

    assert "is done, but 1 of its jobs is stopped now and needs you." in text
    assert "it is kept up to date from now on" not in text


def test_first_pull_of_a_revoked_account_says_once_what_is_wrong(
    world: World, client: Client
) -> None:
    said = sentence("Amazon refused the refresh token.")
    for kind in (SyncJob.Kind.LISTINGS, SyncJob.Kind.ORDER_SWEEP):
        builders.make_job(
            world.account,
            kind=kind,
            blocked_code="token.revoked",
            blocked_message=said,
        )
    AmazonAccount.objects.update(state="needs_authorization")

    text = text_of(client, "amazon-account-progress", world.account)

    assert "nothing more is read until the account is authorised again" in text
    assert "Authorise again" in text
    assert text.count(said) == 1


def test_progress_of_an_account_authorised_again_is_no_first_pull(
    world: World, client: Client
) -> None:
    before = world.account.authorized_at - timedelta(days=30)
    job = builders.make_job(world.account, first_done_at=before)
    address = reverse("amazon-account-progress", args=[world.account.pk])

    page = client.get(address)
    assert page.context["title"] == "Authorised again"
    text = " ".join(strip_tags(page.content.decode()).split())
    assert "is authorised again: its jobs go on where they stood" in text
    assert "The first pull of" not in text

    # What stops it now is said before.
    SyncJob.objects.filter(pk=job.pk).update(blocked_code="x")
    text = text_of(client, "amazon-account-progress", world.account)
    assert "1 step is stopped and needs you." in text
