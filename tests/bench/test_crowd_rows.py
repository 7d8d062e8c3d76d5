"""One account's rows become those of many, each with its own seller."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from bench import crowd_rows
from channels_amazon.models import (
    AmazonAccount,
    Credential,
    DiagnosticEntry,
    Listing,
    OrderPersonalData,
    Store,
    SyncJob,
)
from tests.builders import make_account, make_job, make_listing, make_variant

COPIES = 3
HOUR = timedelta(hours=1)


@pytest.fixture
def account(django_db_reset_sequences: None) -> AmazonAccount:
    """Give an account with a listing and a job that runs every hour."""
    account = make_account(seller_id="A1EMULATORNA2", subscription_id="sub")
    make_listing(account, variant=make_variant(account.store))
    now = timezone.now()
    make_job(account, kind=SyncJob.Kind.LISTINGS, due_at=now + HOUR, last_ok_at=now)
    return account


def test_copies_have_stores_and_sellers_of_their_own(account: AmazonAccount) -> None:
    crowd_rows.multiply(COPIES, ["one", "two", "three"])

    sellers = AmazonAccount.objects.order_by("pk").values_list("seller_id", flat=True)
    assert list(sellers) == [f"A1EMULATORNA{2 + number}" for number in range(4)]
    assert Store.objects.count() == Listing.objects.count() == 1 + COPIES
    stores = Listing.objects.values_list("variant__store", "account__store")
    assert all(of_variant == of_account for of_variant, of_account in stores)
    tokens = Credential.objects.exclude(account=account).order_by("pk")
    assert [row.refresh_token for row in tokens] == ["one", "two", "three"]


def test_copied_jobs_are_due_within_their_interval(account: AmazonAccount) -> None:
    crowd_rows.multiply(COPIES, ["one", "two", "three"])

    now = timezone.now()
    dues = SyncJob.objects.values_list("due_at", flat=True)
    assert len(set(dues)) == 1 + COPIES
    assert all(now - HOUR < due_at < now + HOUR for due_at in dues)


def test_new_rows_are_numbered_after_the_copies(account: AmazonAccount) -> None:
    crowd_rows.multiply(COPIES, ["one", "two", "three"])

    assert make_account().pk > crowd_rows.STRIDE * COPIES


def test_every_store_has_old_rows_to_delete(account: AmazonAccount) -> None:
    crowd_rows.multiply(COPIES, ["one", "two", "three"])
    crowd_rows.add_old_rows()

    assert OrderPersonalData.objects.count() == 1 + COPIES
    assert DiagnosticEntry.objects.filter(code="bench.old").count() == 1 + COPIES
