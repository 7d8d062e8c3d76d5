"""What a listing says of its push is what the queryset's words say of its row."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from django.utils import timezone

from channels_amazon.models import AmazonAccount, Listing, PushState
from tests import builders

pytestmark = pytest.mark.django_db


@pytest.fixture
def listings() -> list[Listing]:
    """Make a listing of each channel, due or not, with and without a refusal."""
    account = builders.make_account()
    kinds = product((True, False), (True, False), ("", "INVALID"), (None, 5))
    return [
        builders.make_listing(
            account,
            is_mfn=is_mfn,
            push_due=push_due,
            push_code=push_code,
            acknowledged_quantity=quantity,
        )
        for is_mfn, push_due, push_code, quantity in kinds
    ]


def test_push_state_is_what_the_row_is_found_by(listings: list[Listing]) -> None:
    words = {
        PushState.WAITING: Listing.objects.waiting_for_push(),
        PushState.REFUSED: Listing.objects.push_refused(),
    }
    for state, rows in words.items():
        found = {row.pk for row in listings if row.push_state is state}
        assert found == set(rows.values_list("pk", flat=True))
        assert len(found) == 2


@pytest.mark.parametrize("code", ["", "INVALID"])
def test_listing_that_is_not_due_is_told_by_what_amazon_accepted(code: str) -> None:
    sent = timezone.now()
    facts = {"is_mfn": True, "push_code": code, "acknowledged_at": sent}
    never = Listing(**facts)
    same = Listing(**facts, acknowledged_quantity=5, observed_quantity=5)
    older = Listing(
        **facts,
        acknowledged_quantity=5,
        observed_quantity=4,
        observed_at=sent - timedelta(hours=1),
    )
    newer = Listing(
        **facts,
        acknowledged_quantity=5,
        observed_quantity=4,
        observed_at=sent + timedelta(hours=1),
    )

    states = [row.push_state for row in (never, same, older, newer)]

    assert states == [
        PushState.NEVER_SENT,
        PushState.ACCEPTED,
        PushState.ACCEPTED,
        PushState.DIFFERS,
    ]


def test_listing_of_a_disconnected_account_is_left_out() -> None:
    rows = {
        state: builders.make_listing(builders.make_account(state=state))
        for state in AmazonAccount.State
    }
    gone = rows.pop(AmazonAccount.State.DISCONNECTED)

    found = set(Listing.objects.not_disconnected())

    assert found == set(rows.values())
    assert gone not in found
