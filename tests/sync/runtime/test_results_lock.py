"""An account that is blocked or freed while a run of it ends deadlocks nobody."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models.signals import post_save

from channels_amazon.models import AmazonAccount, SyncRun
from channels_amazon.services.accounts.connection import AccountGrant, connect_account
from channels_amazon.services.jobs import registry
from channels_amazon.spapi.errors import AuthorizationLost, Evidence
from channels_amazon.sync.runtime import runner
from channels_amazon.sync.runtime.context import Result, RunContext
from tests.builders import make_account, make_job
from tests.processes import Processes

HERE = "tests.sync.runtime.test_results_lock"
ENDS, ACTS = "listings", "permissions"
SECONDS = 20

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.twoprocess]


def until(condition: Callable[[], bool], seconds: float = SECONDS) -> bool:
    """Wait until `condition` holds; tell whether it did in time."""
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        if condition():
            return True
        time.sleep(0.02)
    return False


def is_waited_for() -> bool:
    """Tell whether another transaction waits for this one; only PostgreSQL knows."""
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted"
            " AND transactionid = pg_current_xact_id()::xid)"
        )
        (found,) = cursor.fetchone()
    return bool(found)


def lose_authorization(account: AmazonAccount) -> str:
    """Run a job of the account to which Amazon says that its token is revoked."""
    run = runner.run_kind(account, ACTS)
    return str(run.state) if run else "taken"


def authorize_again(account: AmazonAccount) -> str:
    """Connect the account's seller once more."""
    grant = AccountGrant(
        region=account.region,
        seller_id=account.seller_id,
        name=account.name,
        refresh_token="Atzr|second",
    )
    again = connect_account(
        account.store, grant=grant, application=account.application, actor="ann"
    )
    return str(again.state)


def take_part(act: str, account_id: int, mark: str, number: int) -> str:
    """End a run of the account as process 0, act on the account as process 1."""
    account = AmazonAccount.objects.get(pk=account_id)

    def reconcile(ctx: RunContext) -> Result:
        if ctx.job.kind == ACTS:
            raise AuthorizationLost("Revoked.", Evidence("lwa.token", 400))
        return Result(message="Something to say.")

    for kind, declared in registry.REGISTERED.items():
        registry.REGISTERED[kind] = replace(declared, run=reconcile)
    if number:
        assert until(Path(mark).exists)
        return str(globals()[act](account))

    def wait(**_signal: Any) -> None:
        # The job is given back and the run is written, but nothing is committed.
        Path(mark).touch()
        until(is_waited_for, SECONDS if connection.vendor == "postgresql" else 0.5)

    post_save.connect(wait, sender=SyncRun)
    run = runner.run_kind(account, ENDS)
    return str(run.state) if run else "taken"


@pytest.mark.parametrize(
    ("act", "result", "code"),
    [
        ("lose_authorization", "blocked", "token.revoked"),
        ("authorize_again", "connected", ""),
    ],
)
def test_account_is_changed_while_a_run_of_it_is_committed(
    processes: Processes, tmp_path: Path, act: str, result: str, code: str
) -> None:
    account = make_account()
    for kind in (ENDS, ACTS):
        make_job(account, kind=kind)

    ended = processes.together(
        f"{HERE}:take_part", act, account.pk, str(tmp_path / "mark")
    )

    assert ended == ["done", result]
    codes = set(account.jobs.values_list("blocked_code", flat=True))
    assert codes == {code}
