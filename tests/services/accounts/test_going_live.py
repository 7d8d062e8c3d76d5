"""An account's numbers go to Amazon once somebody said so, and while nobody paused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import QuerySet
from django.utils import timezone

from channels_amazon.models import (
    AmazonAccount,
    AuditEntry,
    DiagnosticEntry,
    SyncJob,
)
from channels_amazon.services.accounts import going_live
from channels_amazon.services.accounts.going_live import CannotGoLive
from tests import builders
from tests.processes import Processes

pytestmark = pytest.mark.django_db
HERE = "tests.services.accounts.test_going_live"
Kind = SyncJob.Kind


def make_waiting(**over: Any) -> AmazonAccount:
    """Make an account of which all was read, and that nobody let go live."""
    account = builders.make_account(live_at=None, **over)
    builders.make_job(account, kind=Kind.LISTINGS, first_done_at=timezone.now())
    return account


def audited() -> QuerySet[AuditEntry]:
    """Return what the audit log says of accounts."""
    rows: QuerySet[AuditEntry] = AuditEntry.objects.filter(code__startswith="account.")
    return rows


def wait_an_hour(account: AmazonAccount) -> SyncJob:
    """Return the account's push, which is due in an hour."""
    return builders.make_job(
        account,
        kind=Kind.STOCK_PUSH,
        due_at=timezone.now() + timedelta(hours=1),
    )


def test_going_live_is_kept_with_who_did_it_and_wakes_the_push() -> None:
    account = make_waiting()
    push = wait_an_hour(account)

    assert going_live.go_live(account, actor="ann")

    assert account.is_live
    assert account.live_by == "ann"
    assert AmazonAccount.objects.live().get() == account
    push.refresh_from_db()
    assert push.due_at <= timezone.now()
    entry = audited().get()
    assert (entry.code, entry.actor) == ("account.live", "ann")
    assert (entry.store, entry.reference) == (account.store, account.seller_id)
    told = DiagnosticEntry.objects.get()
    assert (told.code, told.account) == ("account.live", account)


def test_going_live_twice_does_it_once() -> None:
    account = make_waiting()
    going_live.go_live(account, actor="ann")
    since = account.live_at

    assert not going_live.go_live(account, actor="bob")

    assert (account.live_at, account.live_by) == (since, "ann")
    assert audited().count() == 1


def test_pausing_ends_it_once_and_says_who() -> None:
    account = make_waiting()
    going_live.go_live(account, actor="ann")

    assert going_live.pause(account, actor="bob")
    assert not going_live.pause(account, actor="bob")

    assert not account.is_live
    assert account.live_by == ""
    assert AmazonAccount.objects.not_live().get() == account
    told = audited().order_by("pk").values_list("code", "actor")
    assert list(told) == [("account.live", "ann"), ("account.paused", "bob")]


def test_nobody_goes_live_before_all_was_read_once() -> None:
    account = make_waiting()
    builders.make_job(account, kind=Kind.ORDER_SWEEP)

    with pytest.raises(CannotGoLive) as caught:
        going_live.go_live(account, actor="ann")

    assert caught.value.code == going_live.FIRST_PULL
    assert "The first pull is not complete" in caught.value.message
    account.refresh_from_db()
    assert not account.is_live
    assert not audited().exists()


def test_a_script_may_go_live_before_all_was_read() -> None:
    account = make_waiting()
    builders.make_job(account, kind=Kind.ORDER_SWEEP)

    assert going_live.go_live(account, actor="script", before_first_pull=True)

    assert account.is_live


@pytest.mark.parametrize("before_first_pull", [True, False])
@pytest.mark.parametrize(
    ("state", "says"),
    [
        ("needs_authorization", "does not accept the account's authorisation"),
        ("disconnected", "is disconnected"),
    ],
)
def test_account_without_authorisation_cannot_go_live(
    state: str, says: str, before_first_pull: bool
) -> None:
    account = make_waiting(state=state)

    with pytest.raises(CannotGoLive, match=says):
        going_live.go_live(account, actor="a", before_first_pull=before_first_pull)

    assert not account.is_live


def test_account_without_authorisation_can_be_paused() -> None:
    account = builders.make_account(state="needs_authorization")

    assert going_live.pause(account, actor="ann")


def press(pk: int, number: int) -> bool:
    """Go live in a process of its own; tell whether it was this one."""
    account = AmazonAccount.objects.get(pk=pk)
    return going_live.go_live(account, actor=f"ann {number}")


@pytest.mark.twoprocess
def test_two_presses_at_the_same_moment_do_it_once(processes: Processes) -> None:
    account = make_waiting()

    ends = processes.together(f"{HERE}:press", account.pk)

    assert sorted(ends) == [False, True]
    assert audited().count() == 1
