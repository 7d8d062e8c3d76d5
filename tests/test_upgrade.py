"""An installation of an earlier version upgrades in place: its rows go on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pytest_django import DjangoDbBlocker

from tests.upgrading import (
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


@dataclass(frozen=True)
class Upgrade:
    """The rows of the earlier version, the same rows today, and after a way back."""

    before: dict[str, Rows]
    after: dict[str, Rows]
    back: dict[str, Rows]
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
        before = snapshot(old)
        after = snapshot(migrate())
        return Upgrade(before, after, snapshot(migrate(START)), fates(START))


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
    assert {model for model, rows in upgrade.before.items() if len(rows) != 2} == set()


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
    jobs = upgrade.after["syncjob"].values()
    assert {row["rank"] is not None for row in jobs} == {True}
    assert all(row["rank"] <= row["due_at"] for row in jobs)


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
