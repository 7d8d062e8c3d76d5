"""Accounts that an earlier version gave up because of a key go on."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

import pytest
from django.apps import apps

from channels_amazon import migrations
from channels_amazon.models import AmazonAccount, SyncJob
from channels_amazon.services.jobs import claims, nets
from tests.builders import make_account, make_job

pytestmark = pytest.mark.django_db
State = AmazonAccount.State


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("token.undecryptable", State.CONNECTED),
        ("token.revoked", State.NEEDS_AUTHORIZATION),
    ],
)
def test_account_without_its_key_is_connected_again(code: str, state: str) -> None:
    account = make_account(state=State.NEEDS_AUTHORIZATION, state_code=code)
    job = make_job(account, blocked_code=code, rank=None)
    (name,) = [
        found.name
        for found in iter_modules(migrations.__path__)
        if found.name.endswith("_keys_are_the_hosts")
    ]
    import_module(f"channels_amazon.migrations.{name}").free(apps, None)
    nets.mend_ranks()

    account.refresh_from_db()
    assert account.state == state
    claimed = claims.claim_due("test", 60)
    assert [one.pk for one in claimed] == [job.pk] * (state == State.CONNECTED)
    assert bool(SyncJob.objects.get().blocked_code) == (state != State.CONNECTED)
