"""The first cause leads, its echoes follow."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_amazon.rules.health.first_cause import (
    EXPLAINS,
    RankedFault,
    Severity,
    arrange,
)


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
        ("host.disk_full", "queue.broker_unreachable"),
        ("account.wrong_region", "permission.reauthorize_needed"),
        ("permission.reauthorize_needed", "permission.orders_missing"),
        ("network.proxy", "notifications.unreachable"),
        ("network.dns", "notifications.unreachable"),
        ("quota.starved", "queue.backlog"),
        ("stock.below_zero", "stock.oversold"),
    ],
)
def test_cause_stands_before_its_echo(cause: str, echo: str) -> None:
    assert arranged(error(echo), error(cause)) == [(cause, ""), (echo, cause)]


# What the rows of a database say of themselves, whether or not it is paused.
OF_THE_ROWS = (
    "stock.ledger",
    "stock.oversold",
    "stock.below_zero",
    "stock.push_refused",
    "orders.unmatched_sku",
    "orders.set_aside",
    "orders.cancel_requested",
    "orders.search_refused",
    "orders.gap",
    "shipment.refused",
    "parcel.refused",
    "webhook.failing",
    "job.failing",
    "sync.no_progress",
    "queue.no_worker",
    "queue.broker_unreachable",
    "queue.schedule_missing",
    "notifications.not_configured",
    "notifications.credentials",
    "notifications.consumer_down",
    "notifications.subscription_missing",
)
OF_THE_PAUSE = (
    "installation.behind",
    "queue.backlog",
    "queue.worker_stuck",
    "notifications.silent",
    "orders.ship_late",
    "shipment.not_shown",
    "stock.drift",
)


@pytest.mark.parametrize("code", OF_THE_ROWS)
def test_pause_explains_nothing_that_it_does_not_cause(code: str) -> None:
    found = arranged(error("installation.copy"), error(code))
    assert dict(found) == {"installation.copy": "", code: ""}


@pytest.mark.parametrize("code", OF_THE_PAUSE)
def test_what_stands_still_follows_from_the_pause(code: str) -> None:
    found = arranged(error(code), error("installation.copy"))
    assert found == [("installation.copy", ""), (code, "installation.copy")]


@pytest.mark.parametrize("code", OF_THE_PAUSE)
def test_second_reader_pauses_nothing(code: str) -> None:
    reader = RankedFault("installation.copy", Severity.WARNING)
    assert dict(arranged(reader, error(code))) == {"installation.copy": "", code: ""}


@pytest.mark.parametrize(
    ("code", "follows"),
    [
        ("orders.gap", True),
        ("stock.drift", True),
        ("orders.ship_late", False),
        ("orders.unmatched_sku", False),
        ("stock.below_zero", False),
        ("stock.ledger", False),
    ],
)
def test_reading_late_explains_what_was_not_read(code: str, follows: bool) -> None:
    found = dict(arranged(error(code), error("installation.behind")))
    assert found[code] == ("installation.behind" if follows else "")


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


def test_what_is_over_never_leads_over_what_burns() -> None:
    fetched = RankedFault("orders.gap", Severity.WARNING, is_past=True)
    burning = RankedFault("job.failing", Severity.WARNING)
    found = arranged(fetched, burning)
    assert [code for code, _cause in found] == ["job.failing", "orders.gap"]


def test_what_ends_by_itself_never_leads_over_what_needs_somebody() -> None:
    behind = RankedFault("installation.behind", Severity.WARNING)
    failing = RankedFault("job.failing", Severity.WARNING)
    assert arranged(behind, failing) == [("job.failing", ""), (behind.code, "")]
    # What follows from it stays below it, and an error leads as ever.
    gap = RankedFault("orders.gap", Severity.WARNING)
    assert arranged(gap, behind, failing) == [
        ("job.failing", ""),
        ("installation.behind", ""),
        ("orders.gap", "installation.behind"),
    ]
    worse = RankedFault("webhook.failing", Severity.ERROR)
    assert arranged(behind, worse)[0] == ("webhook.failing", "")


def test_what_is_over_explains_nothing_that_burns() -> None:
    released = RankedFault("queue.worker_stuck", Severity.WARNING, is_past=True)
    found = arranged(released, error("orders.ship_late"))
    assert found == [("orders.ship_late", ""), ("queue.worker_stuck", "")]


def test_wrong_region_explains_the_job_that_was_refused() -> None:
    refused = error("job.failing", because="amazon.access_denied")
    found = arranged(refused, error("account.wrong_region"))
    assert found[1] == ("job.failing", "account.wrong_region")


def test_cause_is_as_bad_as_what_follows_from_it() -> None:
    """Else a wrong clock would lead over personal data that is kept for too long."""
    found = arranged(
        error("data.retention_overdue"),
        RankedFault("queue.schedule_missing", Severity.WARNING),
        RankedFault("clock.skewed", Severity.WARNING),
    )
    assert [code for code, _cause in found] == [
        "queue.schedule_missing",
        "data.retention_overdue",
        "clock.skewed",
    ]


# Drawing may be slow on a busy machine, which says nothing.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.builds(
            RankedFault,
            st.sampled_from([code for code, _ in EXPLAINS] + ["job.failing", "odd"]),
            st.sampled_from([Severity.ERROR, Severity.WARNING]),
            st.sampled_from(["", "token.revoked", "amazon.access_denied"]),
            st.booleans(),
        ),
        max_size=8,
    )
)
def test_every_fault_has_one_place_and_errors_come_first(
    faults: list[RankedFault],
) -> None:
    places = arrange(faults)
    assert sorted(place.index for place in places) == list(range(len(faults)))
    if any(fault.level is Severity.ERROR for fault in faults):
        first = places[0].index
        led = [p.index for p in places[1:] if p.consequence_of == faults[first].code]
        tree = [faults[index] for index in (first, *led)]
        assert any(fault.level is Severity.ERROR for fault in tree)
