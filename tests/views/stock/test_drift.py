"""The buttons for a listing of which Amazon shows another quantity."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels_amazon.models import (
    AmazonAccount,
    DriftState,
    Listing,
    StockLevel,
    StockMovement,
    StoreMember,
)
from channels_amazon.rules.scope import Scope
from channels_amazon.services.stock import dry_run, ledger
from channels_amazon.services.sync_rules.changes import RuleChange
from channels_amazon.services.sync_rules.stored import Rule
from tests import builders
from tests.views.scene import World, make_world, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """Give a listing that accepted three units and shows fifty."""
    made = make_world()
    ledger.set_on_hand(made.variant, made.warehouse, 3, actor="", key="three")
    now = timezone.now()
    Listing.objects.filter(variant=made.variant).update(
        acknowledged_quantity=3,
        acknowledged_at=now - timedelta(hours=2),
        observed_quantity=50,
        observed_at=now,
        push_due=False,
        drift_state=DriftState.STANDS,
        drift_since=now,
    )
    return made


@pytest.fixture
def client(world: World) -> Client:
    return signed_in(world.owner)


def listing_of(world: World) -> Listing:
    found: Listing = Listing.objects.get(variant=world.variant)
    return found


def press(client: Client, world: World, name: str, **data: Any) -> Any:
    """Press a button of the listing; return the answer."""
    address = reverse(f"amazon-listing-{name}", args=[listing_of(world).pk])
    return client.post(address, data)


def on_hand(world: World) -> int:
    """Return the units that were counted."""
    return StockLevel.objects.get(variant=world.variant).on_hand


def said(answer: Any) -> str:
    """Return what the next page says of the press."""
    return " ".join(map(str, get_messages(answer.wsgi_request)))


def test_page_shows_both_numbers_and_the_buttons(world: World, client: Client) -> None:
    address = reverse("amazon-stock-detail", args=[world.variant.pk])

    page = client.get(address).content.decode()

    assert "Amazon accepted 3 and shows 50." in page
    assert "Send our number again" in page
    assert 'value="3~50"' in page


def test_our_number_is_sent_again(world: World, client: Client) -> None:
    press(client, world, "push-again")

    listing = listing_of(world)
    assert (listing.push_due, listing.drift_state) == (True, DriftState.PUSHED)
    assert listing.desired_quantity == 3
    # Who pressed waits for it.
    assert listing.push_by_person


def test_amazons_number_becomes_the_count(world: World, client: Client) -> None:
    answer = press(client, world, "take-amazons", seen="3~50")

    listing = listing_of(world)
    assert on_hand(world) == listing.desired_quantity == 50
    assert listing.drift_state == DriftState.NONE
    assert StockMovement.objects.latest("pk").actor == world.owner.get_username()
    assert "the count changed by +47 units" in said(answer)


def test_pressed_twice_it_counts_once(world: World, client: Client) -> None:
    press(client, world, "take-amazons", seen="3~50")

    answer = press(client, world, "take-amazons", seen="3~50")

    assert on_hand(world) == 50
    assert "The numbers changed meanwhile" in said(answer)


def test_numbers_that_nobody_saw_are_not_taken(world: World, client: Client) -> None:
    Listing.objects.update(observed_quantity=70)

    answer = press(client, world, "take-amazons", seen="3~50")

    assert on_hand(world) == 3
    assert "The numbers changed meanwhile" in said(answer)


def test_number_that_a_rule_makes_cannot_be_taken(world: World, client: Client) -> None:
    rule = Rule(None, Scope(world.account.pk), {"cap": 2})
    made = dry_run.try_changes(world.store, [RuleChange(None, rule)], actor="mei")
    dry_run.save(made, actor="mei")

    answer = press(client, world, "take-amazons", seen="2~50")

    assert on_hand(world) == 3
    assert "A stock rule makes the number" in said(answer)


def test_units_that_are_promised_stay_promised(world: World, client: Client) -> None:
    Listing.objects.update(observed_quantity=1)

    press(client, world, "take-amazons", seen="3~1")

    assert on_hand(world) == 1


def test_number_that_leaves_too_little_in_a_warehouse_is_not_taken(
    world: World, client: Client
) -> None:
    pair = (world.variant.pk, world.warehouse.pk)
    held = ledger.Movement(*pair, StockMovement.Reason.RESERVED, "held", reserved=3)
    elsewhere = builders.make_warehouse(world.store)
    more = (world.variant.pk, elsewhere.pk)
    there = ledger.Movement(*more, StockMovement.Reason.COUNT, "there", on_hand=3)
    ledger.apply_movements([held, there])
    Listing.objects.update(observed_quantity=1)

    answer = press(client, world, "take-amazons", seen="3~1")

    assert "fewer units than are reserved" in said(answer)
    assert StockLevel.objects.get(warehouse=world.warehouse).on_hand == 3


@pytest.mark.parametrize("name", ["push-again", "take-amazons"])
def test_who_only_looks_or_is_a_stranger_presses_nothing(
    world: World, name: str
) -> None:
    member = builders.make_member(world.store, role=StoreMember.Role.VIEWER)

    looked = press(signed_in(member.user), world, name, seen="3~50")
    strange = press(signed_in(builders.make_member().user), world, name, seen="3~50")

    assert (looked.status_code, strange.status_code) == (403, 404)
    assert on_hand(world) == 3
    assert not listing_of(world).push_due


def test_sending_again_says_that_it_waits_for_going_live(
    world: World, client: Client
) -> None:
    AmazonAccount.objects.update(live_at=None)

    answer = press(client, world, "push-again")

    assert listing_of(world).push_due
    assert "Our number is kept. The account is not live" in said(answer)
