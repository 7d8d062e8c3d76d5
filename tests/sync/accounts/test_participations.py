"""What Amazon lists of an account's country sites, and what of it cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import AmazonAccount, DiagnosticEntry, SyncJob, SyncRun
from channels_amazon.spapi.operations import GET_MARKETPLACE_PARTICIPATIONS
from tests.amazon_proxy import AmazonProxy, edited
from tests.builders import make_account
from tests.sync.running import run_through

pytestmark = pytest.mark.django_db

FR = "A13V1IB3VIYZZH"


@pytest.fixture
def account(amazon_proxy: AmazonProxy, emulator: Emulator) -> AmazonAccount:
    """Give an account of Europe whose sites are known."""
    row = make_account(emulator=emulator, region="eu")
    read(row)
    assert FR in sold_in(row)
    return row


def read(account: AmazonAccount) -> None:
    """Read the sites as Amazon lists them now."""
    made = run_through(account, SyncJob.Kind.PARTICIPATIONS)
    assert made.state == SyncRun.State.DONE, made.message


def sold_in(account: AmazonAccount) -> set[str]:
    """Return the sites in which the account sells."""
    rows = account.participations.filter(is_participating=True)
    return set(rows.values_list("marketplace_id", flat=True))


def of_france(change: Callable[[dict[str, Any]], object]) -> Callable[[Any], Any]:
    """Return an edit of Amazon's entry for France."""

    def edit(content: Any) -> Any:
        for entry in content["payload"]:
            if entry["marketplace"]["id"] == FR:
                change(entry)
        return content

    return edit


@pytest.mark.parametrize(
    ("change", "reference"),
    [
        (lambda entry: entry.pop("participation"), FR),
        (lambda entry: entry["participation"].pop("isParticipating"), FR),
        (lambda entry: entry["marketplace"].pop("id"), ""),
    ],
)
def test_unreadable_site_stays_as_it_was(
    account: AmazonAccount,
    amazon_proxy: AmazonProxy,
    change: Callable[[dict[str, Any]], object],
    reference: str,
) -> None:
    before = sold_in(account)
    spoiler = edited(of_france(change))
    amazon_proxy.spoil(GET_MARKETPLACE_PARTICIPATIONS, spoiler)

    read(account)
    read(account)

    assert sold_in(account) == before
    entry = DiagnosticEntry.objects.get()
    assert (entry.code, entry.reference) == ("marketplace.unreadable", reference)


def test_site_that_is_listed_no_more_is_gone_beside_an_unreadable_one(
    account: AmazonAccount, amazon_proxy: AmazonProxy
) -> None:
    before = sold_in(account)

    def edit(content: Any) -> Any:
        content["payload"] = [
            {"marketplace": entry["marketplace"]}
            if entry["marketplace"]["id"] == FR
            else entry
            for entry in content["payload"]
            if entry["marketplace"]["countryCode"] != "ES"
        ]
        return content

    amazon_proxy.spoil(GET_MARKETPLACE_PARTICIPATIONS, edited(edit))
    read(account)

    gone = account.participations.get(country_code="ES").marketplace_id
    assert sold_in(account) == before - {gone}


def test_unreadable_detail_is_said_and_the_site_is_stored(
    account: AmazonAccount, amazon_proxy: AmazonProxy
) -> None:
    change = of_france(lambda entry: entry.update(storeName=7))
    amazon_proxy.spoil(GET_MARKETPLACE_PARTICIPATIONS, edited(change))

    read(account)

    assert FR in sold_in(account)
    entry = DiagnosticEntry.objects.get()
    assert entry.code == "marketplace.unreadable_detail"
    assert "storeName" in entry.message
