"""Accounts that went unread before anything marked them are read first."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from pkgutil import iter_modules

import pytest
from django.apps import apps
from django.utils import timezone

from channels_amazon import migrations
from channels_amazon.models import AmazonAccount, SyncJob
from channels_amazon.services.jobs.nets import mend_ranks
from tests.builders import make_account
from tests.services.installation.unread import read_to
from tests.services.jobs.scene import wrong_ranks

pytestmark = pytest.mark.django_db


def migrate() -> None:
    """Run the data step."""
    (name,) = [
        found.name
        for found in iter_modules(migrations.__path__)
        if found.name.endswith("_mark_unread_accounts")
    ]
    import_module(f"channels_amazon.migrations.{name}").mark(apps, None)


@pytest.mark.parametrize(
    ("state", "minutes", "is_marked"),
    [
        ("connected", 20, True),
        ("connected", 5, False),
        # It is marked when it is authorised again.
        ("needs_authorization", 60, False),
    ],
)
def test_unread_account_is_marked_and_swept_at_once(
    state: str, minutes: int, is_marked: bool
) -> None:
    account = make_account(state=state)
    job = read_to(account, timezone.now() - timedelta(minutes=minutes))
    SyncJob.objects.filter(pk=job.pk).update(
        due_at=timezone.now() + timedelta(minutes=20)
    )
    mend_ranks()

    migrate()

    account.refresh_from_db()
    job.refresh_from_db()
    assert (account.behind_at is not None) == is_marked
    assert (job.due_at <= timezone.now()) == is_marked
    assert wrong_ranks() == []


def test_first_pull_and_known_mark_stay_as_they_are() -> None:
    account = make_account()
    read_to(account, timezone.now() - timedelta(hours=1))
    at = timezone.now() - timedelta(minutes=30)
    AmazonAccount.objects.filter(pk=account.pk).update(behind_at=at)
    pulling = make_account(account.store, region="eu")
    SyncJob.objects.create(
        account=pulling, kind=SyncJob.Kind.ORDER_SWEEP, due_at=timezone.now()
    )
    migrate()
    account.refresh_from_db()
    pulling.refresh_from_db()
    assert (account.behind_at, pulling.behind_at) == (at, None)
