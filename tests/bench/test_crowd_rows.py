"""One account's rows become those of many, each with its own seller."""

from __future__ import annotations

import pytest
from django.utils import timezone

from bench import crowd_rows
from channels_amazon.models import (
    AmazonAccount,
    Credential,
    DiagnosticEntry,
    Installation,
    Listing,
    OrderPersonalData,
    Store,
    SyncJob,
    WriteProof,
)
from channels_amazon.services.installation import presence
from channels_amazon.services.jobs import registry
from tests.builders import make_account, make_job, make_listing, make_variant

COPIES = 3


@pytest.fixture
def account(django_db_reset_sequences: None) -> AmazonAccount:
    """Give an account with a listing and a job, in an installation at work."""
    presence.arrive()
    WriteProof.objects.create(pk=1, written_at=timezone.now())
    account = make_account(seller_id="A1EMULATORNA2", subscription_id="sub")
    make_listing(account, variant=make_variant(account.store))
    make_job(account, kind=SyncJob.Kind.LISTINGS)
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
    interval = registry.get(SyncJob.Kind.LISTINGS).interval
    dues = SyncJob.objects.values_list("due_at", flat=True)
    assert len(set(dues)) == 1 + COPIES
    assert all(now - interval < due_at < now + interval for due_at in dues)
    assert not SyncJob.objects.filter(rank=None).exists()


def test_new_rows_are_numbered_after_the_copies(account: AmazonAccount) -> None:
    crowd_rows.multiply(COPIES, ["one", "two", "three"])

    assert make_account().pk > crowd_rows.STRIDE * COPIES


def test_every_store_has_old_rows_to_delete(account: AmazonAccount) -> None:
    crowd_rows.multiply(COPIES, ["one", "two", "three"])
    crowd_rows.add_old_rows()

    assert OrderPersonalData.objects.count() == 1 + COPIES
    assert DiagnosticEntry.objects.filter(code="bench.old").count() == 1 + COPIES


def test_rows_of_the_installation_are_not_copied(account: AmazonAccount) -> None:
    crowd_rows.multiply(COPIES, ["one", "two", "three"])
    assert Installation.objects.count() == WriteProof.objects.count() == 1
