"""Parts of their own sell no unit twice in a shop's day; the play would show it."""

from __future__ import annotations

import pytest

from bench.selling_simulation import Play, Selling

pytestmark = pytest.mark.django_db

SHOP = Play(accounts=3, skus=12, seconds=150, buyers=2.0, restocks=0.15)


def test_parts_of_their_own_sell_nothing_twice() -> None:
    outcome = Selling(SHOP, {"mode": "split", "share": 34}).run()

    assert outcome.sold > 100
    assert outcome.oversold == 0


def test_play_sees_what_is_sold_twice() -> None:
    rush = Play(accounts=3, skus=3, seconds=100, buyers=2.0, restocks=0.15)

    assert Selling(rush, {"mode": "shared"}).run().oversold > 0
