"""May this account push? The page says what would be sent, and has the switch."""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from channels_amazon.models import AmazonAccount, AuditEntry, Listing, SyncJob
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.jobs import heartbeats
from channels_amazon.services.stock import ledger
from channels_amazon.views.accounts import go_live
from tests import builders
from tests.views.scene import (
    SIDE_BAR,
    World,
    make_member_client,
    make_world,
    signed_in,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """Give a store whose account was read once and is not live; a worker lives."""
    heartbeats.beat(Process.QUEUE)
    world = make_world()
    world.account.live_at = None
    world.account.save()
    builders.make_job(
        world.account, kind=SyncJob.Kind.LISTINGS, first_done_at=timezone.now()
    )
    return world


@pytest.fixture
def client(world: World) -> Client:
    """Give a client in which the store's owner is signed in."""
    return signed_in(world.owner)


def make_listing(world: World, sku: str, shown: int | None, units: int) -> Listing:
    """Make a listing of which Amazon shows so many, and count its variant."""
    variant = builders.make_variant(world.store, sku=sku)
    listing = builders.make_listing(
        world.account,
        variant=variant,
        observed_quantity=shown,
        observed_at=timezone.now(),
    )
    ledger.set_on_hand(variant, world.warehouse, units, actor="", key=f"count {sku}")
    return listing


def address(world: World, name: str = "") -> str:
    """Return the address of the page, or of what lies below it."""
    return reverse(f"amazon-go-live{name}", args=[world.account.pk])


def text_of(page: Any) -> str:
    """Return a page's text, with single spaces."""
    return " ".join(strip_tags(page.content.decode().replace("<", " <")).split())


def test_page_shows_what_would_be_sent_and_why(world: World, client: Client) -> None:
    make_listing(world, "LAMP", 3, 10)
    make_listing(world, "GONE", 7, 0)
    make_listing(world, "SAME", 5, 5)
    builders.make_listing(world.account)

    page = client.get(address(world))

    text = text_of(page)
    assert f"2 quantities of {world.account} would go to Amazon" in text
    assert [(row.listing.seller_sku, row.shown) for row in page.context["rows"]] == [
        ("GONE", 7),
        ("LAMP", 3),
    ]
    assert "10 can be sold: 10 on hand, less 0 reserved, less 0 safety stock." in text
    assert "no rule: all that is left" in text
    assert "fall to 0 1 " in text
    assert "largest rise +7 LAMP" in text
    assert "largest fall -7 GONE" in text
    assert "As Amazon shows already 1 " in text
    # The world's own one was never counted.
    assert "not linked to a variant: 1 · never counted: 1" in text


def test_button_goes_live_once(world: World, client: Client) -> None:
    listing = make_listing(world, "LAMP", 3, 10)

    for _ in range(2):
        answer = client.post(address(world, "-start"))
        assert answer.headers["Location"] == address(world)

    world.account.refresh_from_db()
    assert world.account.is_live
    assert world.account.live_by == world.owner.get_username()
    listing.refresh_from_db()
    assert listing.push_due
    entry = AuditEntry.objects.get(code="account.live")
    assert entry.actor == world.owner.get_username()
    text = text_of(client.get(address(world)))
    assert "is live: its quantities are being sent to Amazon." in text
    assert "is live already; nothing was changed." in text
    assert "1 quantity is still to be sent." in text


def test_live_page_shows_what_was_sent_since(world: World, client: Client) -> None:
    listing = make_listing(world, "LAMP", 3, 10)
    client.post(address(world, "-start"))
    Listing.objects.filter(pk=listing.pk).update(
        push_due=False, acknowledged_quantity=10, acknowledged_at=timezone.now()
    )
    Listing.objects.exclude(pk=listing.pk).update(push_due=False)

    page = client.get(address(world))

    assert list(page.context["slice"].rows) == [listing]
    assert page.context["since"].sent == 1
    text = text_of(page)
    assert "is live: its quantities follow your stock." in text
    assert "Pause…" in text
    assert "it will oversell if nobody keeps them up to date there" in text


def test_pause_ends_it_and_says_what_amazon_keeps(world: World, client: Client) -> None:
    listing = make_listing(world, "LAMP", 3, 10)
    client.post(address(world, "-start"))
    Listing.objects.filter(pk=listing.pk).update(
        acknowledged_quantity=10, acknowledged_at=timezone.now()
    )

    for _ in range(2):
        client.post(address(world, "-pause"))

    world.account.refresh_from_db()
    assert not world.account.is_live
    assert AuditEntry.objects.filter(code="account.paused").count() == 1
    text = text_of(client.get(address(world)))
    assert "is paused: Amazon keeps the numbers it has." in text
    assert "is not live; nothing was changed." in text
    assert "Amazon keeps the numbers that it accepted last." in text


def test_first_pull_comes_first(world: World, client: Client) -> None:
    builders.make_job(world.account, kind=SyncJob.Kind.ORDER_SWEEP)
    make_listing(world, "LAMP", 3, 10)

    page = client.get(address(world))
    client.post(address(world, "-start"))

    assert "The first pull is not complete" in text_of(page)
    assert address(world, "-start") not in page.text
    assert reverse("amazon-account-progress", args=[world.account.pk]) in page.text
    assert not AmazonAccount.objects.live().exists()
    assert "The first pull is not complete" in text_of(client.get(address(world)))


@pytest.mark.parametrize(
    ("state", "says"),
    [("needs_authorization", "Authorise again"), ("disconnected", "Connect again")],
)
def test_account_without_authorisation_leads_to_it(
    world: World, client: Client, state: str, says: str
) -> None:
    AmazonAccount.objects.filter(pk=world.account.pk).update(state=state)

    page = client.get(address(world))
    client.post(address(world, "-start"))

    assert says in text_of(page)
    assert address(world, "-start") not in page.text
    assert not AmazonAccount.objects.live().filter(pk=world.account.pk).exists()


@pytest.mark.parametrize("role", ["operator", "viewer"])
def test_only_an_owner_has_the_switch(world: World, role: str) -> None:
    make_listing(world, "LAMP", 3, 10)
    client = make_member_client(world.store, role)

    page = client.get(address(world))
    answers = [client.post(address(world, name)) for name in ("-start", "-pause")]

    assert "Only an owner of the store can go live." in text_of(page)
    assert address(world, "-start") not in page.text
    assert [answer.status_code for answer in answers] == [403, 403]
    assert not AmazonAccount.objects.live().filter(pk=world.account.pk).exists()


def test_file_holds_exactly_the_table_of_all_pages(
    world: World, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(go_live, "ROWS", 2)
    for number in range(5):
        make_listing(world, f"SKU{number}", number, 10)
    make_listing(world, "=EVIL", None, 1)
    shown = []
    page: Any = client.get(address(world))
    while True:
        for row in page.context["rows"]:
            before = "" if row.shown is None else str(row.shown)
            cells = [row.listing.seller_sku, before, str(row.listing.desired_quantity)]
            shown.append([*cells, row.decision])
        if not (after := page.context["slice"].next):
            break
        page = client.get(address(world), {"after": after})

    answer: Any = client.get(address(world, "-export"))

    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    names, *rows = csv.reader(text.splitlines())
    assert names == ["Seller SKU", "Amazon shows", "Would be published", "Why"]
    assert [[row[0].lstrip("'"), *row[1:]] for row in rows] == shown
    assert len(rows) == 6
    assert rows[0][0] == "'=EVIL"


@pytest.mark.parametrize("is_live", [True, False])
def test_page_asks_the_same_number_of_queries(
    world: World,
    client: Client,
    is_live: bool,
    django_assert_max_num_queries: Callable[[int], Any],
) -> None:
    for number in range(10):
        make_listing(world, f"SKU{number}", 3, 10)
    now = timezone.now()
    if is_live:
        AmazonAccount.objects.filter(pk=world.account.pk).update(live_at=now)
        Listing.objects.update(acknowledged_at=timezone.now())

    with django_assert_max_num_queries(16 + SIDE_BAR):
        client.get(address(world))


def test_every_page_leads_there_while_it_is_a_need(
    world: World, client: Client
) -> None:
    link = f'href="{address(world)}"'
    for name, args in (
        ("amazon-overview", []),
        ("amazon-account-list", []),
        ("amazon-status", [world.account.pk]),
        ("amazon-account-progress", [world.account.pk]),
    ):
        assert link in client.get(reverse(name, args=args)).text, name

    said = f"{world.account} is not live: no quantity is sent to Amazon."
    overview = text_of(client.get(reverse("amazon-overview")))
    assert said in overview

    AmazonAccount.objects.update(live_at=timezone.now())

    assert said not in text_of(client.get(reverse("amazon-overview")))


def test_first_pull_says_that_nothing_is_sent_meanwhile(
    world: World, client: Client
) -> None:
    SyncJob.objects.update(first_done_at=None)
    progress = reverse("amazon-account-progress", args=[world.account.pk])

    assert "Nothing is sent before you go live." in text_of(client.get(progress))

    SyncJob.objects.update(first_done_at=timezone.now())
    AmazonAccount.objects.update(authorized_at=timezone.now())

    text = text_of(client.get(progress))
    assert "look at what would be sent, then go live." in text


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_page_opens_in_both_languages(
    world: World, client: Client, language: str
) -> None:
    make_listing(world, "LAMP", 3, 10)
    client.cookies["django_language"] = language

    before = client.get(address(world))
    client.post(address(world, "-start"))
    live = client.get(address(world))

    for page in (before, live):
        assert page.status_code == 200
        assert f'lang="{language}"' in page.text.lower()
        # A text that lost a value would show its place.
        assert "%(" not in page.text
