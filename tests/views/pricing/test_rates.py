"""The page of exchange rates: its sentence, its table, rates by hand, the history."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import DjangoCaptureOnCommitCallbacks

from channels_amazon.models import AuditEntry, ManualRate, RatesFetch, Store
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.jobs import heartbeats
from channels_amazon.services.pricing.fetching import TASK
from channels_amazon.wording import sentence
from tests.builders import make_account, make_store, make_user
from tests.services.pricing.scene import make_euro_rates, make_manual_rate, sell_in
from tests.views.scene import World, make_member_client, make_world, signed_in

pytestmark = pytest.mark.django_db

PAGE = "amazon-exchange-rates"


@pytest.fixture
def world() -> World:
    """Give a store in dollars whose account also sells in pounds."""
    world = make_world()
    sell_in(world.account, "GBP")
    return world


@pytest.fixture
def client(world: World) -> Client:
    """Give a client in which an operator of the store is signed in."""
    return make_member_client(world.store, "operator")


def shown(client: Client, **query: str | int) -> str:
    """Return the page's text, without its markup."""
    response = client.get(reverse(PAGE), query)
    assert response.status_code == 200
    return plain(response)


def plain(response: Any) -> str:
    """Return the text of a page, its spaces as one."""
    text = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r"\s+", " ", text)


def enter(client: Client, store: Store, **over: Any) -> Any:
    """Send the form of a rate by hand."""
    today = timezone.now().date().isoformat()
    given = {"currency": "GBP", "value": "0.79", "day": today, "reason": "By contract"}
    return client.post(reverse("amazon-rate-set", args=[store.pk]), given | over)


def test_who_has_no_store_is_told_so() -> None:
    assert "You have no store yet" in shown(signed_in(make_user()))


def test_store_in_one_currency_needs_none() -> None:
    account = make_account(make_store(currency="USD"))
    text = shown(make_member_client(account.store, "viewer"))
    assert "another currency than USD: no exchange rate is needed" in text


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: make_euro_rates(), "are of today; no price waits for one"),
        (lambda: make_euro_rates(days_ago=1), "1 day old; no price waits"),
        (lambda: make_euro_rates(days_ago=3), "3 days old; no price waits"),
        (lambda: make_euro_rates(days_ago=7), "no rate to go by for GBP"),
        (lambda: None, "no rate to go by for GBP: no price that needs it is sent"),
    ],
)
def test_sentence_says_how_old_and_whether_prices_wait(
    client: Client, make: Callable[[], None], words: str
) -> None:
    make()
    assert words in shown(client)


def test_rate_by_hand_stands_for_the_bank(world: World, client: Client) -> None:
    make_manual_rate(world.store, quote="GBP", value="0.79")
    text = shown(client)
    assert "All exchange rates are entered by hand" in text
    assert "Pegged to the dollar" in text
    assert "someone" in text


def test_table_says_rate_source_day_and_sites(client: Client) -> None:
    make_euro_rates(days_ago=2, USD="2", GBP="1")
    text = shown(client)
    day = (timezone.now() - timedelta(days=2)).date()
    assert f"GBP 0.5 ▲ Usable European Central Bank {day} 2 days old GB" in re.sub(
        "[●✓▲■○]", "▲", text
    )


def test_failed_look_is_told_with_its_reason(client: Client) -> None:
    now = timezone.now()
    RatesFetch.objects.create(
        attempted_at=now,
        next_at=now + timedelta(minutes=20),
        failures=2,
        code="price.rates_unreachable",
        error=sentence("The name %(host)s could not be resolved.", host="bank.example"),
    )
    text = shown(client)
    assert "failed: The name bank.example could not be resolved." in text


def test_rate_is_entered_changed_and_removed(world: World, client: Client) -> None:
    make_euro_rates()
    assert enter(client, world.store, value="0.79").status_code == 302
    assert enter(client, world.store, value="0.8").status_code == 302
    row = ManualRate.objects.in_force().get()
    assert (f"{row.value.normalize():f}", row.base, row.quote) == ("0.8", "USD", "GBP")
    assert row.reason == "By contract"

    url = reverse("amazon-rate-remove", args=[row.pk])
    assert client.post(url, {"reason": "Over"}).status_code == 302
    assert not ManualRate.objects.in_force().exists()
    entries = AuditEntry.objects.filter(code__startswith="price.").order_by("pk")
    codes = list(entries.values_list("code", flat=True))
    assert codes == ["price.rate_set", "price.rate_set", "price.rate_removed"]


def test_double_click_enters_one(world: World, client: Client) -> None:
    enter(client, world.store)
    again = enter(client, world.store)
    assert ManualRate.objects.count() == 1
    (message,) = [str(one) for one in get_messages(again.wsgi_request)][-1:]
    assert "nothing was changed" in message


@pytest.mark.parametrize(
    "over",
    [
        {"value": ""},
        {"value": "0"},
        {"value": "-1"},
        {"value": "0,79"},
        {"value": "1e30"},
        {"value": "NaN"},
        {"currency": "USD"},
        {"currency": "XXX"},
        {"day": "2999-01-01"},
        {"day": "1999-01-04"},
        {"day": "yesterday"},
        {"reason": " "},
        {"reason": "x" * 201},
        {"reason": "a\0b"},
    ],
)
def test_odd_entry_is_explained_and_keeps_what_was_typed(
    world: World, client: Client, over: dict[str, str]
) -> None:
    response = enter(client, world.store, **over)
    assert response.status_code == 422
    assert "errorlist" in response.content.decode()
    assert "By contract" in response.content.decode() or "reason" in over
    assert not ManualRate.objects.exists()


def test_rate_far_from_the_banks_is_asked_about_once(
    world: World, client: Client
) -> None:
    make_euro_rates(USD="1.25", GBP="1")
    turned_round = enter(client, world.store, value="1.25")

    assert turned_round.status_code == 422
    assert "one USD is 0.8 GBP" in plain(turned_round)
    assert not ManualRate.objects.exists()
    meant = enter(client, world.store, value="1.25", is_meant="on")
    assert meant.status_code == 302
    assert ManualRate.objects.exists()


def test_rate_of_a_currency_that_the_bank_does_not_list_is_taken(
    world: World, client: Client
) -> None:
    make_euro_rates()
    sell_in(world.account, "AED")
    assert "no rate to go by for AED" in shown(client)
    enter(client, world.store, currency="AED", value="3.6725")
    assert "are of today; no price waits" in shown(client)


def test_removal_wants_a_reason(world: World, client: Client) -> None:
    row = make_manual_rate(world.store)
    response = client.post(reverse("amazon-rate-remove", args=[row.pk]), {})
    assert response.status_code == 422
    assert "<details open>" in response.content.decode()
    assert ManualRate.objects.in_force().exists()


def test_removing_twice_says_so(world: World, client: Client) -> None:
    row = make_manual_rate(world.store)
    url = reverse("amazon-rate-remove", args=[row.pk])
    client.post(url, {"reason": "Over"})
    again = client.post(url, {"reason": "Over"})
    (message,) = [str(one) for one in get_messages(again.wsgi_request)][-1:]
    assert "removed or replaced before" in message


def test_viewer_sees_rates_and_changes_none(world: World) -> None:
    viewer = make_member_client(world.store, "viewer")
    row = make_manual_rate(world.store)
    page = viewer.get(reverse(PAGE)).content.decode()

    assert "3.6725" in page
    assert "amazon/exchange-rates/manual" not in page
    assert enter(viewer, world.store).status_code == 403
    url = reverse("amazon-rate-remove", args=[row.pk])
    assert viewer.post(url, {"reason": "Over"}).status_code == 403
    assert ManualRate.objects.in_force().count() == 1


def test_page_shows_the_store_that_the_address_names(world: World) -> None:
    other = make_account(make_store(currency="CNY"))
    sell_in(other, "SEK")
    both = signed_in(make_user(is_superuser=True))

    assert "What one CNY is" in shown(both, store=other.store.pk)
    assert "What one CNY is" in shown(both, account=other.pk)
    assert "What one USD is" in shown(both, store=world.store.pk)


def test_form_begins_with_the_currency_of_the_link(client: Client) -> None:
    page = client.get(reverse(PAGE), {"currency": "GBP"}).content.decode()
    assert '<option value="GBP" selected>' in page


def test_history_is_the_stores_own(world: World, client: Client) -> None:
    make_euro_rates()
    response = client.get(reverse("amazon-rates-history", args=[world.store.pk]))

    assert response["Content-Type"].startswith("text/csv")
    assert ",USD,GBP," in response.content.decode()
    other = reverse("amazon-rates-history", args=[make_store().pk])
    assert client.get(other).status_code == 404


@pytest.mark.parametrize(
    ("works", "words"), [(True, "being fetched"), (False, "No worker runs")]
)
def test_newer_rates_are_looked_for_by_a_worker(
    world: World,
    client: Client,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    *,
    works: bool,
    words: str,
) -> None:
    if works:
        heartbeats.beat(Process.QUEUE)
    url = reverse("amazon-rates-fetch", args=[world.store.pk])
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(url)

    assert [one.func() for one in OrmQ.objects.all()] == [TASK]
    (message,) = [str(one) for one in get_messages(response.wsgi_request)]
    assert words in message


def test_page_asks_as_much_for_many_currencies_as_for_one(
    world: World, client: Client, django_assert_max_num_queries: Any
) -> None:
    make_euro_rates()
    shown(client)
    sell_in(world.account, "SEK", "PLN", "JPY", "AED", "EUR")
    for currency in ("SEK", "PLN", "AED"):
        make_manual_rate(world.store, quote=currency)
    with django_assert_max_num_queries(30):
        shown(client)
