"""The pages of stock rules: sentences, winner, form, what leads to a dry run."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from channels_amazon.models import RuleDryRun, StoreMember, SyncRule
from channels_amazon.rules.scope import Scope
from channels_amazon.services.stock import dry_run
from channels_amazon.services.sync_rules.changes import RuleChange
from channels_amazon.services.sync_rules.stored import Rule
from tests import builders
from tests.views.scene import World, make_world, signed_in

pytestmark = pytest.mark.django_db
LIST = "amazon-stock-rule-list"


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def client(world: World) -> Client:
    return signed_in(world.owner)


def form(world: World, **over: Any) -> dict[str, Any]:
    """Return what the form of a new rule sends."""
    return {
        "store": world.store.pk,
        "account": world.account.pk,
        "publishes": "share",
        "mode": "split",
        "share": 50,
        "is_active": "on",
    } | over


def save_rule(world: World, scope: Scope, **terms: Any) -> SyncRule:
    """Save a rule as a person would; return its row."""
    change = RuleChange(None, Rule(None, scope, terms))
    dry_run.save(dry_run.try_changes(world.store, [change], actor="mei"), actor="mei")
    found: SyncRule = SyncRule.objects.latest("pk")
    return found


def text(client: Client, **query: Any) -> str:
    """Return the list of rules."""
    return client.get(reverse(LIST), query).content.decode()


def test_page_says_that_no_rule_holds(client: Client) -> None:
    assert "No stock rule is switched on" in text(client)


@pytest.mark.parametrize(
    ("terms", "told"),
    [
        (
            {"mode": "split", "share": 60, "cap": 20, "floor": 2},
            "publishes 60 % of what is available, as a part of its own, at most 20, "
            "and stops at 2.",
        ),
        (
            {"mode": "split"},
            "publishes all that is available, as a part of its own.",
        ),
        (
            {"buffer": 1},
            "publishes all that the parts of others leave, holds back 1 unit.",
        ),
        ({"share": 30}, "publishes 30 % of what the parts of others leave."),
        ({"fixed": 5}, "always publishes 5."),
        (
            {"is_published": False},
            "publishes no quantity: Amazon keeps the one it has.",
        ),
        ({"share": "all"}, "The rule cannot be read"),
    ],
)
def test_rule_is_said_in_a_sentence(
    world: World, client: Client, terms: dict[str, Any], told: str
) -> None:
    save_rule(world, Scope(world.account.pk), **terms)

    page = client.get(reverse(LIST))

    (rule,) = page.context["rules"]
    assert rule.sentence.startswith(str(world.account))
    assert told in rule.sentence


def test_new_rule_leads_to_its_dry_run_and_saves_nothing(
    world: World, client: Client
) -> None:
    response = client.post(reverse("amazon-stock-rule-add"), form(world))

    made = RuleDryRun.objects.get()
    assert response["Location"] == reverse("amazon-stock-rule-dry-run", args=[made.pk])
    assert not SyncRule.objects.exists()
    assert made.changes[0]["after"]["terms"]["share"] == 50


@pytest.mark.parametrize(
    ("over", "field", "told"),
    [
        ({"share": 0}, "share", "greater than or equal to 1"),
        ({"cap": 2, "floor": 3}, "floor", "it would never publish anything"),
        ({"publishes": "fixed"}, "fixed", "Enter the number."),
        ({"mode": "ours"}, "mode", "Select a valid choice"),
    ],
)
def test_bad_terms_are_refused_at_their_field(
    world: World, client: Client, over: dict[str, Any], field: str, told: str
) -> None:
    response = client.post(reverse("amazon-stock-rule-add"), form(world, **over))

    assert response.status_code == 422
    assert told in str(response.context["form"].errors[field])
    assert not RuleDryRun.objects.exists()


def test_fixed_number_keeps_no_term_of_a_share(world: World, client: Client) -> None:
    sent = form(world, publishes="fixed", fixed=9, cap=3)

    client.post(reverse("amazon-stock-rule-add"), sent)

    terms = RuleDryRun.objects.get().changes[0]["after"]["terms"]
    assert (terms["fixed"], terms["cap"]) == (9, None)


def test_account_of_another_store_is_refused(world: World, client: Client) -> None:
    stranger = builders.make_account()

    response = client.post(
        reverse("amazon-stock-rule-add"), form(world, account=stranger.pk)
    )

    assert response.status_code == 422
    assert not RuleDryRun.objects.exists()


def test_form_of_a_rule_holds_what_it_says(world: World, client: Client) -> None:
    rule = save_rule(world, Scope(world.account.pk), mode="split", share=50, cap=7)

    page = client.get(reverse("amazon-stock-rule-edit", args=[rule.pk]))

    initial = page.context["form"].initial
    assert (initial["share"], initial["cap"]) == (50, 7)
    assert initial["account"] == world.account.pk


def test_winner_for_a_sku_is_the_narrowest(world: World, client: Client) -> None:
    listing = world.variant.listings.get()
    save_rule(world, Scope(world.account.pk), mode="split", share=50)
    save_rule(world, Scope(seller_sku=listing.seller_sku), fixed=4)

    page = client.get(reverse(LIST), {"q": f" {listing.seller_sku} "})

    (winner,) = page.context["winners"]
    assert winner.sentences[0].endswith("always publishes 4.")
    assert "50 %" in winner.sentences[1]


def test_deleting_leads_to_its_dry_run(world: World, client: Client) -> None:
    rule = save_rule(world, Scope(world.account.pk), mode="split", share=50)

    client.post(reverse("amazon-stock-rule-delete", args=[rule.pk]))

    made = RuleDryRun.objects.latest("pk")
    assert made.changes[0]["after"] is None
    assert SyncRule.objects.filter(pk=rule.pk).exists()


@pytest.mark.parametrize("role", [StoreMember.Role.VIEWER])
def test_who_only_looks_changes_nothing(world: World, role: str) -> None:
    rule = save_rule(world, Scope(world.account.pk), mode="split", share=50)
    member = builders.make_member(world.store, role=role)
    looker = signed_in(member.user)

    answers = [
        looker.get(reverse("amazon-stock-rule-edit", args=[rule.pk])),
        looker.post(reverse("amazon-stock-rule-add"), form(world)),
        looker.post(reverse("amazon-stock-rule-delete", args=[rule.pk])),
    ]

    assert [one.status_code for one in answers] == [403] * 3
    assert "New stock rule" not in text(looker)
    assert RuleDryRun.objects.count() == 1


def test_another_stores_rules_are_not_there(world: World) -> None:
    rule = save_rule(world, Scope(world.account.pk), mode="split", share=50)
    stranger = signed_in(builders.make_member().user)

    page = stranger.get(reverse("amazon-stock-rule-edit", args=[rule.pk]))

    assert page.status_code == 404
    assert "50 %" not in text(stranger)
