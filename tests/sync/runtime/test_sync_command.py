"""`manage.py sync` runs an account's jobs here and says when they go on."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import AmazonAccount, SyncJob
from tests.builders import make_account

pytestmark = pytest.mark.django_db

Kind = SyncJob.Kind


def sync(*arguments: str) -> dict[str, Any]:
    """Run the command and return what it answers."""
    out = StringIO()
    call_command("sync", *arguments, "--json", stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def test_sync_runs_named_jobs_by_seller_id(emulator: Emulator) -> None:
    account = make_account(emulator=emulator)
    answer = sync(account.seller_id, Kind.PARTICIPATIONS, Kind.LISTINGS)
    kinds = [row["kind"] for row in answer["runs"]]
    assert kinds[:2] == [Kind.PARTICIPATIONS, Kind.LISTINGS]
    assert account.listings.count() == 12


def test_sync_says_when_it_goes_on(emulator: Emulator) -> None:
    account = make_account(emulator=emulator)
    out = StringIO()
    call_command("sync", str(account.pk), Kind.PARTICIPATIONS, stdout=out)
    assert "participations: Done, 3 rows" in out.getvalue()
    assert "participations: next run at" in out.getvalue()


def test_sync_waits_for_quota_in_words(emulator: Emulator) -> None:
    account = make_account(emulator=emulator)
    emulator.control(
        "limits", operation="searchListingsItems", rate=0.001, burst=1, region="na"
    )
    out = StringIO()
    for _time in range(3):
        call_command("sync", str(account.pk), Kind.LISTINGS, stdout=out)
    assert "listings: waits for Amazon's quota until" in out.getvalue()


def test_sync_refuses_an_unknown_account() -> None:
    with pytest.raises(CommandError, match="There is no account 4711"):
        sync("4711")


def test_sync_refuses_an_unknown_job() -> None:
    account = make_account()
    with pytest.raises(CommandError, match="There is no job named weather"):
        sync(str(account.pk), "weather")


def test_sync_refuses_a_disconnected_account() -> None:
    account = make_account(state=AmazonAccount.State.DISCONNECTED)
    with pytest.raises(CommandError, match="is disconnected"):
        sync(str(account.pk))
