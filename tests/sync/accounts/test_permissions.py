"""Permissions are what Amazon's answers to harmless calls say."""

from __future__ import annotations

import pytest

from channels_amazon.emulator.model.roles import (
    AMAZON_FULFILLMENT,
    D2C_SHIPPING,
    INVENTORY,
    PRODUCT_LISTING,
)
from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AmazonAccount,
    Credential,
    DiagnosticEntry,
    Permission,
    SyncJob,
    SyncRun,
)
from tests.builders import make_account, make_job
from tests.sync.running import run_through

pytestmark = pytest.mark.django_db

Name = Permission.Name
State = Permission.State
Kind = SyncJob.Kind


def probe(account: AmazonAccount) -> dict[str, str]:
    """Run the job; return the state of each permission."""
    made = run_through(account, Kind.PERMISSIONS)
    assert made.state == SyncRun.State.DONE, made.message
    rows = Permission.objects.filter(participation__account=account)
    return {row.name: row.state for row in rows}


def test_every_permission_is_granted_with_all_roles(emulator: Emulator) -> None:
    account = make_account(emulator=emulator)
    assert probe(account) == dict.fromkeys(Name.values, State.GRANTED)
    assert not DiagnosticEntry.objects.exists()


@pytest.mark.parametrize(
    ("roles", "name"),
    [
        ({INVENTORY, D2C_SHIPPING}, Name.ORDERS),
        ({PRODUCT_LISTING}, Name.CATALOG_ITEMS),
        ({AMAZON_FULFILLMENT}, Name.FULFILLMENT_INVENTORY),
        ({D2C_SHIPPING}, Name.SHIPPING),
    ],
)
def test_permission_is_missing_without_its_role(
    emulator: Emulator, roles: set[str], name: str
) -> None:
    account = make_account(emulator=emulator)
    emulator.control("roles", remove=sorted(roles))
    assert probe(account)[name] == State.MISSING
    code = f"permission.{name.replace('-', '_')}_missing"
    assert DiagnosticEntry.objects.filter(code=code).count() == 1


def test_outage_leaves_what_was_known(emulator: Emulator) -> None:
    account = make_account(emulator=emulator)
    probe(account)
    emulator.control("faults", match="searchCatalogItems", kind="not_json")
    assert probe(account)[Name.CATALOG_ITEMS] == State.GRANTED


def test_permission_that_came_back_frees_its_jobs(emulator: Emulator) -> None:
    account = make_account(emulator=emulator)
    fba = make_job(account, kind=Kind.FBA_STOCK)
    emulator.control("roles", remove=[AMAZON_FULFILLMENT, PRODUCT_LISTING])
    probe(account)
    run_through(account, Kind.FBA_STOCK)
    fba.refresh_from_db()
    assert fba.blocked_code == "permission.fulfillment_inventory_missing"
    emulator.control("roles", add=[AMAZON_FULFILLMENT, PRODUCT_LISTING])
    Credential.objects.update(refresh_token=emulator.refresh_token("na"))
    emulator.control("expire_tokens")
    probe(account)
    fba.refresh_from_db()
    assert fba.blocked_code == ""
