"""What waits says for what it waits, and by which page that ends."""

from __future__ import annotations

import pytest
from django.urls import reverse

from channels_amazon.models import AmazonAccount
from channels_amazon.rules.installation.identity import Standing
from channels_amazon.services.installation import guard
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
    assert standstill_of(builders.make_account()) is None


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

    found = standstill_of(account)

    assert found is not None
    assert found.text.endswith(says)
    assert found.link == f"{reverse('amazon-connect')}?account={account.pk}"


def test_lost_authorisation_comes_before_a_worker_that_is_down() -> None:
    account = builders.make_account(state=State.NEEDS_AUTHORIZATION)
    working = builders.make_account()

    revoked = standstill_of(account, is_worker_alive=False)
    silent = standstill_of(working, is_worker_alive=False)

    assert revoked == standstill_of(account)
    assert silent is not None
    assert silent.text == "No worker runs: what waits is sent once one does."
    assert silent.link.endswith("#processes")


def test_quantities_alone_wait_for_somebody_to_go_live() -> None:
    account = builders.make_account(live_at=None)

    found = quantity_standstill_of(account, is_worker_alive=False)

    assert found is not None
    assert found.word == "Not live yet"
    assert found.link == reverse("amazon-go-live", args=[account.pk])
    assert standstill_of(account) is None


def test_quantities_of_a_live_account_wait_for_what_all_wait_for() -> None:
    live = builders.make_account()
    lost = builders.make_account(live_at=None, state=State.NEEDS_AUTHORIZATION)

    silent = quantity_standstill_of(live, is_worker_alive=False)

    assert quantity_standstill_of(live) is None
    assert silent == standstill_of(live, is_worker_alive=False)
    assert quantity_standstill_of(lost) == standstill_of(lost)


def test_paused_installation_leads_nowhere_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paused(monkeypatch)

    for state in (State.CONNECTED, State.NEEDS_AUTHORIZATION):
        found = standstill_of(builders.make_account(state=state))
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
