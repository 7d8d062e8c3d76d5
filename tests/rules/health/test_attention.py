"""What needs a person is decided once; what one account needs is a part of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.rules.health import first_cause
from channels_amazon.rules.health.attention import (
    ENDS_BY_ITSELF,
    ERRORS,
    FOUND_AS,
    AccountFacts,
    Facts,
    Level,
    Need,
    Said,
    Standing,
    attention,
    shared,
)

OF_STORE = (
    Need.PARCEL_REFUSED,
    Need.PARCEL_UNKNOWN,
    Need.BELOW_ZERO,
    Need.ENDPOINT_FAILING,
)
OF_INSTALLATION = (
    Need.PAUSED,
    Need.NO_WORKER,
    Need.CONSUMER_DOWN,
    Need.KEYS_DIFFER,
)
DECIDED = (Need.REVOKED, Need.NOT_SUBSCRIBED)
COUNTED = [need for need in Need if need not in (*OF_STORE, *OF_INSTALLATION, *DECIDED)]

counts = st.dictionaries(st.sampled_from(COUNTED), st.integers(0, 4), max_size=5)
flags = st.booleans()


@st.composite
def all_facts(draw: st.DrawFn) -> Facts:
    """Draw some accounts in some stores, with what they need."""
    accounts = tuple(
        AccountFacts(
            account_id=pk,
            store_id=draw(st.integers(1, 2)),
            standing=draw(st.sampled_from(Standing)),
            is_subscribed=draw(flags),
            is_pulling=draw(flags),
            counts=draw(counts),
        )
        for pk in range(1, draw(st.integers(0, 4)) + 1)
    )
    shared = st.dictionaries(st.sampled_from(OF_STORE), st.integers(0, 3), max_size=3)
    return Facts(
        accounts=accounts,
        stores={1: draw(shared), 2: draw(shared)},
        is_paused=draw(flags),
        is_worker_alive=draw(flags),
        is_consumer_alive=draw(flags),
        is_queue_configured=draw(flags),
        have_keys_differ=draw(flags),
    )


def one(**over: Any) -> Facts:
    """Return the facts of one connected account."""
    fields: dict[str, Any] = {
        "account_id": 1,
        "store_id": 1,
        "standing": Standing.CONNECTED,
    }
    return Facts(accounts=(AccountFacts(**fields | over),))


@given(all_facts())
def test_whole_is_the_sum_of_its_parts(facts: Facts) -> None:
    whole = attention(facts)
    parts = {
        needed
        for account in facts.accounts
        for needed in attention(facts.of(account.account_id)).needed
    }
    assert set(whole.needed) == parts
    own = [item for item in whole.needed if item.account_id is not None]
    by_account = [
        item
        for account in facts.accounts
        for item in attention(facts.of(account.account_id)).needed
        if item.account_id is not None
    ]
    assert sum(item.count for item in own) == sum(item.count for item in by_account)


@given(all_facts())
def test_parts_add_up_once_what_they_share_is_counted_once(facts: Facts) -> None:
    common = shared(facts)
    parts = [attention(facts.of(one.account_id)) for one in facts.accounts]
    alone = sum(
        item.count for part in parts for item in part.needed if item not in common
    )
    together = sum(item.count for item in common)
    assert alone + together == attention(facts).total


@given(all_facts())
def test_errors_come_first(facts: Facts) -> None:
    levels = [item.level for item in attention(facts).needed]
    assert levels == sorted(levels, key=lambda level: level != Level.ERROR)


@given(all_facts())
def test_sentence_is_calm_only_where_nothing_is_counted(facts: Facts) -> None:
    found = attention(facts)
    assert (found.said in {Said.WELL, Said.PULLING, Said.CATCHING_UP}) == (
        found.total == 0
        and any(one.standing != Standing.DISCONNECTED for one in facts.accounts)
    )


@given(all_facts())
def test_disconnected_account_needs_nothing(facts: Facts) -> None:
    ended = tuple(
        replace(account, standing=Standing.DISCONNECTED) for account in facts.accounts
    )
    assert attention(replace(facts, accounts=ended)).needed == ()


@pytest.mark.parametrize("need", [one for one in COUNTED if one not in ENDS_BY_ITSELF])
def test_each_count_is_a_need_of_its_level(need: Need) -> None:
    (item,) = attention(one(counts={need: 3})).needed
    assert (item.need, item.count) == (need, 3)
    assert item.level == (Level.ERROR if need in ERRORS else Level.WARNING)


def test_what_ends_by_itself_is_told_and_needs_nobody() -> None:
    alone = attention(one(counts={Need.BEHIND: 1}))
    beside = attention(one(counts={Need.BEHIND: 1, Need.LATE: 2}))

    assert (alone.said, alone.total, alone.needed) == (Said.CATCHING_UP, 0, ())
    assert [item.need for item in alone.told] == [Need.BEHIND]
    assert (beside.said, beside.total) == (Said.NEEDED, 2)
    assert [item.need for item in beside.told] == [Need.LATE, Need.BEHIND]


def test_health_report_knows_the_same_as_ending_by_itself() -> None:
    codes = {code for need in ENDS_BY_ITSELF for code in FOUND_AS[need]}
    assert codes == first_cause.ENDS_BY_ITSELF


def test_need_may_be_worse_than_usual() -> None:
    facts = one(counts={Need.CHECK: 1}, errors=frozenset({Need.CHECK}))
    assert attention(facts).needed[0].level == Level.ERROR


def test_lost_authorisation_is_said_once() -> None:
    facts = one(
        standing=Standing.NEEDS_AUTHORIZATION,
        counts={Need.JOB_BLOCKED: 9, Need.AUTHORIZATION_ENDS: 1},
    )
    assert [item.need for item in attention(facts).needed] == [Need.REVOKED]


def test_reader_of_events_is_missed_only_where_somebody_is_subscribed() -> None:
    facts = replace(one(is_subscribed=False), is_consumer_alive=False)
    assert attention(facts).count(Need.CONSUMER_DOWN) == 0
    assert attention(replace(one(), is_consumer_alive=False)).total == 1


@pytest.mark.parametrize(("is_configured", "number"), [(True, 1), (False, 0)])
def test_subscription_is_missed_only_where_there_is_a_queue(
    is_configured: bool, number: int
) -> None:
    facts = replace(one(is_subscribed=False), is_queue_configured=is_configured)
    assert attention(facts).count(Need.NOT_SUBSCRIBED) == number


def test_first_pull_is_said_before_all_is_well() -> None:
    assert attention(one(is_pulling=True)).said == Said.PULLING
    assert attention(one()).said == Said.WELL
    assert attention(Facts(accounts=())).said == Said.NONE_CONNECTED
