"""Which calls the fetch planner chooses, case by case."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from channels_amazon.rules.order_fetch.calls import (
    FetchPlan,
    GetEach,
    RequestReport,
    SearchPages,
)
from channels_amazon.rules.order_fetch.planner import plan
from channels_amazon.rules.order_fetch.state import (
    FetchState,
    FreshOrder,
    PendingReport,
    Quota,
    Reports,
    StaleOrder,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FULL_GET, FULL_SEARCH = Quota(30, 0.5, 30), Quota(20, 0.0056, 20)
NO_GET = Quota(0, 0.5, 30)
CREATE = Quota(15, 0.0167, 15)
SECOND = timedelta(seconds=1)
SLACK = timedelta(milliseconds=1)


def stale(count: int, *, age: float, **over: object) -> list[StaleOrder]:
    """Make stale orders that changed `age` seconds ago and a little earlier."""
    orders = []
    for n in range(count):
        at = NOW - timedelta(seconds=age + n)
        order = StaleOrder(f"{age}-{n}", at, at)
        orders.append(replace(order, **over))  # type: ignore[arg-type]
    return orders


def fresh(count: int, *, age: float) -> list[FreshOrder]:
    """Make fresh orders that changed `age` seconds ago and a little earlier."""
    half = SECOND / 2
    return [FreshOrder(NOW - (age + n) * SECOND - half) for n in range(count)]


def decide(orders: list[StaleOrder], **over: object) -> FetchPlan:
    """Return the plan with full buckets, unless `over` says otherwise."""
    state = FetchState(orders, FULL_GET, FULL_SEARCH)
    return plan(replace(state, **over), NOW)  # type: ignore[arg-type]


def fetched(made: FetchPlan) -> tuple[str, ...]:
    """Return the ids that the plan reads one by one."""
    each = [call for call in made.calls if isinstance(call, GetEach)]
    return each[0].order_ids if each else ()


def searches(made: FetchPlan) -> list[SearchPages]:
    """Return the searches of the plan."""
    return [call for call in made.calls if isinstance(call, SearchPages)]


def test_plan_without_stale_orders_does_nothing() -> None:
    assert decide([]) == FetchPlan((), None)


def test_plan_for_few_orders_reads_each_at_once() -> None:
    made = decide(stale(30, age=600))

    assert (searches(made), len(fetched(made))) == ([], 30)


def test_plan_asks_for_no_more_than_there_are_tokens() -> None:
    made = decide(stale(50, age=5), get=Quota(3.7, 0.5, 30))

    assert len(fetched(made)) == 3
    assert made.replan_at == NOW + SECOND * (0.3 / 0.5)


def test_plan_for_a_flash_sale_searches_just_the_window_of_its_orders() -> None:
    orders = stale(100, age=200)

    made = decide(orders)

    assert made.calls == (
        SearchPages(
            after=NOW - 299 * SECOND - SLACK,
            before=NOW - 200 * SECOND + SLACK,
            pages=1,
            order_ids=frozenset(order.order_id for order in orders),
            to_ship_only=True,
        ),
    )


def test_orders_of_one_moment_are_not_parted() -> None:
    first = stale(90, age=200)
    moment = [
        replace(order, changed_at=NOW - 199 * SECOND) for order in stale(20, age=150)
    ]

    (search,) = searches(decide([*first, *moment], get=NO_GET))

    assert (search.pages, len(search.order_ids)) == (2, 110)
    (search,) = searches(decide([*first, *moment]))
    assert (search.pages, len(search.order_ids)) == (1, 90)


def test_more_orders_of_one_moment_than_fit_on_a_page_are_read_together() -> None:
    moment = [
        replace(order, changed_at=NOW - 199 * SECOND) for order in stale(150, age=150)
    ]

    (search,) = searches(decide(moment))

    assert (search.pages, len(search.order_ids)) == (2, 150)


def test_dear_pages_are_read_together_where_that_leaves_less_room() -> None:
    # Sixty change at once: one page holds one such moment, three pages hold five.
    orders = [
        replace(order, changed_at=NOW - (200 + n // 60) * SECOND)
        for n, order in enumerate(stale(300, age=150))
    ]

    (search,) = searches(decide(orders, get=NO_GET, search=Quota(4.2, 0.0056, 20)))

    assert (search.pages, len(search.order_ids)) == (3, 300)


def test_plan_does_not_search_for_what_the_search_cannot_show() -> None:
    made = decide(stale(60, age=5))

    assert (searches(made), len(fetched(made))) == ([], 30)


def test_plan_leaves_the_sweep_its_token() -> None:
    backlog = stale(250, age=600)

    assert not searches(decide(backlog, get=NO_GET, search=Quota(1.9, 0.0056, 20)))
    found = searches(decide(backlog, get=NO_GET, search=Quota(3, 0.0056, 20)))
    assert [search.pages for search in found] == [2]


def test_page_window_goes_where_stale_orders_are_dense() -> None:
    old, dense = stale(1, age=4000), stale(90, age=200)

    made = decide([*old, *dense], get=NO_GET, fresh=fresh(400, age=1000))

    (search,) = searches(made)
    assert search.after == NOW - 289 * SECOND - SLACK
    assert search.pages == 1


def test_page_that_still_fills_waits_and_the_newest_are_read_meanwhile() -> None:
    shown, young = stale(40, age=130), stale(40, age=1)

    made = decide([*shown, *young], get=Quota(2, 0.5, 30))

    assert searches(made) == []
    assert fetched(made) == (young[0].order_id, young[1].order_id)


def test_order_that_a_page_failed_to_bring_is_read_alone() -> None:
    tried = stale(20, age=300, attempts=1)

    made = decide(tried, get=Quota(4, 0.5, 30))

    assert (searches(made), len(fetched(made))) == ([], 4)


def test_order_that_may_not_have_changed_is_on_no_page() -> None:
    quiet = stale(90, age=300, changed_at=None)

    made = decide(quiet)

    assert (searches(made), len(fetched(made))) == ([], 30)


def test_soonest_ship_by_is_read_first() -> None:
    days = [4, 1, 3, 2]
    orders = [
        replace(order, order_id=str(day), ship_by=NOW + timedelta(days=day))
        for day, order in zip(days, stale(4, age=9), strict=True)
    ]

    assert fetched(decide(orders, get=Quota(2, 0.5, 30))) == ("1", "2")


def test_urgent_order_goes_before_a_backlog() -> None:
    urgent = stale(1, age=500, ship_by=NOW + timedelta(minutes=10))
    later = stale(400, age=1, ship_by=NOW + timedelta(days=2))

    made = decide([*later, *urgent], get=Quota(1, 0.5, 30), search=Quota(0, 0.0056, 20))

    assert fetched(made) == (urgent[0].order_id,)


def test_starved_order_has_its_turn_among_urgent_ones() -> None:
    starved = stale(1, age=3600)
    urgent = stale(90, age=5, ship_by=NOW + timedelta(minutes=5))
    state = FetchState([*urgent, *starved], Quota(1, 0.5, 30), Quota(0, 0.0056, 20))

    chosen = [fetched(plan(state, NOW + n * 2 * SECOND))[0] for n in range(4)]

    assert chosen.count(starved[0].order_id) == 1


def test_pending_orders_wait_for_their_next_change() -> None:
    pending = stale(20, age=1, is_pending=True, needs_address=False)

    ample = decide(pending)
    short = decide(pending, get=Quota(15, 0.5, 30))

    assert len(fetched(ample)) == 15
    assert fetched(short) == ()
    assert short.replan_at == NOW + timedelta(seconds=5)


def test_pending_order_waits_no_longer_than_a_minute() -> None:
    pending = stale(1, age=60, is_pending=True, needs_address=False)

    assert fetched(decide(pending, get=Quota(1, 0.5, 30))) == (pending[0].order_id,)


def test_report_is_asked_for_what_nobody_here_ships() -> None:
    theirs, ours = stale(500, age=1, needs_address=False), stale(40, age=1)

    made = decide([*theirs, *ours], reports=Reports(CREATE))

    (asked,) = [call for call in made.calls if isinstance(call, RequestReport)]
    assert (asked.start, asked.end) == (NOW - 501 * SECOND, NOW)
    assert set(fetched(made)) <= {order.order_id for order in ours}


def test_no_report_is_asked_for_what_single_calls_bring_sooner() -> None:
    made = decide(stale(40, age=1, needs_address=False), reports=Reports(CREATE))

    assert [type(call) for call in made.calls] == [GetEach]


def test_report_under_way_is_not_asked_for_twice() -> None:
    theirs = stale(500, age=1, needs_address=False)
    begun = PendingReport(NOW - 600 * SECOND, NOW, NOW - 30 * SECOND)

    for report in (begun, replace(begun, is_ready=True)):
        made = decide(theirs, reports=Reports(CREATE, (report,)))
        assert [type(call) for call in made.calls] == [GetEach]


def test_report_that_is_being_read_is_waited_for_however_long_it_took() -> None:
    theirs = stale(500, age=1, needs_address=False)
    ready = PendingReport(NOW - 600 * SECOND, NOW, NOW - 600 * SECOND, is_ready=True)

    made = decide(theirs, reports=Reports(CREATE, (ready,)))

    assert not [call for call in made.calls if isinstance(call, RequestReport)]


def test_what_a_report_will_bring_takes_only_tokens_that_are_left() -> None:
    theirs = stale(500, age=1, needs_address=False)
    ours = stale(20, age=2)
    begun = PendingReport(NOW - 600 * SECOND, NOW, NOW - SECOND)

    made = decide([*theirs, *ours], reports=Reports(CREATE, (begun,)))

    assert set(fetched(made)[:20]) == {order.order_id for order in ours}
    assert len(fetched(made)) == 30


def test_report_that_takes_too_long_is_not_waited_for() -> None:
    theirs = stale(20, age=200, needs_address=False)
    begun = PendingReport(NOW - 600 * SECOND, NOW, NOW - 200 * SECOND)

    made = decide(theirs, reports=Reports(CREATE, (begun,)))

    assert len(fetched(made)) == 20


def test_what_a_report_lacked_is_not_asked_of_another() -> None:
    theirs = stale(500, age=10, needs_address=False)

    made = decide(theirs, reports=Reports(CREATE, covered_until=NOW))

    assert not [call for call in made.calls if isinstance(call, RequestReport)]


def test_failed_report_rests_and_scarce_tokens_are_spared() -> None:
    theirs = stale(500, age=10, needs_address=False)
    resting = Reports(CREATE, rest_until=NOW + SECOND)
    spared = Reports(Quota(2.5, 0.0167, 15))

    for reports in (resting, spared):
        made = decide(theirs, reports=reports)
        assert not [call for call in made.calls if isinstance(call, RequestReport)]


def test_whole_seconds_of_a_report_say_nothing_of_a_search() -> None:
    orders = [
        replace(order, changed_at=NOW - 200.5 * SECOND) for order in stale(60, age=200)
    ]
    reported = [FreshOrder(NOW - 150 * SECOND, needs_address=False, by_report=True)]

    (search,) = searches(decide(orders, fresh=reported))

    assert search.after == NOW - 200.5 * SECOND - SLACK


def test_whole_seconds_at_amazon_widen_the_window_to_them() -> None:
    orders = [
        replace(order, changed_at=NOW - 200.5 * SECOND) for order in stale(60, age=200)
    ]
    whole = [FreshOrder(NOW - 300 * SECOND)]

    (search,) = searches(decide(orders, fresh=whole))

    assert search.after == NOW - 201 * SECOND - SLACK


@pytest.mark.parametrize("rate", [0.0625, 0.125, 0.25, 0.3, 0.5, 1.0])
def test_every_fourth_token_is_for_the_starved_at_any_rate(rate: float) -> None:
    urgent = stale(50, age=5, changed_at=None, ship_by=NOW + 600 * SECOND)
    starved = stale(50, age=3600, changed_at=None, needs_address=False)
    names = {order.order_id for order in starved}

    taken = []
    for token in range(40):
        state = FetchState(
            [*urgent, *starved], Quota(1.0, rate, 30), Quota(0, 0.0056, 20)
        )
        made = plan(state, NOW + token / rate * SECOND)
        taken += [order_id in names for order_id in fetched(made)]

    assert len(taken) == 40
    assert 9 <= sum(taken) <= 11
