"""An installation of an earlier version upgrades in place: its rows go on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from pytest_django import DjangoDbBlocker

from tests.upgrading import (
    APP,
    Column,
    Rows,
    fates,
    fill,
    migrate,
    scratch_database,
    snapshot,
)

# What the version before "the house in order" ends with.
START = "0007_report_parts"
# Columns whose content a migration writes anew; tests of their own follow below.
REWRITTEN: set[Column] = {("latencyhour", "bins")}
# The job that everybody waits for, of a connected account and of a disconnected one.
FETCH = "order_fetch"
FETCH_DUE = datetime(2026, 1, 5, tzinfo=UTC)
# A group's name, and the models that its members may work with.
CLERKS = "Clerks"
CLERKS_MODELS = ("fbarule", "fulfillmentorder")


@dataclass(frozen=True)
class Upgrade:
    """The rows of the earlier version, the same rows today, and after a way back.

    `rights` are the clerks' permissions at these three times, names by codes.
    """

    before: dict[str, Rows]
    after: dict[str, Rows]
    back: dict[str, Rows]
    rights: tuple[dict[str, str], dict[str, str], dict[str, str]]
    fates: dict[Column, Column | None]


@pytest.fixture(scope="module")
def upgrade(
    tmp_path_factory: pytest.TempPathFactory,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
) -> Upgrade:
    """Make a database of the earlier version, upgrade it, and take it back."""
    folder: Path = tmp_path_factory.mktemp("upgrade")
    with django_db_blocker.unblock(), scratch_database(folder):
        old = migrate(START)
        fill(old)
        add_fetches(old)
        grant_clerks()
        before, rights_before = snapshot(old), rights()
        after, rights_after = snapshot(migrate()), rights()
        back, rights_back = snapshot(migrate(START)), rights()
        return Upgrade(
            before,
            after,
            back,
            (rights_before, rights_after, rights_back),
            fates(START),
        )


def add_fetches(apps: Any) -> None:
    """Give a connected account, and one that was disconnected, a job of order_fetch."""
    accounts = apps.get_model(APP, "AmazonAccount").objects
    connected, gone = (accounts.earliest("pk") for _ in range(2))
    gone.pk = None
    gone.seller_id = "GONE"
    gone.state = "disconnected"
    gone.save(force_insert=True)
    for account in (connected, gone):
        apps.get_model(APP, "SyncJob").objects.create(
            account=account, kind=FETCH, due_at=FETCH_DUE
        )


def grant_clerks() -> None:
    """Let the clerks do all there is to do with their models."""
    granted = Permission.objects.filter(content_type__model__in=CLERKS_MODELS)
    Group.objects.create(name=CLERKS).permissions.set(granted)


def rights() -> dict[str, str]:
    """Return the codes and names of the clerks' permissions."""
    granted = Permission.objects.filter(group__name=CLERKS)
    return dict(granted.values_list("codename", "name"))


def rights_on(**models: str) -> dict[str, str]:
    """Return the codes and names of all permissions on models of these names."""
    return {
        f"{action}_{model}": f"Can {action} {name}"
        for model, name in models.items()
        for action in ("add", "change", "delete", "view")
    }


def lost(upgrade: Upgrade) -> list[tuple[Column, Any, Any]]:
    """Return the columns that do not hold in the new version what they held."""
    found = []
    for (model, field), place in upgrade.fates.items():
        if place is None or place in REWRITTEN:
            continue
        for pk, row in upgrade.before[model].items():
            now = upgrade.after[place[0]].get(pk, {}).get(place[1])
            if now != row[field]:
                found.append((place, row[field], now))
    return found


def test_every_table_has_rows_before(upgrade: Upgrade) -> None:
    assert {model for model, rows in upgrade.before.items() if len(rows) < 2} == set()


def test_every_value_is_where_it_belongs_today(upgrade: Upgrade) -> None:
    assert lost(upgrade) == []


def test_way_back_keeps_what_was_not_taken_away(upgrade: Upgrade) -> None:
    gone = {column for column, place in upgrade.fates.items() if place is None}
    wrong = [
        (model, field, row[field], upgrade.back[model][pk][field])
        for model, field in upgrade.fates.keys() - gone
        for pk, row in upgrade.before[model].items()
        if upgrade.back[model][pk][field] != row[field]
    ]
    assert wrong == []


def test_jobs_of_connected_accounts_get_a_place_in_the_line(upgrade: Upgrade) -> None:
    jobs, accounts = upgrade.after["syncjob"].values(), upgrade.after["amazonaccount"]
    fetches = {
        accounts[row["account"]]["state"]: row["rank"]
        for row in jobs
        if row["kind"] == FETCH
    }
    others = [row for row in jobs if row["kind"] != FETCH]

    assert fetches == {
        "connected": FETCH_DUE - timedelta(minutes=1),
        "disconnected": None,
    }
    assert [row["rank"] for row in others] == [row["due_at"] for row in others]
    assert others


def test_group_keeps_its_rights_under_the_new_names(upgrade: Upgrade) -> None:
    before, after, back = upgrade.rights

    assert before == rights_on(
        fbarule="FBA rule", fulfillmentorder="FBA order of the store"
    )
    assert after == rights_on(mcfrule="MCF rule", fulfillmentorder="MCF order")
    assert back == before


def test_latency_bins_are_stored_sparsely(upgrade: Upgrade) -> None:
    before = [row["bins"] for row in upgrade.before["latencyhour"].values()]
    after = [row["bins"] for row in upgrade.after["latencyhour"].values()]

    assert before == [["bins"], []]
    assert after == [{"0": "bins"}, {}]


def test_personal_data_has_the_store_of_its_account(upgrade: Upgrade) -> None:
    orders, accounts = upgrade.after["order"], upgrade.after["amazonaccount"]
    people = upgrade.after["orderpersonaldata"].values()

    stores = [accounts[orders[row["order"]]["account"]]["store"] for row in people]
    assert [row["store"] for row in people] == stores
    assert len(set(stores)) == 2
