"""The page of what a listing published, when and why."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels_amazon.models import Listing, NumberChange, SyncRule
from channels_amazon.rules.scope import Scope
from channels_amazon.services.stock import dry_run, ledger
from channels_amazon.services.sync_rules.changes import RuleChange
from channels_amazon.services.sync_rules.stored import Rule
from tests import builders
from tests.views.scene import World, make_world, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """Give a listing that published ten units three hours ago, and five of late."""
    made = make_world()
    ledger.set_on_hand(made.variant, made.warehouse, 10, actor="", key="ten")
    earlier = timezone.now() - timedelta(hours=3)
    NumberChange.objects.update(created_at=earlier)
    rule = Rule(None, Scope(made.account.pk), {"mode": "split", "share": 50})
    changes = [RuleChange(None, rule)]
    dry_run.save(dry_run.try_changes(made.store, changes, actor="mei"), actor="mei")
    return made


@pytest.fixture
def client(world: World) -> Client:
    return signed_in(world.owner)


def address(world: World) -> str:
    """Return the page of the listing's numbers."""
    listing = Listing.objects.get(variant=world.variant)
    return reverse("amazon-listing-numbers", args=[listing.pk])


def test_numbers_stand_newest_first_with_what_was_new(
    world: World, client: Client
) -> None:
    page = client.get(address(world))

    newest, oldest = page.context["numbers"]
    assert (newest.change.units, oldest.change.units) == (5, 10)
    assert ("Decided by", "its share") in newest.changed
    # What did not change is among all reasons only.
    assert ("On hand", "10") in newest.whole
    assert ("On hand", "10") not in newest.changed
    assert ("On hand", "10") in oldest.changed
    told = page.content.decode()
    assert "Amazon should have 5 units." in told
    assert "mei, by a stock rule" in told


def test_number_of_a_moment_is_the_one_that_held_then(
    world: World, client: Client
) -> None:
    at = timezone.now() - timedelta(hours=1)

    page = client.get(address(world), {"at": f"{at:%Y-%m-%dT%H:%M}"})

    assert [one.change.units for one in page.context["numbers"]] == [10]
    assert page.context["numbers"][0].is_asked
    assert "At that moment Amazon was to have 10 units." in page.content.decode()


def test_time_before_all_numbers_has_none(world: World, client: Client) -> None:
    page = client.get(address(world), {"at": "2020-01-01T00:00"})

    assert "No number of that time is kept." in page.content.decode()


def test_rule_that_is_gone_is_still_said(world: World, client: Client) -> None:
    SyncRule.objects.all().delete()

    page = client.get(address(world))

    said = dict(page.context["numbers"][0].whole)["Stock rule"]
    assert said.startswith(str(world.account))
    assert "50 %" in said


def test_another_stores_numbers_are_not_there(world: World) -> None:
    stranger = signed_in(builders.make_member().user)

    assert stranger.get(address(world)).status_code == 404


def test_page_asks_the_same_number_of_queries(
    world: World, client: Client, django_assert_max_num_queries: object
) -> None:
    listing = Listing.objects.get(variant=world.variant)
    NumberChange.objects.bulk_create(
        NumberChange(listing=listing, value=n, why={}, created_at=timezone.now())
        for n in range(60)
    )
    client.get(address(world))

    with django_assert_max_num_queries(30):  # type: ignore[operator]
        page = client.get(address(world))

    assert len(page.context["numbers"]) == 50
    older = client.get(address(world), {"after": page.context["slice"].next})
    assert older.context["numbers"][0].change.units == 9
    # The sentence is of the newest one all the same.
    assert "Amazon should have 59 units." in older.content.decode()
