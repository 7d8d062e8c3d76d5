"""What waits says for what it waits, and by which page that ends."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from channels_amazon.models import AmazonAccount
from channels_amazon.rules.health.liveness import Process
from channels_amazon.rules.installation.identity import Standing
from channels_amazon.services.installation import guard
from channels_amazon.services.jobs import heartbeats, lifecycle
from channels_amazon.views.standstill import quantity_standstill_of, standstill_of
from tests import builders
from tests.services.mcf.scene import make_pool, offered
from tests.views.scene import make_member_client

pytestmark = pytest.mark.django_db
State = AmazonAccount.State


def paused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this installation be a copy, which sends nothing."""
    monkeypatch.setattr(guard, "state", lambda: guard.GuardState(Standing.COPY))


def test_nothing_stands_still_while_all_goes_on() -> None:
    assert standstill_of(builders.make_account(), is_worker_alive=True) is None


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (State.NEEDS_AUTHORIZATION, "once the account is authorised again."),
        (State.DISCONNECTED, "only if it is connected again."),
    ],
)
def test_account_without_authorisation_leads_to_its_own_way(
    state: str, says: str
) -> None:
    account = builders.make_account(state=state)

    found = standstill_of(account, is_worker_alive=True)

    assert found is not None
    assert found.text.endswith(says)
    assert found.link == f"{reverse('amazon-connect')}?account={account.pk}"


def test_lost_authorisation_comes_before_a_worker_that_is_down() -> None:
    account = builders.make_account(state=State.NEEDS_AUTHORIZATION)
    working = builders.make_account()

    revoked = standstill_of(account, is_worker_alive=False)
    silent = standstill_of(working, is_worker_alive=False)

    assert revoked == standstill_of(account, is_worker_alive=True)
    assert silent is not None
    assert silent.text == "No worker runs: what waits is sent once one does."
    assert silent.link.endswith("#processes")


def test_quantities_alone_wait_for_somebody_to_go_live() -> None:
    account = builders.make_account(live_at=None)

    found = quantity_standstill_of(account, is_worker_alive=False)

    assert found is not None
    assert found.word == "Not live yet"
    assert found.link == reverse("amazon-go-live", args=[account.pk])
    assert standstill_of(account, is_worker_alive=True) is None


def test_quantities_of_a_live_account_wait_for_what_all_wait_for() -> None:
    live = builders.make_account()
    lost = builders.make_account(live_at=None, state=State.NEEDS_AUTHORIZATION)

    silent = quantity_standstill_of(live, is_worker_alive=False)

    assert quantity_standstill_of(live, is_worker_alive=True) is None
    assert silent == standstill_of(live, is_worker_alive=False)
    alive = {"is_worker_alive": True}
    assert quantity_standstill_of(lost, **alive) == standstill_of(lost, **alive)


def test_paused_installation_leads_nowhere_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paused(monkeypatch)

    for state in (State.CONNECTED, State.NEEDS_AUTHORIZATION):
        found = standstill_of(builders.make_account(state=state), is_worker_alive=True)
        assert found is not None
        assert "while this installation is paused" in found.text
        assert found.link == ""


def test_mcf_order_of_a_revoked_account_is_not_on_its_way() -> None:
    listing = make_pool()
    order = offered(listing, 4)
    AmazonAccount.objects.update(state=State.NEEDS_AUTHORIZATION)
    client = make_member_client(listing.account.store, "operator")

    page = client.get(reverse("amazon-store-order-detail", args=[order.pk])).text

    assert "It is on its way to Amazon." not in page
    assert "what waits is sent once the account is authorised again." in page


def test_order_that_is_stale_is_not_being_fetched_without_a_worker() -> None:
    order = builders.make_order(status="cancelled", stale_since=timezone.now())
    client = make_member_client(order.account.store, "operator")
    address = reverse("amazon-order-detail", args=[order.pk])

    waiting = client.get(address).context["next_step"].text
    heartbeats.beat(Process.QUEUE)
    going_on = client.get(address).context["next_step"].text

    assert waiting == "Amazon knows more, which is not fetched now: no worker runs."
    assert going_on == "Amazon knows more: the order is being fetched."


def test_order_out_of_quarantine_waits_for_a_worker() -> None:
    order = builders.make_order(
        stale_since=timezone.now(), quarantine_code="orders.unreadable"
    )
    client = make_member_client(order.account.store, "operator")
    address = reverse("amazon-order-retry", args=[order.pk])

    page = client.post(address, follow=True).text

    assert "fetched again once something can be: no worker runs." in page
    assert "is being fetched again" not in page


def test_finished_first_pull_is_not_kept_up_to_date_without_a_worker() -> None:
    account = builders.make_account()
    lifecycle.ensure_jobs(account)
    account.jobs.update(first_done_at=timezone.now())
    client = make_member_client(account.store, "operator")
    address = reverse("amazon-account-progress", args=[account.pk])

    waiting = client.get(address).text
    heartbeats.beat(Process.QUEUE)
    going_on = client.get(address).text

    assert "no worker runs: it is kept up to date once one does." in waiting
    assert "no worker runs" not in going_on
