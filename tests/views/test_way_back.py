"""Nobody ends where there is no page: not by a link, a form, or an error."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, unquote

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

from channels_amazon.models import Shipment
from channels_amazon.views import errors, way_back
from tests.shoplink.every_page import Rows, pages
from tests.views.scene import MODEL_BACKEND, World, make_world, ship_data, signed_in

ORIGIN = "http://testserver"


@pytest.fixture
def world(db: None) -> World:
    """Give a store with rows and its owner."""
    return make_world()


def text_of(response: Any) -> str:
    """Return what the page says."""
    return str(response.content.decode())


@pytest.mark.django_db
def test_no_address_that_is_opened_says_that_it_takes_forms_alone() -> None:
    rows = Rows()
    found = {
        # Signing out by an address would end the others.
        page.name: signed_in(rows.user).get(page.address).status_code
        for page in pages(rows)
    }

    assert found["admin:logout"] == 302
    assert [name for name, status in found.items() if status == 405] == []


def test_action_leads_to_the_page_it_belongs_to(world: World) -> None:
    client = signed_in(world.owner)
    ship = reverse("amazon-order-ship", args=[world.order.pk])

    opened = client.get(ship)

    assert opened["Location"] == reverse("amazon-order-detail", args=[world.order.pk])
    assert client.get(reverse("admin:logout"))["Location"] == reverse("admin:index")


@pytest.mark.django_db
def test_each_action_leads_straight_to_a_page() -> None:
    rows = Rows()
    client = signed_in(rows.user)
    actions = [
        page
        for page in pages(rows)
        if page.name.startswith("amazon-")
        and client.get(page.address, headers={"accept": "text/plain"}).status_code
        == 405
    ]

    led = {page.name: client.get(page.address)["Location"] for page in actions}
    reached = {name: client.get(where).status_code for name, where in led.items()}

    assert len(led) > 25
    assert {name: status for name, status in reached.items() if status != 200} == {}
    # None of these forms is on the page above its address.
    assert led["amazon-health-run"] == led["amazon-subscribe"]
    status = reverse("amazon-status", args=[rows.world.account.pk])
    assert led["amazon-subscribe"] == status
    store = f"{reverse('amazon-store-endpoint')}?store={rows.world.store.pk}"
    assert led["amazon-endpoint-set"] == led["amazon-endpoint-secret"] == store
    assert led["amazon-order-retry"] == reverse("amazon-quarantine-list")


def test_program_is_told_that_an_action_takes_forms_alone(world: World) -> None:
    client = signed_in(world.owner)
    ship = reverse("amazon-order-ship", args=[world.order.pk])

    asked = client.get(ship, headers={"accept": "application/json"})

    assert asked.status_code == 405
    assert client.head(ship).status_code == 405


def test_form_after_the_end_is_said_not_to_be_taken(world: World) -> None:
    ship = reverse("amazon-order-ship", args=[world.order.pk])

    sent = Client().post(ship, {"tracking_number": "1Z999"})

    cookie = sent.cookies[way_back.NOT_TAKEN]
    assert unquote(cookie.value) == ship
    assert cookie["samesite"] == "Lax"
    # What was typed stays in the browser's tab.
    assert "1Z999" not in str(sent.headers) + str(sent.cookies)


def test_form_that_is_taken_leaves_no_mark(world: World) -> None:
    decline = reverse("amazon-order-reveal", args=[world.order.pk])

    assert way_back.NOT_TAKEN not in signed_in(world.owner).post(decline).cookies


def test_form_that_is_taken_after_all_takes_the_mark_back(world: World) -> None:
    client = signed_in(world.owner)
    ship = reverse("amazon-order-ship", args=[world.order.pk])
    reveal = reverse("amazon-order-reveal", args=[world.order.pk])
    client.cookies[way_back.NOT_TAKEN] = quote(ship, safe="")

    # Another form says nothing of this one, nor does a page.
    assert way_back.NOT_TAKEN not in client.post(reveal).cookies
    assert way_back.NOT_TAKEN not in client.get(ship).cookies

    sent = client.post(ship, ship_data(world.order))

    assert Shipment.objects.count() == 1
    assert sent.cookies[way_back.NOT_TAKEN].value == ""
    assert sent.cookies[way_back.NOT_TAKEN]["max-age"] == 0


def test_old_form_leads_back_to_its_page(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.owner, backend=MODEL_BACKEND)  # type: ignore[arg-type]
    shown = reverse("amazon-order-detail", args=[world.order.pk])
    ship = reverse("amazon-order-ship", args=[world.order.pk])

    sent = client.post(ship, {}, headers={"referer": f"{ORIGIN}{shown}?a=b"})

    assert sent.status_code == 403
    assert f'href="{shown}?a=b"' in text_of(sent)
    assert "what you typed stands in a new one" in text_of(sent)
    assert unquote(sent.cookies[way_back.NOT_TAKEN].value) == ship


@pytest.mark.parametrize(
    "referer",
    [
        "",
        "https://evil.example/admin/",
        "//evil.example/",
        "javascript:x",
        # Its host is ours; what follows is read as another one.
        f"{ORIGIN}//evil.example/sign-in",
        f"{ORIGIN}///evil.example",
        f"{ORIGIN}////evil.example/",
        f"{ORIGIN}/\\evil.example",
    ],
)
def test_error_leads_to_no_other_host(rf: RequestFactory, referer: str) -> None:
    request = rf.get("/admin/amazon/orders/99/", headers={"referer": referer})

    answer = errors.not_found(request, Exception())

    assert 'href="/admin/amazon/orders/"' in text_of(answer)
    assert "evil" not in text_of(answer)


def test_error_leads_back_to_where_the_reader_was(rf: RequestFactory) -> None:
    before = f"{ORIGIN}/admin/amazon/stock/?q=TEA"
    request = rf.get("/admin/amazon/orders/99/", headers={"referer": before})

    answer = errors.server_error(request)

    assert 'href="/admin/amazon/stock/?q=TEA"' in text_of(answer)
    assert way_back.NOT_TAKEN not in answer.cookies


def test_error_does_not_lead_back_to_itself(rf: RequestFactory) -> None:
    path = "/admin/amazon/orders/99/"
    request = rf.get(path, headers={"referer": f"{ORIGIN}{path}"})

    assert f'href="{path}"' not in text_of(errors.server_error(request))


def test_error_of_an_unknown_host_has_a_page(rf: RequestFactory) -> None:
    request = rf.get("/", headers={"host": "evil.example", "referer": "http://x/"})

    assert errors.bad_request(request).status_code == 400
