"""The pages of store orders: what they say, what they let people do."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from channels_amazon.models import (
    AmazonAccount,
    DiagnosticEntry,
    FulfillmentOrder,
    Listing,
    McfRule,
    StoreMember,
    StoreOrder,
)
from channels_amazon.rules.health.liveness import Process
from channels_amazon.rules.mcf.terms import Candidate, SpeedOffer
from channels_amazon.services.jobs import heartbeats
from channels_amazon.services.mcf import decisions, results
from channels_amazon.storefronts.store_order_file import decoded, read_orders
from tests.builders import HOME, make_order, make_store, place_order
from tests.conftest import ROOT
from tests.services.mcf.scene import make_pool, offered
from tests.views.scene import make_member_client

pytestmark = pytest.mark.django_db

Role = StoreMember.Role


@pytest.fixture
def listing() -> Listing:
    """Give a listing with ten units in an FBA pool, and a rule that uses it."""
    return make_pool()


@pytest.fixture
def client(listing: Listing) -> Client:
    """Give a client of an operator of the listing's store, while a worker lives."""
    heartbeats.beat(Process.QUEUE)
    return make_member_client(listing.account.store, Role.OPERATOR)


def text_of(client: Client, order: StoreOrder) -> str:
    """Return the order's page."""
    response = client.get(reverse("amazon-store-order-detail", args=[order.pk]))
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def press(client: Client, name: str, order: StoreOrder) -> str:
    """Press a button of the order's page and return the page that follows."""
    response = client.post(
        reverse(f"amazon-store-order-{name}", args=[order.pk]), follow=True
    )
    order.refresh_from_db()
    return " ".join(response.content.decode().split())


def test_empty_list_explains_and_offers_the_next_step(client: Client) -> None:
    page = client.get(reverse("amazon-store-order-list")).content.decode()

    assert "No store order is here yet" in page
    assert reverse("amazon-store-order-import") in page


def test_list_says_what_needs_somebody_and_finds_by_number(
    client: Client, listing: Listing
) -> None:
    store = listing.account.store
    odd = place_order(store, ("UNKNOWN", 1), number="ODD-1")
    place_order(store, (listing.seller_sku, 1), number="NEW-1")

    page = client.get(reverse("amazon-store-order-list")).content.decode()
    found = client.get(reverse("amazon-store-order-list"), {"q": "ODD-1"})

    assert "1 store order needs you" in page
    assert "1 waiting for Amazon" in page
    assert [row.pk for row in found.context["slice"].rows] == [odd.pk]


def test_list_takes_the_same_queries_for_more_orders(
    client: Client,
    listing: Listing,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    address = reverse("amazon-store-order-list")
    offered(listing, 1)
    client.get(address)
    # Four of them for the side bar.
    with django_assert_num_queries(11 + 4) as few:
        client.get(address)
    for _ in range(5):
        offered(listing, 1)
    with django_assert_num_queries(len(few)):
        client.get(address)


def test_page_tells_why_and_what_amazon_offered(
    client: Client, listing: Listing
) -> None:
    order = offered(listing, 4)

    page = text_of(client, order)

    assert "It is on its way to Amazon." in page
    assert McfRule.objects.get().name in page
    assert "Amazon ships in time" in page
    assert "$5.00" in page
    assert "can be shipped" in page
    assert "US 6" in page


def test_page_tells_why_no_rule_took_the_order(
    client: Client, listing: Listing
) -> None:
    order = offered(listing, 11)

    page = text_of(client, order)

    assert "Neither the store" in page
    assert "an order is not split" in page
    assert "Decide again" in page
    assert "Ship it myself" in page


def test_page_shows_parcels_and_the_order_among_amazons(
    client: Client, listing: Listing
) -> None:
    order = offered(listing, 1)
    placed = FulfillmentOrder.objects.get()
    FulfillmentOrder.objects.update(state="complete", amazon_order_id="S01-1")
    placed.packages.create(
        package_id="1", carrier="UPS", tracking_number="1Z9", status="in_transit"
    )
    StoreOrder.objects.update(state="done")
    theirs = make_order(
        listing.account,
        amazon_order_id="S01-1",
        channel_name="NON_AMAZON",
        fulfilled_by="amazon",
    )

    page = text_of(client, order)
    listed = client.get(reverse("amazon-order-detail", args=[theirs.pk]))
    orders = client.get(reverse("amazon-order-list")).content.decode()

    assert "1Z9" in page
    assert "On its way" in page
    assert reverse("amazon-order-detail", args=[theirs.pk]) in page
    address = reverse("amazon-store-order-detail", args=[order.pk])
    assert address in listed.content.decode()
    assert "placed by us" in orders


def test_cancel_says_what_happens_and_does_it(client: Client, listing: Listing) -> None:
    order = offered(listing, 4)
    assert "Amazon was not told yet" in text_of(client, order)

    page = press(client, "cancel", order)

    assert "cancelled before Amazon was told" in page
    assert order.state == "cancelled"
    assert "Cancel the order" not in page


def test_cancel_that_comes_too_late_is_told(client: Client, listing: Listing) -> None:
    order = offered(listing, 4)
    FulfillmentOrder.objects.update(state="processing", api_version="2020-07-01")
    assert "Cancel the order" not in text_of(client, order)

    page = press(client, "cancel", order)

    assert "already packing" in page
    assert order.state == "at_amazon"


def test_person_ships_what_nobody_can(client: Client, listing: Listing) -> None:
    order = offered(listing, 11)

    page = press(client, "ship", order)

    assert order.state == "local"
    assert "Ship it from here" in page


def test_person_decides_again_after_a_refusal(client: Client, listing: Listing) -> None:
    order = offered(listing, 4)
    results.mark_refused(
        FulfillmentOrder.objects.get(), code="amazon.invalid", reason="No such street."
    )
    assert "No such street." in text_of(client, order)

    press(client, "decide", order)

    assert order.state == "new"
    assert not FulfillmentOrder.objects.exists()


def test_undecided_order_says_that_its_job_stands_still(
    client: Client, listing: Listing
) -> None:
    order = place_order(listing.account.store, (listing.seller_sku, 1))
    assert "what MCF would cost" in text_of(client, order)

    listing.account.jobs.create(
        kind="fba_orders",
        due_at=timezone.now(),
        blocked_code="permission.orders_missing",
        blocked_message="The role is missing.",
    )

    assert "The role is missing." in text_of(client, order)


def test_address_is_masked_and_revealed_only_to_who_may(listing: Listing) -> None:
    order = place_order(listing.account.store, (listing.seller_sku, 1))
    store = listing.account.store
    plain = make_member_client(store, Role.OPERATOR)
    seeing = make_member_client(store, Role.OPERATOR, sees_personal_data=True)
    address = reverse("amazon-store-order-reveal", args=[order.pk])

    assert "Ann Buyer" not in text_of(seeing, order)
    assert plain.post(address).status_code == 403
    assert "Ann Buyer" in seeing.post(address).content.decode()
    assert DiagnosticEntry.objects.filter(code="personal_data.revealed").count() == 1


def test_file_is_looked_at_then_imported(client: Client, listing: Listing) -> None:
    head = "order,sku,quantity,name,address1,city,postal_code,country\n"
    rows = f"F-1,{listing.seller_sku},1,Ann,S,Seattle,98103,US\nF-2,X,1,A,S,C,1,XX\n"

    def send(button: str) -> Any:
        file = SimpleUploadedFile("orders.csv", (head + rows).encode())
        data = {"store": listing.account.store_id, "file": file, button: ""}
        return client.post(reverse("amazon-store-order-import"), data)

    looked = " ".join(send("look").content.decode().split())
    assert "Nothing was kept. New orders: 1 of 1; 1 cannot be taken." in looked
    assert "The country must be" in looked
    assert not StoreOrder.objects.exists()

    imported = send("import").content.decode()
    assert "New orders: 1 of 1" in imported
    assert StoreOrder.objects.get().number == "F-1"


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"order,sku\n", b"x" * 2_100_000]
)
def test_file_that_cannot_be_read_is_told(client: Client, content: bytes) -> None:
    store = AmazonAccount.objects.get().store
    file = SimpleUploadedFile("orders.csv", content)

    response = client.post(
        reverse("amazon-store-order-import"),
        {"store": store.pk, "file": file, "import": ""},
    )

    assert response.status_code == 422
    assert not StoreOrder.objects.exists()


def test_file_for_another_store_is_refused(client: Client) -> None:
    file = SimpleUploadedFile("orders.csv", b"order\n")
    data = {"store": make_store().pk, "file": file, "import": ""}

    assert client.post(reverse("amazon-store-order-import"), data).status_code == 422


def test_viewer_cannot_import(listing: Listing) -> None:
    viewer = make_member_client(listing.account.store, Role.VIEWER)
    address = reverse("amazon-store-order-import")

    assert viewer.post(address, {}).status_code == 403
    assert "looking only" in viewer.get(address).content.decode()


def test_example_file_has_no_rejected_row() -> None:
    path = ROOT / "static/channels_amazon/store_orders_example.csv"

    assert len(list(read_orders(decoded(path.read_bytes())))) == 2


def rule_data(account: AmazonAccount, **over: Any) -> dict[str, Any]:
    """Return what the rule form sends."""
    fields: dict[str, Any] = {
        "account": account.pk,
        "name": "To America",
        "prefer": "fba_first",
        "countries": "us, uk",
        "kept_units": 2,
        "most_fee": "9.50",
        "is_active": "on",
    }
    return fields | over


def test_rule_is_tried_without_being_saved_then_saved(
    client: Client, listing: Listing
) -> None:
    McfRule.objects.all().delete()
    account = listing.account
    order = place_order(account.store, (listing.seller_sku, 3))
    address = reverse("amazon-fba-rule-add")

    tried = client.post(address, rule_data(account, **{"try": ""})).content.decode()
    assert order.number in tried
    assert "Amazon's price decides" in tried.replace("&#x27;", "'")
    assert not McfRule.objects.exists()

    client.post(address, rule_data(account, save=""))
    rule = McfRule.objects.get()
    assert (rule.countries, rule.most_fee) == (["GB", "US"], Decimal("9.50"))
    assert rule.is_active
    assert rule.store == account.store


def test_rule_is_tried_with_what_amazon_said_of_the_order(
    client: Client, listing: Listing
) -> None:
    order = place_order(listing.account.store, (listing.seller_sku, 3))
    candidate = Candidate(listing.account_id, HOME["na"][0], "US")
    offer = SpeedOffer("standard", is_fulfillable=True, fee=Decimal(20), currency="USD")
    decisions.keep_offers(order, candidate, [offer])
    rule = McfRule.objects.get()
    address = reverse("amazon-fba-rule-edit", args=[rule.pk])

    page = client.post(address, rule_data(listing.account, **{"try": ""}))

    assert "more than the 9.50" in page.content.decode()
    rule.refresh_from_db()
    assert rule.most_fee is None


@pytest.mark.parametrize(
    "over",
    [
        {"countries": "Germany"},
        {"most_fee": "-1"},
        {"kept_units": "-1"},
        {"name": ""},
        {"prefer": "x"},
        {"account": 0},
    ],
)
def test_rule_that_cannot_be_is_refused(
    client: Client, listing: Listing, over: dict[str, Any]
) -> None:
    address = reverse("amazon-fba-rule-add")

    response = client.post(address, rule_data(listing.account, save="") | over)

    assert response.status_code == 422
    assert McfRule.objects.count() == 1


def test_rule_is_deleted_and_the_list_explains(
    client: Client, listing: Listing
) -> None:
    rule = McfRule.objects.get()
    assert rule.name in client.get(reverse("amazon-fba-rule-list")).content.decode()

    client.post(reverse("amazon-fba-rule-delete", args=[rule.pk]))

    page = client.get(reverse("amazon-fba-rule-list")).content.decode()
    assert "No rule is switched on" in page
    assert not McfRule.objects.exists()


def test_delivered_order_asks_for_nothing(client: Client, listing: Listing) -> None:
    order = offered(listing, 1)
    now = timezone.now()
    FulfillmentOrder.objects.update(state="complete", ended_at=now)
    StoreOrder.objects.update(
        state="done", delivered_at=now, placed_at=now - timedelta(days=3)
    )
    order.refresh_from_db()

    page = text_of(client, order)

    assert "Delivered: nothing to do." in page
    assert "Cancel the order" not in page
