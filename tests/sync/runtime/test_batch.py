"""What becomes of the jobs of one claim while another one of them runs."""

from __future__ import annotations

import time

import pytest
from django.db import OperationalError

from channels_amazon.models import AmazonAccount, SyncJob
from channels_amazon.services.accounts.connection import disconnect_account
from channels_amazon.services.jobs import claims, leases
from channels_amazon.spapi.errors import AuthorizationLost, Evidence
from channels_amazon.sync.runtime import runner
from channels_amazon.sync.runtime.context import Result, RunContext
from tests.builders import make_account, make_job
from tests.sync.runtime.scene import Play

KINDS = ("listings", "participations", "permissions")


def claim_three() -> tuple[AmazonAccount, list[SyncJob]]:
    """Return an account and its three jobs, claimed at once."""
    account = make_account()
    for kind in KINDS:
        make_job(account, kind=kind)
    taken = claims.claim_due("me", 15.0, limit=3)
    assert len(taken) == 3
    return account, taken


@pytest.mark.django_db(transaction=True)
def test_job_does_not_wait_behind_a_slow_one_of_its_claim(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "WAIT_SECONDS", 0.1)
    free = SyncJob.objects.filter(lease_until=None, attempts=0)

    def slow(ctx: RunContext) -> Result:
        until = time.monotonic() + 30
        while free.count() < 2 and time.monotonic() < until:
            time.sleep(0.05)
        return Result()

    play(slow)
    _account, taken = claim_three()
    assert runner.run_batch(taken, "me") == 1
    assert set(free.filter(idle_runs=0)) == set(taken[1:])


@pytest.mark.django_db
def test_job_whose_account_is_disconnected_while_it_waits_does_not_run(
    play: Play,
) -> None:
    def disconnect(ctx: RunContext) -> Result:
        disconnect_account(ctx.account, actor="owner")
        return Result()

    play(disconnect)
    account, taken = claim_three()
    assert runner.run_batch(taken, "me") == 1
    assert set(account.jobs.values_list("attempts", flat=True)) == {1}


@pytest.mark.django_db
def test_error_gives_back_what_was_not_begun(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> bool:
        raise OperationalError("database is locked")

    play(lambda ctx: Result())
    _account, taken = claim_three()
    monkeypatch.setattr(leases, "finish", fail)
    with pytest.raises(OperationalError):
        runner.run_batch(taken, "me")
    assert SyncJob.objects.get(lease_until__isnull=False) == taken[0]


@pytest.mark.django_db
def test_run_that_lost_its_job_does_not_stop_the_account(play: Play) -> None:
    def lose(ctx: RunContext) -> Result:
        disconnect_account(ctx.account, actor="owner")
        raise AuthorizationLost("Revoked.", Evidence("lwa.token", 400))

    play(lose)
    account, taken = claim_three()
    runner.run_batch(taken, "me")
    account.refresh_from_db()
    assert account.state == AmazonAccount.State.DISCONNECTED
    codes = set(account.jobs.values_list("blocked_code", flat=True))
    assert codes == {"account.disconnected"}
