"""The first cause leads, its echoes follow."""

from __future__ import annotations

import pytest

from channels_amazon.rules.health.first_cause import RankedFault, Severity, arrange


def arranged(*faults: RankedFault) -> list[tuple[str, str]]:
    """Return code and first cause of each fault, in the order they are shown."""
    return [(faults[one.index].code, one.consequence_of) for one in arrange(faults)]


def error(code: str, because: str = "") -> RankedFault:
    """Make a fault that is an error."""
    return RankedFault(code, Severity.ERROR, because)


@pytest.mark.parametrize(
    ("cause", "echo"),
    [
        ("network.dns", "amazon.outage"),
        ("network.timeout", "lwa.outage"),
        ("token.revoked", "permission.orders_missing"),
        ("token.revoked", "token.expiring"),
        ("account.wrong_region", "permission.shipping_missing"),
        ("queue.broker_unreachable", "queue.no_worker"),
        ("queue.no_worker", "queue.backlog"),
        ("queue.no_worker", "data.retention_overdue"),
        ("queue.schedule_missing", "data.retention_overdue"),
        ("notifications.consumer_down", "notifications.silent"),
        ("notifications.silent", "orders.gap"),
        ("queue.no_worker", "orders.gap"),
        ("permission.orders_missing", "orders.gap"),
        ("permission.shipping_missing", "permission.personal_data_missing"),
        ("token.revoked", "orders.ship_late"),
        ("network.dns", "orders.ship_late"),
        ("amazon.outage", "orders.ship_late"),
        ("permission.orders_missing", "orders.ship_late"),
        ("queue.no_worker", "orders.ship_late"),
        ("queue.backlog", "orders.ship_late"),
    ],
)
def test_cause_stands_before_its_echo(cause: str, echo: str) -> None:
    assert arranged(error(echo), error(cause)) == [(cause, ""), (echo, cause)]


def test_echo_of_an_echo_names_the_first_cause() -> None:
    faults = (
        error("queue.backlog"),
        error("queue.no_worker"),
        error("queue.broker_unreachable"),
    )
    assert [cause for _code, cause in arranged(*faults)] == [
        "",
        "queue.broker_unreachable",
        "queue.broker_unreachable",
    ]


def test_cause_that_a_check_blames_counts_before_the_table() -> None:
    blamed = error("job.failing", because="permission.orders_missing")
    found = arranged(blamed, error("permission.orders_missing"))
    assert found[1] == ("job.failing", "permission.orders_missing")


def test_blamed_cause_that_nobody_found_leaves_the_fault_first() -> None:
    assert arranged(error("job.failing", because="amazon.outage")) == [
        ("job.failing", "")
    ]


def test_errors_stand_before_more_basic_warnings() -> None:
    found = arranged(
        RankedFault("clock.skewed", Severity.WARNING), error("queue.no_worker")
    )
    assert [code for code, _cause in found] == ["queue.no_worker", "clock.skewed"]


def test_faults_that_blame_each_other_are_all_kept() -> None:
    found = arranged(error("a", because="b"), error("b", because="a"))
    assert sorted(code for code, _cause in found) == ["a", "b"]


def test_results_that_are_well_explain_nothing() -> None:
    well = RankedFault("", Severity.OK)
    assert arranged(well, error("token.revoked"), well)[0] == ("token.revoked", "")
