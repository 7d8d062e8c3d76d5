"""The words in which services speak of MCF rules."""

from __future__ import annotations

import pytest

from channels_amazon.models import AmazonAccount, McfRule
from tests import builders

pytestmark = pytest.mark.django_db


def test_active_rules_are_switched_on_and_of_connected_accounts_of_the_store() -> None:
    account = builders.make_account()
    lost = builders.make_account(
        account.store,
        region="eu",
        state=AmazonAccount.State.NEEDS_AUTHORIZATION,
    )
    other = builders.make_account()
    wanted = builders.make_mcf_rule(account)
    builders.make_mcf_rule(account, is_active=False)
    builders.make_mcf_rule(lost)
    builders.make_mcf_rule(other)

    assert list(McfRule.objects.active(account.store_id)) == [wanted]
