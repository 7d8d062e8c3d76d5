"""Permission completeness: roles, sites and personal data that are missing."""

from __future__ import annotations

import pytest

from channels_amazon.emulator.model.roles import (
    AMAZON_FULFILLMENT,
    D2C_SHIPPING,
    INVENTORY,
    PRODUCT_LISTING,
)
from channels_amazon.emulator.server import Emulator
from channels_amazon.models import ApiCall, Store
from tests.builders import make_order
from tests.health.faults import codes, first_code, make_healthy, report_of

pytestmark = pytest.mark.django_db

CA = "A2EUQ1WTGCTBG2"


@pytest.mark.parametrize(
    ("roles", "code"),
    [
        ([INVENTORY, D2C_SHIPPING], "permission.orders_missing"),
        ([PRODUCT_LISTING], "permission.catalog_items_missing"),
        ([AMAZON_FULFILLMENT], "permission.fulfillment_inventory_missing"),
        ([D2C_SHIPPING], "permission.shipping_missing"),
    ],
)
def test_missing_role_is_found(emulator: Emulator, roles: list[str], code: str) -> None:
    account = make_healthy(emulator)
    emulator.control("roles", remove=roles)
    found = codes(report_of(account))
    assert code in found
    assert all(one.startswith("permission.") for one in found)


def test_missing_role_names_role_and_sites(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    emulator.control("roles", remove=[D2C_SHIPPING])
    (finding,) = report_of(account)["findings"]
    assert set(finding["evidence"]["marketplaces"]) == {"US", "CA", "MX"}
    assert D2C_SHIPPING in finding["fix"]


def test_no_role_at_all_is_not_taken_for_the_wrong_region(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    emulator.control("roles", only=[])
    found = codes(report_of(account))
    assert "account.wrong_region" not in found
    assert "permission.orders_missing" in found


def test_absent_site_is_found(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    emulator.control("marketplaces", marketplace_id=CA, participating=False)
    (finding,) = report_of(account)["findings"]
    assert finding["code"] == "marketplace.not_participating"
    assert finding["evidence"]["marketplaces"] == ["CA"]


def test_suspended_listings_are_found(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    emulator.control("marketplaces", marketplace_id=CA, suspended=True)
    assert first_code(account) == "marketplace.suspended_listings"


def test_order_without_recipient_is_found(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    make_order(account)
    assert first_code(account) == "permission.personal_data_missing"


def test_plan_without_amazon_is_found(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    Store.objects.update(plan=Store.Plan.BASIC)
    assert first_code(account) == "store.plan"


def test_individual_plan_is_found(emulator: Emulator) -> None:
    account = make_healthy(emulator, selling_plan="INDIVIDUAL")
    assert first_code(account) == "account.individual_plan"


def test_check_spends_no_order_search_and_few_calls(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    ApiCall.objects.all().delete()
    report_of(account)
    # Amazon's bucket and ours may differ by a moment: a second try is no other call.
    made = ApiCall.objects.exclude(status=429)
    operations = list(made.values_list("operation", flat=True))
    assert "searchOrders" not in operations
    assert len(operations) <= 13
