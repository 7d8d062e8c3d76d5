"""For what a rule holds, and that the narrowest one wins."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.rules.scope import (
    SameScope,
    Scope,
    ScopeIndex,
    Target,
    fits,
    narrowness,
)

MUGS = "Kitchen > Mugs"
DE, FR = "A1PA6795UKMFR9", "A13V1IB3VIYZZH"

categories = st.sampled_from(["", "Kitchen", MUGS, f"{MUGS} > Blue", "Garden"])
marketplaces = st.sampled_from(["", DE, FR])
skus = st.sampled_from(["A", "B"])
scopes = st.builds(
    Scope,
    account_id=st.sampled_from([None, 1, 2]),
    marketplace_id=marketplaces,
    category=categories,
    seller_sku=st.just("") | skus,
)
targets = st.builds(
    Target,
    account_id=st.sampled_from([1, 2, 3]),
    seller_sku=skus,
    category=categories,
    marketplace_id=marketplaces,
)


def index_of(*found: Scope) -> ScopeIndex[int]:
    """Make an index whose rules are the places of their scopes."""
    return ScopeIndex((scope, place) for place, scope in enumerate(found))


@given(st.lists(scopes, unique=True), targets, st.randoms(use_true_random=False))
def test_narrowest_rule_wins_in_any_order(
    found: list[Scope], target: Target, chance: random.Random
) -> None:
    shuffled = chance.sample(found, len(found))
    fitting = [scope for scope in found if fits(scope, target)]

    won = index_of(*shuffled).winner(target)

    if not fitting:
        assert won is None
        return
    assert won is not None
    assert won[0] == max(fitting, key=narrowness)
    assert shuffled[won[1]] == won[0]


@given(st.lists(scopes, unique=True), targets)
def test_different_scopes_that_fit_are_never_equally_narrow(
    found: list[Scope], target: Target
) -> None:
    fitting = [scope for scope in found if fits(scope, target)]

    assert len({narrowness(scope) for scope in fitting}) == len(fitting)


@given(st.lists(scopes, unique=True), targets)
def test_fitting_rules_come_with_the_narrowest_first(
    found: list[Scope], target: Target
) -> None:
    listed = [scope for scope, _rule in index_of(*found).fitting(target)]

    assert set(listed) == {scope for scope in found if fits(scope, target)}
    assert listed == sorted(listed, key=narrowness, reverse=True)


@pytest.mark.parametrize(
    ("narrower", "wider"),
    [
        (Scope(seller_sku="A"), Scope(1, DE, f"{MUGS} > Blue")),
        (Scope(1, seller_sku="A"), Scope(seller_sku="A")),
        (Scope(category=f"{MUGS} > Blue"), Scope(1, DE, MUGS)),
        (Scope(category=MUGS), Scope(1, DE, "Kitchen")),
        (Scope(category="Kitchen"), Scope(1, DE)),
        (Scope(marketplace_id=DE), Scope(1)),
        (Scope(1, DE), Scope(marketplace_id=DE)),
        (Scope(1), Scope()),
    ],
)
def test_narrowest_part_decides(narrower: Scope, wider: Scope) -> None:
    target = Target(1, "A", f"{MUGS} > Blue", DE)

    assert index_of(wider, narrower).winner(target) == (narrower, 1)


@pytest.mark.parametrize(
    ("scope", "is_fit"),
    [
        (Scope(), True),
        (Scope(2), False),
        (Scope(seller_sku="B"), False),
        (Scope(seller_sku="a"), False),
        (Scope(category="Kitchen"), True),
        (Scope(category="Mugs"), False),
        (Scope(category="Kitchen > M"), False),
        (Scope(category=f"{MUGS} > Blue"), False),
        (Scope(marketplace_id=FR), False),
    ],
)
def test_rule_holds_for_what_its_scope_names(*, scope: Scope, is_fit: bool) -> None:
    target = Target(1, "A", MUGS, DE)

    assert fits(scope, target) is is_fit
    assert bool(index_of(scope).fitting(target)) is is_fit


def test_rule_of_a_marketplace_holds_for_no_quantity() -> None:
    whole_store = Scope()
    index = index_of(Scope(marketplace_id=DE), whole_store)

    assert index.fitting(Target(1, "A")) == [(whole_store, 1)]


def test_two_rules_of_one_scope_are_refused() -> None:
    with pytest.raises(SameScope, match="seller_sku='A'"):
        index_of(Scope(seller_sku="A"), Scope(), Scope(seller_sku="A"))


def test_look_up_costs_the_same_for_many_rules() -> None:
    few = index_of(Scope(1), Scope(1, seller_sku="A"))
    many = index_of(
        Scope(1), *(Scope(1, seller_sku=f"A{number}") for number in range(10_000))
    )

    assert few.forms == many.forms
    assert len(many.forms) == 2
