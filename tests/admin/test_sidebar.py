"""The side bar: groups that fold, the open page named, numbers of what waits."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from channels_amazon.views.attention import Beside
from tests import builders
from tests.health.rows import make_ownerless_parcel
from tests.views.scene import World, make_quarantined, make_world, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def client(world: World) -> Client:
    return signed_in(world.owner)


def numbers(text: str) -> dict[str, str]:
    """Return the numbers of the side bar, by what they count."""
    names = "|".join(Beside)
    return dict(re.findall(rf'<span id="sl-({names})"[^>]*>(.*?)</span>', text))


def make_waiting(world: World) -> None:
    """Make so much that waits: each number is another one."""
    now = timezone.now()
    account = world.account
    builders.make_order(account, ship_by=now - timedelta(hours=1))
    for _place in range(2):
        builders.make_order(account, has_unmatched=True)
    for _place in range(3):
        make_quarantined(account)
    builders.make_order(account, stale_since=now, quarantine_code="orders.unreadable")
    make_ownerless_parcel(account, 2)


def test_numbers_say_what_waits(world: World, client: Client) -> None:
    make_waiting(world)

    found = numbers(client.get(reverse("amazon-stock-list")).content.decode())

    # The order of the world itself is to ship, too.
    assert found["ship"] == "5"
    assert (found["unmatched"], found["late"]) == ("2", "1")
    assert (found["quarantine"], found["parcels"]) == ("4", "1")
    # A folded group's head: what is late is to ship, and counts once.
    assert (found["orders"], found["system"]) == ("8", "4")


def test_nothing_that_waits_has_no_number(world: World, client: Client) -> None:
    world.account.orders.all().delete()

    found = numbers(client.get(reverse("amazon-stock-list")).content.decode())

    assert set(found) == set(Beside)
    assert {found[name] for name in set(Beside) - {Beside.NEEDS}} == {""}


def test_numbers_are_those_of_the_overview_and_come_with_its_part(
    world: World, client: Client
) -> None:
    make_waiting(world)
    overview = reverse("amazon-overview")
    elsewhere = numbers(client.get(reverse("amazon-stock-list")).content.decode())

    part = client.get(overview, headers={"HX-Request": "true"})

    assert numbers(part.content.decode()) == elsewhere
    assert part.context["to_ship"] == int(elsewhere["ship"])
    assert part.context["tiles"]["late"] == int(elsewhere["late"])
    assert part.context["tiles"]["unmatched"] == int(elsewhere["unmatched"])


def test_numbers_cost_no_query_beyond_that_of_what_is_needed(
    world: World, client: Client
) -> None:
    address = reverse("amazon-account-list")
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    make_waiting(world)
    with CaptureQueriesContext(connection) as many:
        client.get(address)

    counting = [one for one in many.captured_queries if "capped)" in one["sql"]]
    # Of the accounts, and of what their stores share.
    assert len(counting) == 2
    assert len(many) <= len(few) + 1


def test_each_group_has_a_button_that_says_whether_it_is_open(client: Client) -> None:
    page = client.get(reverse("amazon-order-list")).content.decode()

    groups = re.findall(r'<div class="mb-1.5" data-group="(\w+)">', page)
    controlled = re.findall(
        r'<button type="button"\s+aria-expanded="true"\s+aria-controls="([\w-]+)">',
        page,
    )
    assert groups[0] == "overview"
    # Who opens pages without a script sees all of them.
    assert controlled == [f"sl-group-{name}" for name in groups[1:]]
    assert all(f'<ol id="{name}"' in page for name in controlled)


@pytest.mark.parametrize(
    ("query", "title"),
    [("", "All orders"), ("?show=ship", "To ship"), ("?show=unmatched", "Unmatched")],
)
def test_the_open_page_alone_is_named_as_such(
    client: Client, query: str, title: str
) -> None:
    page = client.get(reverse("amazon-order-list") + query).content.decode()
    bar = page[page.index('id="nav-sidebar-apps"') :].partition("</nav>")[0]

    (entry,) = re.findall(r'aria-current="page".*?</a>', bar, re.DOTALL)
    assert f"<span>{title}</span>" in entry
