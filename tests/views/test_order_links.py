"""Order ids in logs and findings lead to the pages of their orders."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from channels_amazon.models import HealthFinding
from channels_amazon.views.order_links import addresses_in, addresses_of, parts_of
from tests import builders
from tests.views.scene import World, make_call, make_world, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """Give a store with an order and a store order."""
    return make_world()


@pytest.fixture
def client(world: World) -> Client:
    """Give a client in which the store's owner is signed in."""
    return signed_in(world.owner)


def request_of(user: Any) -> Any:
    """Return a request of this user."""
    request = RequestFactory().get("/")
    request.user = user
    return request


def page_of(world: World) -> str:
    """Return the address of the order's page."""
    return reverse("amazon-order-detail", args=[world.order.pk])


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("{id}", True),
        ("Order {id} is late, see ({id}).", True),
        ("1{id}", False),
        ("{id}2", False),
        ("{id}-7", False),
        ("x-{id}", False),
        ("no id at all", False),
    ],
)
def test_id_is_found_where_it_stands_alone(
    world: World, text: str, is_found: bool
) -> None:
    said = text.format(id=world.order.amazon_order_id)

    found = addresses_in(request_of(world.owner), [said])

    assert found == ({world.order.amazon_order_id: page_of(world)} if is_found else {})


def test_order_of_another_store_has_no_address(world: World) -> None:
    texts = [world.order.amazon_order_id]

    assert addresses_in(request_of(world.stranger), texts) == {}


def test_text_without_ids_asks_for_nothing(world: World) -> None:
    with CaptureQueriesContext(connection) as captured:
        assert addresses_in(request_of(world.owner), ["nothing", ""]) == {}
    assert not captured


def test_store_s_own_order_is_found_by_what_speaks_of_it(world: World) -> None:
    number = world.store_order.number
    told = builders.make_entry(
        world.account, code="fba_orders.refused", reference=number
    )
    call = make_call(world.account, operation="getFulfillmentOrder", reference=number)
    of_sku = builders.make_entry(world.account, code="stock.x", reference=number)
    request = request_of(world.owner)
    address = reverse("amazon-store-order-detail", args=[world.store_order.pk])

    assert addresses_of(request, [told]) == {number: address}
    assert addresses_of(request, [call]) == {number: address}
    assert addresses_of(request, [of_sku]) == {}
    assert addresses_of(request_of(world.stranger), [told]) == {}


def test_parts_are_the_text_again() -> None:
    addresses = {"902-0000001-0000001": "/a/"}
    text = "Of 902-0000001-0000001 and 902-0000002-0000002."

    parts = parts_of(text, addresses)

    assert "".join(part for part, _address in parts) == text
    assert [part for part, address in parts if address] == ["902-0000001-0000001"]


@pytest.mark.parametrize("tab", ["events", "calls"])
def test_log_links_references_and_ids_in_texts(
    world: World, client: Client, tab: str
) -> None:
    number = world.order.amazon_order_id
    make_call(world.account, status=400, reference=number)
    builders.make_entry(world.account, message=f"Order {number} & more", reference="S")

    page = client.get(reverse("amazon-log-list"), {"tab": tab}).content.decode()

    assert f'<a href="{page_of(world)}">{number}</a>' in page
    assert f"{number}</a> &amp; more" in page or tab == "calls"


def test_list_looks_all_its_orders_up_together(world: World, client: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("amazon-log-list"), {"tab": "calls"})
        return len(captured)

    make_call(world.account, reference=world.order.amazon_order_id)
    one = queries()
    for _ in range(20):
        order = builders.make_order(world.account)
        make_call(world.account, reference=order.amazon_order_id)

    assert queries() == one


@pytest.mark.parametrize("kind", ["events", "calls"])
def test_detail_leads_to_the_order_itself(
    world: World, client: Client, kind: str
) -> None:
    number = world.order.amazon_order_id
    rows = {
        "events": builders.make_entry(world.account, reference=number),
        "calls": make_call(world.account, reference=number),
    }

    address = reverse("amazon-log-detail", args=[kind, rows[kind].pk])
    page = client.get(address).content.decode()

    assert f'<a href="{page_of(world)}">{number}</a>' in page


def test_reference_that_is_no_order_leads_to_a_search(
    world: World, client: Client
) -> None:
    entry = builders.make_entry(world.account, reference="SKU/1")

    address = reverse("amazon-log-detail", args=["events", entry.pk])
    page = client.get(address).content.decode()

    assert f"{reverse('amazon-order-list')}?q=SKU/1" in page


def test_evidence_of_a_finding_leads_to_its_orders(
    world: World, client: Client
) -> None:
    number = world.order.amazon_order_id
    HealthFinding.objects.create(
        report=world.report,
        position=1,
        check_id="order_gap",
        code="orders.gap",
        level="error",
        cause=f"Order {number} is missing.",
        evidence={"orders": [number, "902-9999999-9999999"]},
    )
    address = reverse("amazon-health-report", args=[world.report.pk])
    file = reverse("amazon-health-download", args=[world.report.pk, "html"])

    page = client.get(address).content.decode()

    assert page.count(f'<a href="{page_of(world)}">{number}</a>') == 2
    assert "902-9999999-9999999</a>" not in page
    assert page_of(world) not in client.get(file).content.decode()
