"""The planner in play: never far from what was possible, at any load and quota.

What was possible is told by `bench.oracle`: for the best of the schedules that, like
the planner, let no order wait while getOrder has a token for it, but know all that is
to come. The oracle has reports for nothing, at each moment, and knows how long Amazon
takes for one; whether one is worth asking for shows only afterwards, all the more where
the quota is halved meanwhile. So a load with reports has a wider bound, and must never
take longer than without them.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bench.oracle import (
    AmazonLimits,
    Arrival,
    Supply,
    exhaustive,
    makespan,
    weighted_completion,
)
from bench.order_simulation import Sale, Simulation, SimulationResult

# Two of the planner's shortest looks.
LOOKS = 0.2
SOON, DAY = 600.0, 86_400.0
# Shrinking would play the longest sales again and again; a load tells enough.
SETTLED = settings(
    deadline=None,
    derandomize=True,
    max_examples=60,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)


def limits(
    get_rate: float = 0.5,
    *,
    burst: int = 30,
    search_rate: float = 0.0056,
    halved_at: float | None = None,
    report_takes: float | None = None,
) -> AmazonLimits:
    """Make the limits as the bound sees them: without the sweep's token."""
    rates = [(0.0, get_rate)]
    if halved_at is not None:
        rates.append((halved_at, get_rate / 2))
    return AmazonLimits(
        Supply(burst, tuple(rates)),
        Supply(19, ((0.0, search_rate),)),
        report_takes=report_takes,
    )


def play(
    sales: list[Sale],
    bound: AmazonLimits,
    seed: int = 0,
    *,
    whole_seconds: bool = False,
) -> SimulationResult:
    """Play the planner within the limits of the bound, with the sweep's token added."""
    search = Supply(bound.search.burst + 1, bound.search.rates)
    played = AmazonLimits(bound.get, search, report_takes=bound.report_takes)
    return Simulation(sales, played, seed, whole_seconds=whole_seconds).run()


def sale(
    count: int, seconds: float, *, fba: float = 0.0, seed: int = 1, due: float = DAY
) -> list[Sale]:
    """Make `count` orders within `seconds`, a share of them shipped by Amazon."""
    chance = random.Random(seed)  # noqa: S311 - not a secret
    return [
        Sale(Arrival(chance.uniform(0, seconds), chance.random() >= fba), due)
        for _ in range(count)
    ]


@dataclass(frozen=True)
class Load:
    """How orders arrive, how many Amazon ships, and what it allows.

    They come in bursts of so many seconds, and Amazon's times may be in whole ones.
    """

    seed: int
    count: int
    span: float
    peaks: int
    fba: float
    rates: tuple[float, float]
    burst: int
    halved_at: float | None
    report_takes: float | None
    grain: float
    whole_seconds: bool

    @property
    def bound(self) -> AmazonLimits:
        """Return the limits of the load."""
        get, search = self.rates
        return limits(
            get,
            burst=self.burst,
            search_rate=search,
            halved_at=self.halved_at,
            report_takes=self.report_takes if self.fba else None,
        )

    def sales(self) -> list[Sale]:
        """Return the orders in the order they arrive."""
        chance = random.Random(self.seed)  # noqa: S311 - not a secret
        tops = [chance.uniform(0, self.span) for _ in range(self.peaks)]
        sales = []
        for _ in range(self.count):
            at = chance.uniform(0, self.span)
            if tops:
                at = chance.choice(tops) + chance.expovariate(0.1)
            at = at // self.grain * self.grain if self.grain else at
            due = at + chance.choice([1800.0, 3600.0, 10 * 3600.0, DAY, 2 * DAY])
            sales.append(Sale(Arrival(at, chance.random() >= self.fba), due))
        return sorted(sales, key=lambda one: one.arrival.at)


LOADS = st.builds(
    Load,
    seed=st.integers(0, 10_000),
    count=st.sampled_from([1, 7, 31, 60, 140, 300, 700, 1200]),
    span=st.sampled_from([1.0, 20.0, 60.0, 300.0, 600.0]),
    peaks=st.sampled_from([0, 2, 5]),
    fba=st.sampled_from([0.0, 0.0, 0.3, 0.6, 1.0]),
    rates=st.sampled_from([(0.5, 0.0056), (0.25, 0.0028), (1.0, 0.0112)]),
    burst=st.sampled_from([5, 30, 30, 60]),
    halved_at=st.sampled_from([None, None, 40.0, 250.0]),
    report_takes=st.sampled_from([None, 30.0, 45.0, 90.0]),
    grain=st.sampled_from([0.0, 0.0, 0.1, 1.0]),
    whole_seconds=st.booleans(),
)


@SETTLED
@given(LOADS)
def test_planner_is_near_the_oracle(load: Load) -> None:
    load = replace(load, report_takes=None)
    sales, bound = load.sales(), load.bound

    result = play(sales, bound, load.seed, whole_seconds=load.whole_seconds)

    arrivals = [one.arrival for one in sales]
    assert len(result.done) == len(sales)
    assert result.makespan >= makespan(arrivals, bound) - 0.02
    least = makespan(arrivals, bound, is_prompt=True)
    assert result.makespan <= 1.1 * least + LOOKS


@SETTLED
@given(LOADS)
def test_reports_bring_it_nearer_and_never_further(load: Load) -> None:
    load = replace(load, fba=load.fba or 0.5, report_takes=load.report_takes or 45.0)
    sales, bound = load.sales(), load.bound

    result = play(sales, bound, load.seed, whole_seconds=load.whole_seconds)

    arrivals = [one.arrival for one in sales]
    assert result.makespan >= makespan(arrivals, bound) - 0.02
    least = makespan(arrivals, bound, is_prompt=True)
    part = 1.15 if load.halved_at is None else 1.25
    assert result.makespan <= part * least + LOOKS
    alone = makespan(arrivals, replace(bound, report_takes=None), is_prompt=True)
    assert result.makespan <= 1.1 * alone + LOOKS


@SETTLED
@given(LOADS, st.sampled_from([0.03, 0.1, 0.3]))
def test_urgent_orders_are_read_as_if_the_others_could_wait(
    load: Load, share: float
) -> None:
    """Their bound leaves out one token more than they have (`kept_tokens`).

    Where pages bring some of them too, the soonest due still come first, not those that
    a page would show last: that costs the last of them a part of the time.
    """
    load = replace(load, report_takes=None)
    chance = random.Random(load.seed)  # noqa: S311 - not a secret
    sales = [
        Sale(Arrival(one.arrival.at), one.arrival.at + SOON)
        if chance.random() < share
        else Sale(one.arrival, (one.ship_by or 0.0) + DAY)
        for one in load.sales()
    ]

    done = play(sales, load.bound, load.seed, whole_seconds=load.whole_seconds).done

    urgent = {n: sales[n].arrival for n in done if sales[n].is_due_in(SOON)}
    everyone = [one.arrival for one in sales]
    least = makespan(list(urgent.values()), load.bound, is_prompt=True, among=everyone)
    token = 1 / min(rate for _from, rate in load.bound.get.rates)
    part = 1.1 if least < load.bound.search_lag else 1.5
    reached = max((done[n] for n in urgent), default=0.0)
    assert reached <= part * least + token + LOOKS


@pytest.mark.parametrize(
    ("count", "seconds", "most"),
    [(1, 1, 1), (30, 10, 10), (31, 1, 2.2), (200, 10, 135), (2000, 60, 60 + 130)],
)
def test_flash_sale_at_the_default_quota(
    count: int, seconds: float, most: float
) -> None:
    sales = sale(count, seconds)

    result = play(sales, limits())

    assert result.makespan <= most
    least = makespan([one.arrival for one in sales], limits())
    assert result.makespan <= 1.1 * least + LOOKS


def test_flash_sale_mostly_shipped_by_amazon_is_brought_by_reports() -> None:
    sales = sale(5000, 60, fba=0.6)
    bound = limits(report_takes=45.0)

    result = play(sales, bound)

    least = makespan([one.arrival for one in sales], bound)
    assert result.makespan <= 1.1 * least
    assert result.calls["getReportDocument"] >= 2
    alone = makespan([one.arrival for one in sales], limits())
    assert alone > 5 * result.makespan


def test_trickle_is_complete_at_once() -> None:
    sales = [Sale(Arrival(at * 3.0)) for at in range(200)]

    waits = play(sales, limits()).waits(sales)

    assert max(waits) == 0.0


def test_mild_overload_completes_half_within_seconds() -> None:
    sales = sale(500, 600)

    waits = play(sales, limits()).waits(sorted(sales, key=lambda s: s.arrival.at))

    assert waits[len(waits) // 2] <= 2.0


def test_urgent_orders_of_a_flash_sale_are_complete_first() -> None:
    later, urgent = sale(400, 5), sale(20, 5, seed=2, due=600.0)
    sales = sorted([*later, *urgent], key=lambda one: one.arrival.at)

    done = play(sales, limits()).done

    soon = [at for n, at in done.items() if sales[n].ship_by == 600.0]
    assert max(soon) <= 40.0


def test_nothing_starves_while_urgent_orders_keep_coming() -> None:
    rest = [Sale(Arrival(0.0, needs_address=False)) for _ in range(60)]
    urgent = [Sale(Arrival(n * 1.5), n * 1.5 + 60) for n in range(1200)]
    sales = sorted([*rest, *urgent], key=lambda one: one.arrival.at)

    done = play(sales, limits()).done

    assert max(at for n, at in done.items() if sales[n].ship_by is None) <= 900


def test_bound_takes_the_burst_then_the_rate() -> None:
    arrivals = [Arrival(0.0)] * 40

    assert makespan([], limits()) == 0.0
    assert makespan(arrivals[:30], limits()) == 0.0
    assert makespan(arrivals, limits()) == pytest.approx(20.0, abs=0.02)
    assert makespan([Arrival(0.0)] * 500, limits()) == pytest.approx(120.0, abs=0.02)


@st.composite
def tiny_limits(draw: st.DrawFn) -> tuple[list[Arrival], AmazonLimits]:
    """Draw limits so small that every schedule can be tried."""
    arrivals = [
        Arrival(float(at), needs_address=draw(st.booleans()))
        for at in draw(st.lists(st.integers(0, 5), min_size=1, max_size=5))
    ]
    get = Supply(draw(st.integers(1, 2)), ((0.0, draw(st.sampled_from([0.25, 0.5]))),))
    search = Supply(draw(st.integers(1, 2)), ((0.0, 0.125),))
    takes = draw(st.sampled_from([None, 4.0]))
    return arrivals, AmazonLimits(
        get, search, page=2, search_lag=3.0, report_takes=takes
    )


@SETTLED
@given(tiny_limits())
def test_bound_is_never_above_the_best_schedule(
    tiny: tuple[list[Arrival], AmazonLimits],
) -> None:
    arrivals, small = tiny

    best = exhaustive(arrivals, small, longest=40)
    prompt = exhaustive(arrivals, small, longest=40, is_prompt=True)

    assert best is not None
    assert prompt is not None
    assert makespan(arrivals, small) <= best + 0.02
    assert makespan(arrivals, small, is_prompt=True) <= prompt + 0.02


def test_prompt_bound_knows_that_the_burst_is_spent_by_then() -> None:
    arrivals = [Arrival(float(at)) for at in range(150)]

    free, prompt = (
        makespan(arrivals, limits(), is_prompt=is_prompt) for is_prompt in (False, True)
    )

    assert free < prompt - 10


@SETTLED
@given(LOADS)
def test_weighted_bound_is_below_what_the_planner_reaches(load: Load) -> None:
    sales, bound = load.sales()[:100], load.bound

    done = play(sales, bound, load.seed, whole_seconds=load.whole_seconds).done

    reached = sum(sales[n].arrival.weight * at for n, at in done.items())
    assert weighted_completion([one.arrival for one in sales], bound) <= reached + 1
