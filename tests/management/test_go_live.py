"""`go_live` does what the page's button does, and says what is sent first."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from channels_amazon.models import AmazonAccount, AuditEntry, SyncJob
from tests import builders

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> AmazonAccount:
    """Give an account that is not live, with one quantity to send."""
    row = builders.make_account(live_at=None)
    variant = builders.make_variant(row.store)
    builders.make_listing(
        row, variant=variant, desired_quantity=0, observed_quantity=4, push_due=True
    )
    return row


def go_live(account: AmazonAccount, **options: Any) -> str:
    """Run the command and return what it wrote."""
    out = io.StringIO()
    call_command("go_live", str(account.pk), stdout=out, **options)
    return out.getvalue()


def test_account_goes_live_and_the_answer_is_json(account: AmazonAccount) -> None:
    answer = json.loads(go_live(account, json=True))

    account.refresh_from_db()
    assert account.is_live
    assert answer["account"] == account.pk
    assert (answer["live"], answer["live_by"]) == (True, "manage.py go_live")
    assert (answer["quantities"], answer["to_zero"]) == (1, 1)
    assert AuditEntry.objects.get(code="account.live").actor == "manage.py go_live"


def test_repeating_it_does_nothing(account: AmazonAccount) -> None:
    go_live(account)
    go_live(account)

    assert AuditEntry.objects.filter(code="account.live").count() == 1


def test_dry_run_changes_nothing(account: AmazonAccount) -> None:
    told = go_live(account, dry_run=True)

    account.refresh_from_db()
    assert not account.is_live
    assert "is not live. Quantities to send: 1, to zero: 1;" in told


def test_refusal_says_why(account: AmazonAccount) -> None:
    builders.make_job(account, kind=SyncJob.Kind.LISTINGS)

    with pytest.raises(CommandError, match="The first pull is not complete"):
        go_live(account)

    account.refresh_from_db()
    assert not account.is_live


def test_account_that_is_not_there_is_named() -> None:
    with pytest.raises(CommandError, match="There is no account 77"):
        call_command("go_live", "77")


def test_seller_id_names_the_account(account: AmazonAccount) -> None:
    AmazonAccount.objects.update(live_at=timezone.now())

    out = io.StringIO()
    call_command("go_live", account.seller_id, stdout=out)

    assert "is live." in out.getvalue()
