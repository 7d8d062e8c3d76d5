"""What our own rows say is wrong, and is not claimed when it is not."""

from __future__ import annotations

import pytest
from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AmazonAccount,
    Notification,
    Order,
    Shipment,
)
from tests.builders import (
    make_account,
    make_order,
    make_participation,
)
from tests.health.claimed import CLAIMED, Make
from tests.health.faults import codes, hours_ago, make_healthy, report_of
from tests.health.rows import (
    make_attempts,
    make_calls,
    make_endpoint,
    make_level,
    make_offer,
    make_ownerless_parcel,
    make_report,
    make_shipment,
    sell_in_canada,
)
from tests.services.pricing.scene import make_euro_rates
from tests.views.scene import make_quarantined

pytestmark = pytest.mark.django_db


def make_fresh_rates(account: AmazonAccount) -> None:
    """Sell in another currency, with rates of today."""
    make_euro_rates()
    sell_in_canada(account)


def sell_elsewhere(account: AmazonAccount) -> None:
    """Sell in another currency where nothing is synchronised any more."""
    sell_in_canada(account)
    account.participations.filter(currency="CAD").update(is_selected=False)


NOT_CLAIMED: dict[str, Make] = {
    "order read again": lambda a: make_order(
        a,
        status=Order.Status.SHIPPED,
        stale_since=None,
        quarantine_code="orders.unreadable",
    ),
    "discarded message": lambda a: make_quarantined(
        a, state=Notification.State.IGNORED
    ),
    "message of another account": lambda a: make_quarantined(make_account()),
    "old report": lambda a: make_report(a, read_at=hours_ago(30)),
    "fresh parcel": lambda a: make_ownerless_parcel(a, 0.5),
    "unmatched order of another account": lambda a: make_order(
        make_account(a.store), has_unmatched=True
    ),
    "counted level": lambda a: make_level(a, 5),
    "package accepted just now": lambda a: make_shipment(a, confirmed_at=hours_ago(0)),
    "package that is shown": lambda a: make_shipment(a, state=Shipment.State.VERIFIED),
    "address that works": lambda a: make_endpoint(a, failing_since=None),
    "address switched off": lambda a: make_endpoint(a, is_active=False),
    "mere warning of Amazon's": make_offer,
    "exchange rates of today": make_fresh_rates,
    "currency of a site that is not selected": sell_elsewhere,
    "currency of another account": lambda a: sell_in_canada(make_account(a.store)),
    "limit that is being learnt": lambda a: make_calls(a, 3, 10),
    "few refusals of many calls": lambda a: make_calls(a, 6, 400),
    "refusals of yesterday": lambda a: make_calls(a, 9, 9, started_at=hours_ago(25)),
    "one that did not come back": lambda a: make_attempts(a, 1, since=9),
    "ones from before the authorisation": lambda a: make_attempts(a, 3),
}


@pytest.mark.parametrize("name", CLAIMED)
def test_fault_is_claimed_with_evidence_and_a_fix(
    emulator: Emulator, name: str
) -> None:
    account = make_healthy(emulator)
    make, code, level = CLAIMED[name]
    make(account)

    report = report_of(account)

    found = {one["code"]: one for one in report["findings"]}
    assert code in found, codes(report)
    assert found[code]["level"] == level
    assert found[code]["evidence"]
    assert found[code]["fix"]
    assert "secret" not in str(found[code])


@pytest.mark.parametrize("name", NOT_CLAIMED)
def test_what_is_well_is_not_claimed(emulator: Emulator, name: str) -> None:
    account = make_healthy(emulator)
    NOT_CLAIMED[name](account)

    assert codes(report_of(account)) == []


def test_role_that_a_later_account_has_needs_a_new_authorisation(
    emulator: Emulator,
) -> None:
    account = make_healthy(emulator)
    emulator.control("roles", remove=["Product Listing"])
    alone = codes(report_of(account))
    other = make_account(application=account.application)
    site = other.participations.get()
    site.permissions.create(
        name="catalog-items",
        state="granted",
        operation="searchCatalogItems",
        status=200,
        checked_at=timezone.now(),
    )

    report = report_of(account)

    assert alone == ["permission.catalog_items_missing"]
    assert codes(report) == [
        "permission.reauthorize_needed",
        "permission.catalog_items_missing",
    ]
    assert report["findings"][1]["consequence_of"] == "permission.reauthorize_needed"
    # It belongs to another store, of which nothing is told.
    assert other.name not in str(report)


def test_role_that_a_later_account_has_in_one_site_alone_proves_nothing(
    emulator: Emulator,
) -> None:
    account = make_healthy(emulator)
    emulator.control("roles", remove=["Product Listing"])
    other = make_account(application=account.application)
    make_participation(other, marketplace_id="A2EUQ1WTGCTBG2", country_code="CA")
    other.participations.exclude(country_code="CA").get().permissions.create(
        name="catalog-items",
        state="granted",
        operation="searchCatalogItems",
        status=200,
        checked_at=timezone.now(),
    )

    assert codes(report_of(account)) == ["permission.catalog_items_missing"]


def test_role_that_an_older_account_has_proves_nothing(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    emulator.control("roles", remove=["Product Listing"])
    older = make_account(
        application=account.application,
        authorized_at=hours_ago(5),
        marketplaces=False,
    )
    make_participation(older).permissions.create(
        name="catalog-items",
        state="granted",
        operation="searchCatalogItems",
        checked_at=timezone.now(),
    )

    assert codes(report_of(account)) == ["permission.catalog_items_missing"]


def test_gap_that_was_fetched_does_not_lead_over_a_live_fault(
    emulator: Emulator,
) -> None:
    account = make_healthy(emulator)
    order = make_order(account, fulfilled_by="amazon")
    make_report(
        account,
        rows_quarantined=0,
        orders_missing=1,
        gap_order_ids=[order.amazon_order_id],
    )
    make_endpoint(account)

    assert codes(report_of(account)) == ["webhook.failing", "orders.gap"]
