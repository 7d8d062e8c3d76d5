"""The page of a dry run: its table, saving, computing again, undoing."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from channels_amazon.models import (
    Listing,
    RuleDryRun,
    RuleRevision,
    StoreMember,
    SyncRule,
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
    """Give a store with ten units of a variant and its listing."""
    made = make_world()
    ledger.set_on_hand(made.variant, made.warehouse, 10, actor="", key="ten")
    return made


@pytest.fixture
def client(world: World) -> Client:
    return signed_in(world.owner)


def try_half(world: World) -> RuleDryRun:
    """Return the dry run of a rule that halves what the account publishes."""
    rule = Rule(None, Scope(world.account.pk), {"mode": "split", "share": 50})
    changes = [RuleChange(None, rule)]
    return dry_run.try_changes(world.store, changes, actor="mei")


def address(name: str, key: int) -> str:
    """Return the address of a page of stock rules."""
    return reverse(f"amazon-stock-rule-{name}", args=[key])


def published(world: World) -> Any:
    """Return what the listing should publish."""
    return Listing.objects.get(variant=world.variant).desired_quantity


def test_page_shows_old_and_new_numbers_and_why(world: World, client: Client) -> None:
    made = try_half(world)

    page = client.get(address("dry-run", made.pk))

    ((row, account, why),) = page.context["rows"]
    assert (row.old, row.new, account, why) == (10, 5, str(world.account), "its share")
    assert "1 quantity would change. Nothing is saved yet." in page.content.decode()


def test_saving_publishes_and_says_so(world: World, client: Client) -> None:
    made = try_half(world)

    page = client.post(address("dry-run-save", made.pk), follow=True)

    assert published(world) == 5
    told = page.content.decode()
    assert "Saved: 1 listing gets its new number." in told
    assert f"This was saved by {world.owner.get_username()}." in told
    assert "Undo" in told


def test_double_click_saves_once(world: World, client: Client) -> None:
    made = try_half(world)

    for _ in range(2):
        client.post(address("dry-run-save", made.pk))

    assert RuleRevision.objects.count() == SyncRule.objects.count() == 1


def test_undo_shows_first_what_it_would_push(world: World, client: Client) -> None:
    client.post(address("dry-run-save", try_half(world).pk))

    page = client.post(address("undo", RuleRevision.objects.get().pk), follow=True)

    assert published(world) == 5
    ((row, _account, _why),) = page.context["rows"]
    assert (row.old, row.new) == (5, 10)
    made = RuleDryRun.objects.latest("pk")
    client.post(address("dry-run-save", made.pk))
    assert published(world) == 10
    listed = client.get(reverse("amazon-stock-rule-list")).content.decode()
    assert "Undone" in listed


def test_saving_over_others_changes_is_refused(world: World, client: Client) -> None:
    made = try_half(world)
    rule = Rule(None, Scope(seller_sku="OTHER"), {"cap": 1})
    others = dry_run.try_changes(world.store, [RuleChange(None, rule)], actor="li")
    dry_run.save(others, actor="li")

    page = client.post(address("dry-run-save", made.pk), follow=True)

    assert "Somebody changed these rules meanwhile" in page.content.decode()
    assert published(world) == 10
    again = client.post(address("dry-run-again", made.pk), follow=True)
    key = again.context["dry_run"].pk
    client.post(address("dry-run-save", key))
    assert published(world) == 5


def test_numbers_that_moved_meanwhile_are_named(world: World, client: Client) -> None:
    made = try_half(world)
    ledger.set_on_hand(world.variant, world.warehouse, 4, actor="", key="four")

    page = client.post(address("dry-run-save", made.pk), follow=True)

    assert published(world) == 2
    sku = Listing.objects.get(variant=world.variant).seller_sku
    assert "got another number than was shown" in page.content.decode()
    assert sku in page.content.decode()


def test_export_holds_every_row(world: World, client: Client) -> None:
    made = try_half(world)

    answer = client.get(address("dry-run-export", made.pk))

    content = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = list(csv.reader(io.StringIO(content)))
    assert rows[0] == ["Account", "Seller SKU", "Now", "Then", "Why"]
    assert rows[1][2:] == ["10", "5", "its share"]


def test_long_table_goes_on(world: World, client: Client) -> None:
    made = try_half(world)
    made.rows = made.rows * 150
    made.save()

    first = client.get(address("dry-run", made.pk))
    rest = client.get(address("dry-run", made.pk), {"after": first.context["next"]})

    assert len(first.context["rows"]) == 100
    assert len(rest.context["rows"]) == 50
    assert rest.context["next"] is None


def test_who_only_looks_sees_and_saves_nothing(world: World) -> None:
    made = try_half(world)
    member = builders.make_member(world.store, role=StoreMember.Role.VIEWER)
    looker = signed_in(member.user)

    assert looker.get(address("dry-run", made.pk)).status_code == 200
    for name in ("dry-run-save", "dry-run-again"):
        assert looker.post(address(name, made.pk)).status_code == 403
    assert not SyncRule.objects.exists()


def test_another_stores_dry_run_is_not_there(world: World) -> None:
    made = try_half(world)
    stranger = signed_in(builders.make_member().user)

    for name in ("dry-run", "dry-run-export"):
        assert stranger.get(address(name, made.pk)).status_code == 404
    assert stranger.post(address("dry-run-save", made.pk)).status_code == 404
    assert published(world) == 10
