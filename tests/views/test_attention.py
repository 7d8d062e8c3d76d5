"""Whether anything is needed is one answer, on every page and in the health report.

200 states are made, each with what it needs counted by hand (`tests/views/needs.py`).
Each is looked at on the overview and on one account's page, every other one on all of
them, the others on the accounts' page with its side bar, every tenth in the health
report. On PostgreSQL every fifth of the states is made: only the queries could differ
there, and each of them finds something in some of these.
"""

from __future__ import annotations

import re
from collections import Counter
from html import unescape
from random import Random
from typing import Any

import pytest
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags
from pytest_django import Settings

from channels_amazon.health.runner import run_report
from channels_amazon.models import AmazonAccount, HealthReport, Store, StoreMember
from channels_amazon.services.health.reports import new_report
from channels_amazon.views import attention as views_attention
from tests import builders
from tests.views.needs import State, make_state
from tests.views.scene import MODEL_BACKEND, signed_in

pytestmark = pytest.mark.django_db

STATES = 200
FRAGMENT = {"HX-Request": "true"}
# As the health check calls what the rows alone prove.
CODES = {
    "late": "orders.ship_late",
    "unmatched": "orders.unmatched_sku",
    "shortage": "stock.oversold",
    "cancel": "orders.cancel_requested",
    "quarantined order": "orders.set_aside",
    "message": "orders.set_aside",
    "report rows": "orders.set_aside",
    "unknown parcel": "orders.set_aside",
    "refused package": "shipment.refused",
    "refused edit": "shipment.refused",
    "not shown": "shipment.not_shown",
    "refused push": "stock.push_refused",
    "drift": "stock.drift",
    "refused parcel": "parcel.refused",
    "below zero": "stock.below_zero",
    "not live": "stock.not_live",
    "blocked job": "job.failing",
    "failing job": "job.failing",
    "refused search": "orders.search_refused",
    "ends": "token.expiring",
    "issue": "sync.no_progress",
    "endpoint": "webhook.failing",
    # Its supervisor is there.
    "worker": "queue.worker_stuck",
    "consumer": "notifications.consumer_down",
    "keys": "host.keys_differ",
}
# The figures of the overview, by the address that they lead to.
TILES = {
    "late": "past the ship-by time",
    "due": "due within 24 hours",
    "unmatched": "to match",
    "shortage": "on backorder",
}


@pytest.fixture
def stores() -> list[Store]:
    """Give two stores."""
    return [builders.make_store(), builders.make_store()]


@pytest.fixture
def owner(stores: list[Store]) -> AbstractBaseUser:
    """Give somebody who owns both stores."""
    user = builders.make_user()
    for store in stores:
        builders.make_member(store, user=user, role=StoreMember.Role.OWNER)
    return user


def words(response: Any) -> str:
    """Return a page's text, with single spaces."""
    text = strip_tags(response.content.decode().replace("<", " <"))
    return " ".join(unescape(text).split())


def badge(response: Any) -> str:
    """Return the number beside the overview in the side bar."""
    found = re.findall(r'<span id="sl-needs">(.*?)</span>', response.content.decode())
    assert len(found) == 1
    return str(found[0])


def said_of(needs: Counter[str], common: int = 0) -> str:
    """Return the sentence of a page on which so much is needed."""
    total = needs.total()
    if not total:
        return "All is well: nothing waits for you but parcels."
    words = "1 thing needs you" if total == 1 else f"{total} things need you"
    if not common:
        return f"{words}."
    of_it = "it" if total == 1 else "them"
    return f"{words}, {common} of {of_it} not this account's alone."


def check_line(
    text: str, needs: Counter[str], *, is_pulling: bool, common: int = 0
) -> None:
    """Prove that a text says how much is needed, and nothing that it denies."""
    if needs.total() or not is_pulling:
        assert said_of(needs, common) in text
    assert ("All is well" in text) == (not needs.total() and not is_pulling)
    assert ("is still running" in text) == is_pulling


def check_overview(client: Client, state: State) -> None:
    """Prove that sentence and figures say the state's number."""
    response = client.get(reverse("amazon-overview"), headers=FRAGMENT)
    text = words(response)
    needs = state.needs()
    if not state.live:
        assert "nothing is synchronised" in text
        assert response.context["problems"] == []
        return
    check_line(text, needs, is_pulling=bool(state.pulling))
    for name, label in TILES.items():
        assert f"{label} {needs[name]} " in text
    named = {problem.level for problem in response.context["problems"]}
    assert bool(named) == bool(needs.total())


def check_accounts(client: Client, state: State) -> None:
    """Prove that the accounts' page and its cards say it, and the side bar."""
    response = client.get(reverse("amazon-account-list"))
    needs = state.needs()
    assert badge(response) == str(needs.total() or "")
    if state.live:
        check_line(
            response.context["first_line"], needs, is_pulling=bool(state.pulling)
        )
    cards = {card.account.pk: card for card in response.context["cards"]}
    assert set(cards) == {account.pk for account in state.live}
    for account in state.live:
        check_line(
            cards[account.pk].says,
            state.needs_of(account),
            is_pulling=account.pk in state.pulling,
            common=state.common_of(account),
        )


def check_status(client: Client, state: State, account: AmazonAccount) -> None:
    """Prove that the account's own page says its part."""
    address = reverse("amazon-status", args=[account.pk])
    text = words(client.get(address, headers=FRAGMENT))
    if account.is_disconnected:
        assert "This account is disconnected" in text
        assert "Connect again" in text
        assert "need you" not in text
        return
    needs = state.needs_of(account)
    check_line(
        text,
        needs,
        is_pulling=account.pk in state.pulling,
        common=state.common_of(account),
    )
    total = str(state.needs().total() or "")
    assert text.startswith(f"{total} ".lstrip())
    if needs["worker"]:
        assert "New orders" not in text


def check_report(client: Client, state: State, account: AmazonAccount) -> None:
    """Prove that a report of the rows finds it, and that its page says the same."""
    report = new_report(account, "test")
    run_report(report.pk, calls_nobody=True)
    found = set(
        HealthReport.objects.get(pk=report.pk)
        .findings.exclude(level="ok")
        .values_list("code", flat=True)
    )
    needs = state.needs_of(account)
    assert {CODES[name] for name in +needs if name in CODES} <= found
    page = client.get(reverse("amazon-health-report", args=[report.pk]))
    status = client.get(reverse("amazon-status", args=[account.pk]), headers=FRAGMENT)
    overview = client.get(reverse("amazon-overview"))
    line = page.context["needs_now"]
    assert line in words(page)
    assert (line or "All is well") in words(status)
    assert badge(page) == badge(overview)
    total = badge(overview)
    assert (f"{total} thing" if total else "All is well") in words(overview)


def test_every_page_gives_the_same_answer(
    stores: list[Store], owner: AbstractBaseUser, settings: Settings
) -> None:
    settings.SQS_QUEUE_URL = "https://sqs.example/1/orders"
    settings.SQS_QUEUE_ARN = "arn:aws:sqs:us-east-1:1:orders"
    client = signed_in(owner)
    is_few = connection.vendor == "postgresql"
    for seed in range(0, STATES, 5 if is_few else 1):
        with transaction.atomic():
            rng = Random(seed)  # noqa: S311
            state = make_state(stores, rng)
            check_state(client, state, seed)
            transaction.set_rollback(True)


def check_state(client: Client, state: State, seed: int) -> None:
    """Look at every page that says whether anything is needed."""
    try:
        check_overview(client, state)
        is_even = seed % 2 == 0
        if is_even:
            check_accounts(client, state)
        for account in state.accounts[:1] if is_even else state.accounts:
            check_status(client, state, account)
        if seed % 10 == 0 and state.live:
            check_report(client, state, state.live[0])
    except AssertionError as error:
        error.add_note(f"seed {seed}: {explained(state)}")
        raise


def explained(state: State) -> dict[str, Any]:
    """Return what a state needs, for whoever reads why a test failed."""
    own = {pk: dict(+needs) for pk, needs in state.own.items()}
    shared = {pk: dict(+needs) for pk, needs in state.shared.items()}
    standing = {one.pk: one.state for one in state.accounts}
    return {
        "own": own,
        "shared": shared,
        "installation": dict(state.installation),
        "standing": standing,
        "pulling": state.pulling,
    }


def test_who_sees_very_many_accounts_reads_the_number_on_its_own_pages(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = builders.make_account().store
    user: Any = builders.make_user()
    builders.make_member(store, user=user)
    client.force_login(user, backend=MODEL_BACKEND)
    orders, overview = reverse("amazon-order-list"), reverse("amazon-overview")
    assert badge(client.get(orders)) == badge(client.get(overview)) != ""

    monkeypatch.setattr(views_attention, "MOST_BESIDE", 0)

    assert badge(client.get(orders)) == ""
    assert badge(client.get(overview)) != ""
