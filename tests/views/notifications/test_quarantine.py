"""The quarantine's pages: what is shown to whom, and what its buttons do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels_amazon.models import Notification, Order, StoreMember
from channels_amazon.services.orders import intake
from tests import builders
from tests.views.scene import (
    SIDE_BAR,
    World,
    make_member_client,
    make_quarantined,
    make_world,
    signed_in,
)

pytestmark = pytest.mark.django_db

LIST = "amazon-quarantine-list"


@pytest.fixture
def world() -> World:
    """Give a store with an account."""
    return make_world()


@pytest.fixture
def client(world: World) -> Client:
    """Give a client in which the store's owner is signed in."""
    return signed_in(world.owner)


def text(client: Client, name: str, *args: Any, **query: str) -> str:
    """Return the page's text."""
    return client.get(reverse(name, args=args), query).content.decode()


def act(client: Client, **given: Any) -> str:
    """Press a button of the list; return what the next page says."""
    url = reverse("amazon-quarantine-act")
    return client.post(url, given, follow=True).content.decode()


def test_empty_quarantine_says_that_all_is_well(client: Client) -> None:
    assert "Nothing is in quarantine" in text(client, LIST)


def test_list_counts_and_groups_by_reason(world: World, client: Client) -> None:
    make_quarantined(world.account)
    make_quarantined(world.account, code="notifications.not_json")
    make_quarantined(None)

    page = text(client, LIST)

    assert "Messages in quarantine: 2. Orders that could not be read: 0." in page
    assert "notifications.not_json (1)" in page
    assert "ANOBODY" not in page


def test_superuser_sees_messages_of_no_account(world: World) -> None:
    row = make_quarantined(None)
    root = signed_in(builders.make_user(is_superuser=True))

    assert "ANOBODY" in text(root, LIST)
    assert (
        root.post(reverse("amazon-quarantine-replay", args=[row.pk])).status_code == 302
    )


def test_member_cannot_open_messages_of_no_account(client: Client) -> None:
    row = make_quarantined(None)

    response = client.get(reverse("amazon-quarantine-detail", args=[row.pk]))

    assert response.status_code == 404


def test_detail_shows_the_form_without_the_buyer(world: World, client: Client) -> None:
    row = make_quarantined(world.account)

    page = text(client, "amazon-quarantine-detail", row.pk)

    assert "ORDER_CHANGE" in page
    assert "CANARY" not in page


def test_replay_says_what_came_of_it(world: World, client: Client) -> None:
    row = make_quarantined(world.account)
    url = reverse("amazon-quarantine-replay", args=[row.pk])

    page = client.post(url, follow=True).content.decode()

    assert "Still in quarantine, each with its reason: 1." in page
    row.refresh_from_db()
    assert row.replayed_by == world.owner.get_username()


def test_ticked_messages_are_discarded_and_no_other(
    world: World, client: Client
) -> None:
    one, other, foreign = (
        make_quarantined(world.account),
        make_quarantined(world.account),
        make_quarantined(builders.make_account()),
    )

    page = act(client, do="discard", id=[one.pk, foreign.pk, "x"])

    assert "1 message is discarded." in page
    waiting = Notification.objects.filter(state="quarantined")
    assert set(waiting) == {other, foreign}


def test_all_of_one_reason_are_replayed(world: World, client: Client) -> None:
    for code in ("a.one", "a.one", "a.two"):
        make_quarantined(world.account, code=code, body="no json")

    act(client, do="replay_reason", reason="a.one")

    assert Notification.objects.exclude(replayed_at=None).count() == 2


def test_viewer_sees_but_may_not_act(world: World) -> None:
    make_quarantined(world.account)
    viewer = make_member_client(world.store, StoreMember.Role.VIEWER)

    assert "Messages in quarantine: 1" in text(viewer, LIST)
    response = viewer.post(reverse("amazon-quarantine-act"), {"do": "discard"})
    assert response.status_code == 403


def test_order_in_quarantine_is_listed_and_tried_again(
    world: World, client: Client
) -> None:
    later = timezone.now() + timedelta(hours=3)
    order = intake.quarantine_order(
        world.account, "902-9", code="orders.unreadable", message="No.", retry_at=later
    )

    assert "orders.unreadable" in text(client, LIST)
    client.post(reverse("amazon-order-retry", args=[order.pk]))

    assert Order.objects.get(pk=order.pk).fetch_after is None


def test_list_costs_the_same_with_many_rows(
    world: World, client: Client, django_assert_max_num_queries: Any
) -> None:
    for _ in range(30):
        make_quarantined(world.account)

    with django_assert_max_num_queries(22 + SIDE_BAR):
        text(client, LIST)


def test_overview_names_what_is_in_quarantine(world: World, client: Client) -> None:
    make_quarantined(world.account)

    page = text(client, "amazon-status", world.account.pk)

    assert "1 message of Amazon&#x27;s is in quarantine." in page
