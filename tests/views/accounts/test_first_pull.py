"""The page after consent says what is under way: a first pull, or none."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from channels_amazon.models import AmazonAccount, SyncJob
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.jobs import heartbeats
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
