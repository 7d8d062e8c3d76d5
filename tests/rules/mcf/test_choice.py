"""Which store orders go to MCF, from which pool, and why not."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_amazon.marketplaces import MARKETPLACES, Marketplace
from channels_amazon.rules.mcf.choice import decide, units_by_listing
from channels_amazon.rules.mcf.pools import serving
from channels_amazon.rules.mcf.terms import (
    SPEEDS,
    ActiveRule,
    Candidate,
    LineFacts,
    McfDecision,
    OrderFacts,
    PoolUnits,
    PreviewNeeded,
    ShippedBy,
    SpeedOffer,
)

US, DE, FR, GB = "ATVPDKIKX0DER", "A1PA6795UKMFR9", "A13V1IB3VIYZZH", "A1F83G8C2ARO7P"


def marketplaces(*ids: str) -> tuple[Marketplace, ...]:
    """Return these marketplaces."""
    return tuple(MARKETPLACES[one] for one in ids)


def line(
    units: int = 1, local: int | None = 0, fba: int = 10, **over: Any
) -> LineFacts:
    """Make a line of variant 1, with units in the American pool of account 1."""
    fields: dict[str, Any] = {
        "sku": "MUG",
        "variant_id": 1,
        "pools": (PoolUnits(1, "US", 11, fba),),
    }
    return LineFacts(units=units, local=local, **fields | over)


def order(*lines: LineFacts, **over: Any) -> OrderFacts:
    """Make an order to the United States, promised at standard speed."""
    fields: dict[str, Any] = {"country": "US", "speed": "standard", "currency": "USD"}
    return OrderFacts(lines=lines or (line(),), **fields | over)


def rule(**over: Any) -> ActiveRule:
    """Make a rule of account 1 that uses FBA where local stock is short."""
    fields: dict[str, Any] = {
        "id": 1,
        "name": "Everything",
        "account_id": 1,
        "marketplaces": marketplaces(US),
    }
    return ActiveRule(**fields | over)


def offer(fee: str | None = "5.00", **over: Any) -> SpeedOffer:
    """Make a standard offer in US dollars."""
    fields: dict[str, Any] = {
        "speed": "standard",
        "is_fulfillable": True,
        "currency": "USD",
    }
    return SpeedOffer(fee=Decimal(fee) if fee else None, **fields | over)


CANDIDATE = Candidate(1, US, "US")


def decided(
    wanted: OrderFacts,
    given_rule: ActiveRule,
    *offers: SpeedOffer,
    at: Candidate = CANDIDATE,
) -> McfDecision:
    """Return the decision when Amazon's preview holds these offers."""
    made = decide(wanted, [given_rule], {at: offers})
    assert isinstance(made, McfDecision)
    return made


def test_unknown_sku_needs_a_person() -> None:
    made = decide(order(line(variant_id=None, sku="NEW")), [rule()], {})

    assert isinstance(made, McfDecision)
    assert (made.by, "NEW" in made.reason) == (ShippedBy.PERSON, True)


def test_local_first_ships_locally_without_asking_amazon() -> None:
    made = decide(order(line(3, local=3)), [rule()], {})

    assert isinstance(made, McfDecision)
    assert made.by == ShippedBy.STORE


def test_fba_first_asks_amazon_although_local_stock_would_do() -> None:
    first = rule(is_fba_first=True)

    assert decide(order(line(3, local=3)), [first], {}) == PreviewNeeded(
        CANDIDATE, first
    )


def test_stock_never_counted_counts_as_none() -> None:
    assert isinstance(decide(order(line(local=None)), [rule()], {}), PreviewNeeded)


def test_two_lines_of_one_variant_share_its_units() -> None:
    both = order(line(6, local=8), line(6, local=8), country="US")

    made = decide(both, [rule()], {CANDIDATE: [offer()]})

    assert isinstance(made, McfDecision)
    assert made.by == ShippedBy.PERSON
    assert "not split" in made.refused[0]


def test_lines_in_different_pools_are_not_split() -> None:
    elsewhere = line(variant_id=2, sku="PAN", pools=(PoolUnits(1, "CA", 12, 9),))

    made = decide(order(line(), elsewhere), [rule()], {})

    assert isinstance(made, McfDecision)
    assert (made.by, "PAN" in made.refused[0]) == (ShippedBy.PERSON, True)


def test_kept_units_are_left_alone() -> None:
    assert isinstance(decide(order(line(8)), [rule(kept_units=2)], {}), PreviewNeeded)
    made = decide(order(line(9)), [rule(kept_units=2)], {})
    assert isinstance(made, McfDecision)
    assert made.by == ShippedBy.PERSON


def test_no_rule_leaves_the_order_to_the_store() -> None:
    here = decide(order(line(local=1)), [], {})
    short = decide(order(line(local=0)), [], {})

    assert isinstance(here, McfDecision)
    assert isinstance(short, McfDecision)
    assert (here.by, short.by) == (ShippedBy.STORE, ShippedBy.PERSON)


def test_rule_that_names_the_country_beats_the_one_for_every_country() -> None:
    wide = rule(name="A", is_fba_first=True)
    narrow = rule(id=2, name="B", countries=frozenset({"US"}))

    made = decide(order(line(local=5)), [wide, narrow], {})

    assert isinstance(made, McfDecision)
    assert (made.by, made.rule) == (ShippedBy.STORE, narrow)


def test_another_account_is_tried_when_the_first_cannot() -> None:
    first = rule(countries=frozenset({"US"}))
    second = rule(id=2, name="Other", account_id=2)
    both = line(pools=(PoolUnits(1, "US", 11, 9), PoolUnits(2, "US", 21, 9)))
    refusal = {CANDIDATE: [offer(is_fulfillable=False)]}

    made = decide(order(both), [first, second], refusal)

    assert made == PreviewNeeded(Candidate(2, US, "US"), second)


@pytest.mark.parametrize(
    ("promised", "offered", "allows", "by"),
    [
        ("standard", "standard", False, ShippedBy.MCF),
        ("standard", "priority", False, ShippedBy.MCF),
        ("priority", "standard", False, ShippedBy.PERSON),
        ("priority", "standard", True, ShippedBy.MCF),
        ("standard", "scheduled", True, ShippedBy.PERSON),
    ],
)
def test_speed_of_the_offer_is_held_against_the_promise(
    promised: str, offered: str, allows: bool, by: ShippedBy
) -> None:
    wanted = order(speed=promised)

    made = decided(wanted, rule(allows_slower=allows), offer(speed=offered))

    assert made.by == by


def test_cheapest_offer_in_time_within_the_limit_is_taken() -> None:
    offers = [offer("9.00"), offer("7.00", speed="expedited")]

    made = decided(order(), rule(most_fee=Decimal(8)), *offers)

    assert made.offer == offers[1]


def test_slower_offer_is_taken_where_the_quicker_is_too_dear() -> None:
    offers = [offer("9.00", speed="priority"), offer("4.00")]
    limited = rule(most_fee=Decimal(8), allows_slower=True)

    made = decided(order(speed="priority"), limited, *offers)

    assert (made.by, made.offer) == (ShippedBy.MCF, offers[1])


def test_fee_above_the_limit_is_named() -> None:
    made = decided(order(), rule(most_fee=Decimal("4.99")), offer("5.00"))

    assert made.by == ShippedBy.PERSON
    assert "5.00 USD" in made.refused[0]


@pytest.mark.parametrize("bad", [offer("1.00", currency="CAD"), offer(None)])
def test_fee_that_cannot_be_compared_needs_a_person(bad: SpeedOffer) -> None:
    made = decided(order(line(local=5)), rule(most_fee=Decimal(9)), bad)
    assert made.by == ShippedBy.STORE

    first = rule(most_fee=Decimal(9), is_fba_first=True)
    made = decided(order(line(local=5)), first, bad)
    assert made.by == ShippedBy.PERSON

    free = rule(is_fba_first=True)
    assert decided(order(line(local=5)), free, bad).by == ShippedBy.MCF


def test_country_is_served_by_its_own_site_then_by_pool_mates() -> None:
    german, french = marketplaces(DE), marketplaces(FR)

    assert serving("DE", marketplaces(FR, DE, GB), is_named=False) == list(german)
    assert serving("NL", marketplaces(FR, GB), is_named=False) == list(french)
    assert serving("US", marketplaces(FR, GB), is_named=False) == []
    assert serving("AT", marketplaces(DE), is_named=False) == []
    assert serving("AT", marketplaces(DE), is_named=True) == list(german)
    assert serving("DE", marketplaces(DE, GB), is_named=True) == list(german)


fees = st.none() | st.decimals(0, 20, places=2, allow_nan=False)
rules = st.builds(
    ActiveRule,
    id=st.integers(1, 4),
    name=st.sampled_from("AB"),
    account_id=st.integers(1, 2),
    marketplaces=st.just(marketplaces(US)),
    is_fba_first=st.booleans(),
    countries=st.sampled_from([frozenset[str](), frozenset({"US"})]),
    kept_units=st.integers(0, 4),
    most_fee=fees,
    allows_slower=st.booleans(),
)
lines = st.builds(
    lambda units, local, held, variant: LineFacts(
        sku=f"V{variant}",
        units=units,
        variant_id=variant,
        local=local,
        pools=tuple(
            PoolUnits(account, "US", 10 * account + variant, count)
            for account, count in held.items()
        ),
    ),
    st.integers(1, 5),
    st.none() | st.integers(0, 8),
    st.dictionaries(st.integers(1, 2), st.integers(0, 9)),
    st.integers(1, 3),
)
offers = st.lists(
    st.builds(
        SpeedOffer,
        speed=st.sampled_from([*SPEEDS, "scheduled"]),
        is_fulfillable=st.booleans(),
        fee=fees,
        currency=st.sampled_from(["USD", "CAD"]),
    ),
    max_size=3,
)


# How long an example takes says more of the machine than of the rule.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(lines, max_size=4),
    st.lists(rules, max_size=3),
    st.sampled_from(SPEEDS),
    offers,
    offers,
)
def test_fba_is_never_chosen_beyond_its_units_or_its_limit(
    wanted: list[LineFacts],
    given_rules: list[ActiveRule],
    speed: str,
    ones: list[SpeedOffer],
    others: list[SpeedOffer],
) -> None:
    # One variant has the same stock on each of its lines.
    first = {item.variant_id: item for item in reversed(wanted)}
    same = tuple(
        LineFacts(
            item.sku,
            item.units,
            item.variant_id,
            first[item.variant_id].local,
            first[item.variant_id].pools,
        )
        for item in wanted
    )
    asked = OrderFacts(same, "US", speed, "USD")
    previews = {Candidate(1, US, "US"): ones, Candidate(2, US, "US"): others}

    made = decide(asked, given_rules, previews)

    assert isinstance(made, McfDecision)
    assert made.reason
    if made.by is not ShippedBy.MCF:
        return
    assert made.rule
    assert made.candidate
    assert made.offer
    units = units_by_listing(asked, made.candidate)
    assert units
    held = {pool.listing_id: pool.units for item in same for pool in item.pools}
    for listing, count in units.items():
        assert count <= held[listing] - made.rule.kept_units
    if made.rule.most_fee is not None:
        assert made.offer.currency == "USD"
        assert made.offer.fee is not None
        assert made.offer.fee <= made.rule.most_fee
    if not made.rule.allows_slower:
        assert SPEEDS.index(made.offer.speed) >= SPEEDS.index(speed)
