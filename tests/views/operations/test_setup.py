"""The first sign-in leads from nothing to a store that can connect."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import translation

from channels_amazon.forms.local_times import time_zones
from channels_amazon.forms.setup import countries
from channels_amazon.models import Store, StoreMember, Variant, Warehouse
from channels_amazon.services.accounts.store_setup import (
    Step,
    StoreDraft,
    create_store,
    done_steps,
    first_lacking,
)
from tests.builders import make_account, make_entry, make_store, make_user
from tests.views.scene import make_member_client, signed_in

pytestmark = pytest.mark.django_db
SETUP = "/admin/amazon/setup/"
CATALOGUE = "sku,title,stock\nMUG-1,Mug,5\nMUG-2,Second mug,\n,No SKU,1\n"


@pytest.fixture
def host() -> Any:
    """Give the user whom `createsuperuser` made."""
    return make_user(is_superuser=True)


@pytest.fixture
def client(host: Any) -> Client:
    """Give a browser in which that user is signed in."""
    return signed_in(host)


def make_store_by_page(client: Client, host: Any, **over: Any) -> Any:
    """Send the form of the first step."""
    form = {
        "name": "Teekontor",
        "owner": host.pk,
        "time_zone": "Asia/Shanghai",
        "language": "en",
        "currency": "CNY",
        "plan": "flagship",
    }
    return client.post(SETUP, form | over)


def send(client: Client, store: Store, step: str, **form: Any) -> Any:
    """Send the form of a later step."""
    return client.post(f"{SETUP}{store.pk}/", {"step": step, **form})


def test_front_page_leads_who_runs_it_to_the_set_up(client: Client) -> None:
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0] == SETUP
    assert "Set up the store first" in answer.content.decode()


def test_connect_page_offers_the_set_up(client: Client) -> None:
    for name in ("amazon-connect", "amazon-connect-private"):
        page = client.get(reverse(name)).content.decode()
        assert "Only an owner of a store" not in page
        assert f'href="{SETUP}"' in page


def test_steps_lead_to_a_store_that_can_connect(client: Client, host: Any) -> None:
    answer = make_store_by_page(client, host)
    store = Store.objects.get()
    assert answer["Location"] == f"{SETUP}{store.pk}/"
    assert (store.time_zone, store.currency) == ("Asia/Shanghai", "CNY")
    assert store.members.get().role == StoreMember.Role.OWNER

    send(client, store, "warehouse", name="Kontor 上海", country_code="CN")
    assert store.warehouses.get().is_default
    file = SimpleUploadedFile("c.csv", CATALOGUE.encode())
    page = send(client, store, "catalogue", file=file)
    assert page.status_code == 302
    page = client.get(page["Location"])
    assert Variant.objects.filter(store=store).count() == 2
    assert "2 products are known now." in page.content.decode()
    assert "Line 4 was left out" in page.content.decode()
    assert f"{reverse('amazon-connect')}?store={store.pk}" in page.content.decode()
    assert (
        client.get(f"{reverse('amazon-connect')}?store={store.pk}").status_code == 200
    )


def test_set_up_is_resumed_where_it_was_left(client: Client, host: Any) -> None:
    make_store_by_page(client, host)
    store = Store.objects.get()
    answer = client.get("/admin/", follow=True)
    assert "Go on with the set-up" in answer.content.decode()
    page = client.get(SETUP, follow=True)
    assert page.redirect_chain == [(f"{SETUP}{store.pk}/", 302)]
    assert "Open the warehouse" in page.content.decode()
    assert "Make the store" not in page.content.decode()


def test_store_of_an_earlier_version_is_led_on(client: Client) -> None:
    store = make_store()
    page = client.get(f"{SETUP}{store.pk}/").content.decode()
    for button in ('value="owner"', 'value="place"', 'value="warehouse"'):
        assert button in page
    send(client, store, "owner", owner=make_user().pk)
    send(client, store, "place", time_zone="UTC", language="zh-hans", currency="EUR")
    store.refresh_from_db()
    assert {Step.OWNER, Step.PLACE} <= done_steps(store)


def test_store_with_an_account_is_not_called_incomplete(client: Client) -> None:
    make_account(make_store())
    page = client.get("/admin/", follow=True).content.decode()
    assert "is not set up completely yet" not in page


def test_catalogue_may_be_skipped(client: Client, host: Any) -> None:
    make_store_by_page(client, host)
    store = Store.objects.get()
    send(client, store, "warehouse", name="Main", country_code="")
    page = client.get(f"{SETUP}{store.pk}/").content.decode()
    assert "You may skip this" in page
    assert "is set up: connect it to Amazon" in page


@pytest.mark.parametrize(
    "file", [b"\xff\xfe", b"a,b\n1,2\n", b"sku,title\n" + b"A,B\n" * 1001]
)
def test_catalogue_that_cannot_be_read_is_refused(client: Client, file: bytes) -> None:
    store = make_store()
    sent = SimpleUploadedFile("c.csv", file)
    page = send(client, store, "catalogue", file=sent)
    assert page.status_code == 422
    assert "errorlist" in page.content.decode()
    assert not Variant.objects.exists()


def test_wrong_place_is_refused(client: Client) -> None:
    store = make_store()
    form = {"time_zone": "Mars/Olympus", "language": "en", "currency": "EUR"}
    assert send(client, store, "place", **form).status_code == 422
    assert Store.objects.get().time_zone == ""


def test_chosen_language_is_the_pages_next(client: Client, host: Any) -> None:
    answer = make_store_by_page(client, host, language="zh-hans")
    assert client.get(answer["Location"]).headers["Content-Language"] == "zh-hans"


def test_nobody_else_makes_stores_or_owners(host: Any) -> None:
    store = make_store(time_zone="UTC")
    owner = make_member_client(store, StoreMember.Role.OWNER)
    assert make_store_by_page(owner, host).status_code == 403
    assert send(owner, store, "owner", owner=host.pk).status_code == 403
    assert Store.objects.count() == 1
    assert store.members.count() == 1


@pytest.mark.parametrize("owner", ["1", "0", ""])
def test_owner_step_is_refused_before_its_form_is_read(host: Any, owner: str) -> None:
    store = make_store()
    member = make_member_client(store, StoreMember.Role.OWNER)

    answer = send(member, store, "owner", owner=owner)

    # Else the answer would tell which users there are.
    assert answer.status_code == 403


def test_one_without_a_store_is_told_whom_to_ask() -> None:
    stranger = signed_in(make_user())
    assert client_text(stranger, SETUP).count("ask its owner") == 1
    assert client_text(stranger, "/admin/amazon/")


def client_text(client: Client, path: str) -> str:
    """Return the page at `path`, which must be there without a redirect."""
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_operator_and_stranger_may_not_set_a_store_up() -> None:
    store = make_store()
    operator = make_member_client(store, StoreMember.Role.OPERATOR)
    assert operator.get(f"{SETUP}{store.pk}/").status_code == 403
    assert signed_in(make_user()).get(f"{SETUP}{store.pk}/").status_code == 404
    assert not Warehouse.objects.exists()


def test_times_are_shown_in_the_store_s_zone() -> None:
    store = make_store(time_zone="Asia/Shanghai")
    make_entry(make_account(store))
    owner = make_member_client(store, StoreMember.Role.OWNER)
    page = client_text(owner, reverse("amazon-log-list"))
    assert "Time in Asia/Shanghai" in page
    assert " UTC+8</time>" in page


def test_name_of_another_store_gives_nobody_that_store(
    client: Client, host: Any
) -> None:
    store = make_store(name="Teekontor")
    answer = make_store_by_page(client, host)
    assert answer.status_code == 422
    assert not store.members.exists()


def test_last_of_many_stores_is_the_one_that_lacks_something(
    client: Client, host: Any, django_assert_max_num_queries: Any
) -> None:
    for number in range(6):
        create_store(
            StoreDraft(name=f"A{number}", owner=host, time_zone="UTC", warehouse="Main")
        )
    lacking = make_store(name="Z")
    with django_assert_max_num_queries(1):
        assert first_lacking(Store.objects.all()) == lacking
    assert client.get(SETUP)["Location"] == f"{SETUP}{lacking.pk}/"


def test_catalogue_may_be_as_large_as_its_form_says(client: Client, host: Any) -> None:
    store = create_store(StoreDraft(name="Tea", owner=host))[0]
    sent = SimpleUploadedFile("c.csv", b"sku,title\nMUG-1," + b"x" * 300_000)
    assert send(client, store, "catalogue", file=sent).status_code != 413


def test_lists_name_places_in_the_readers_language(client: Client) -> None:
    with translation.override("zh-hans"):
        zones, places = dict(time_zones()), dict(countries())
    page = client.get(SETUP, HTTP_ACCEPT_LANGUAGE="zh-hans").content.decode()

    assert zones["Asia/Shanghai"] == "Asia/Shanghai · 中国 · 上海"
    assert zones["Asia/Shanghai"] in page
    assert places["DE"] == "德国"
    # By the sound of the names: 阿 before 德 before 中.
    assert [code for code in places if code in {"AR", "CN", "DE"}] == ["AR", "DE", "CN"]


def test_lists_hold_countries_alone() -> None:
    with translation.override("en"):
        zones, places = dict(time_zones()), dict(countries())

    assert zones["Asia/Shanghai"] == "Asia/Shanghai · China"
    assert not {"EU", "UN", "XA", "ZZ"} & set(places)


def test_left_out_line_says_why_in_the_readers_language(
    client: Client, host: Any
) -> None:
    store = create_store(StoreDraft(name="Tea", owner=host))[0]
    file = SimpleUploadedFile("products.csv", CATALOGUE.encode())
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "zh-hans"
    send(client, store, "catalogue", file=file)
    page = client.get(f"{SETUP}{store.pk}/")

    assert "第 4 行未导入：sku 为空。" in page.content.decode()
