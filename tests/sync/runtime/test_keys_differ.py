"""A process with wrong keys harms nothing that outlives it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from cryptography.fernet import InvalidToken
from django.utils import timezone
from pytest_django import Settings

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    AmazonAccount,
    DiagnosticEntry,
    OrderPersonalData,
    SyncJob,
    SyncRun,
)
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.jobs import heartbeats
from channels_amazon.services.privacy.personal_data import store_personal_data
from channels_amazon.sync.runtime import runner
from channels_amazon.sync.runtime.context import Result, RunContext
from tests import builders
from tests.services.privacy.scene import NEW, OLD, forget_keys, use
from tests.sync.runtime.scene import Play

pytestmark = pytest.mark.django_db

KINDS = ("participations", "listings", "order_sweep")


@pytest.fixture(autouse=True)
def _keys(settings: Settings) -> Iterator[None]:
    use(settings, OLD)
    yield
    settings.FERNET_KEYS = ["tests-only-key-of-more-than-32-bytes-0001"]
    forget_keys()


def run(account: AmazonAccount, kind: str) -> SyncRun:
    """Run the account's job of `kind`."""
    done = runner.run_kind(AmazonAccount.objects.get(pk=account.pk), kind)
    assert done is not None
    return done


@pytest.mark.parametrize(
    ("others", "code"), [(True, "host.keys_differ"), (False, "token.undecryptable")]
)
def test_wrong_key_stops_nothing_for_good(
    others: bool, code: str, emulator: Emulator, settings: Settings
) -> None:
    account = builders.make_account(emulator=emulator)
    if others:
        heartbeats.beat(Process.CONSUMER)
    use(settings, NEW)
    runs = [run(account, kind) for kind in KINDS]

    account.refresh_from_db()
    assert account.state == AmazonAccount.State.CONNECTED
    assert {one.code for one in runs} == {code}
    jobs = SyncJob.objects.filter(account=account)
    assert not jobs.exclude(blocked_code="").exists()
    soon = timezone.now() + timedelta(seconds=30)
    assert not jobs.filter(due_at__gt=soon).exists()
    # Twelve jobs of an account fail by one key: it is said once.
    assert DiagnosticEntry.objects.filter(code=code).count() == 1

    use(settings, NEW, OLD)
    assert run(account, "participations").state == SyncRun.State.DONE


def test_many_failures_by_a_key_do_not_grow_the_wait(
    emulator: Emulator, settings: Settings
) -> None:
    account = builders.make_account(emulator=emulator)
    use(settings, NEW)
    for _time in range(8):
        run(account, "listings")
    job = SyncJob.objects.get(account=account, kind="listings")
    assert job.due_at <= timezone.now() + timedelta(seconds=30)


def test_whatever_cannot_be_opened_is_the_hosts_fault(play: Play) -> None:
    def reconcile(ctx: RunContext) -> Result:
        raise InvalidToken

    play(reconcile)
    job = builders.make_job(kind="listings")
    assert run(job.account, "listings").code == "token.undecryptable"


def test_personal_data_of_another_key_is_not_overwritten(
    emulator: Emulator, settings: Settings
) -> None:
    order = builders.make_order()
    assert store_personal_data(order, {"buyerName": "Ada"}, {"name": "Ada"})
    heartbeats.beat(Process.CONSUMER)
    use(settings, NEW)
    assert not store_personal_data(order, {"buyerName": "Bob"}, None)

    use(settings, OLD)
    row = OrderPersonalData.objects.get(order=order)
    assert "Ada" in row.buyer
    assert "Ada" in row.recipient
