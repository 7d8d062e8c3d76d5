"""Accounts that push today go on; who was disconnected begins anew."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps
from django.utils import timezone

from channels_amazon.models import AmazonAccount
from tests.builders import make_account

pytestmark = pytest.mark.django_db
migration = import_module("channels_amazon.migrations.0047_live_at")


@pytest.mark.parametrize(
    ("state", "is_live"),
    [("connected", True), ("needs_authorization", True), ("disconnected", False)],
)
def test_account_that_is_there_stays_live(state: str, is_live: bool) -> None:
    account = make_account(state=state, live_at=None)

    migration.stay_live(apps, None)

    account.refresh_from_db()
    assert account.is_live == is_live


def test_account_that_is_live_keeps_since_when() -> None:
    since = timezone.now()
    make_account(live_at=since)

    migration.stay_live(apps, None)

    assert AmazonAccount.objects.get().live_at == since
