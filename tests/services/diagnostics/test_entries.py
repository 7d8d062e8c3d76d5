"""What is written for people holds no secret and fits its columns."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from channels_amazon.errors import NeedsMerchant
from channels_amazon.models import DiagnosticEntry
from channels_amazon.services.diagnostics.entries import (
    Entry,
    entry_for,
    record,
    record_once,
)
from tests.builders import make_account

pytestmark = pytest.mark.django_db


def test_record_takes_the_store_from_the_account() -> None:
    account = make_account()
    row = record(Entry(code="job.failing", message="It failed.", account=account))
    assert row.store == account.store


def test_record_takes_out_tokens_and_addresses() -> None:
    row = record(
        Entry(code="unknown", message="Atzr|secret of buyer@example.com was refused.")
    )
    assert "secret" not in row.message
    assert "buyer@" not in row.message


def test_record_cuts_what_is_too_long() -> None:
    row = record(Entry(code="unknown", message="x" * 900, reference="r" * 300))
    assert (len(row.message), len(row.reference)) == (500, 120)


def test_record_once_says_the_same_again_only_after_a_while() -> None:
    hour = timedelta(hours=1)
    entry = Entry(code="unknown", message="It is so.", reference="SKU-1")
    other = Entry(code="unknown", message="It is so.", reference="SKU-2")
    said = [record_once(one, hour) for one in (entry, entry, other)]
    assert said == [True, False, True]
    DiagnosticEntry.objects.update(at=timezone.now() - hour)
    assert record_once(entry, hour)


def test_entry_for_an_error_keeps_code_and_fix() -> None:
    error = NeedsMerchant("store.plan", "The plan is too small.", fix="Upgrade.")
    entry = entry_for(error)
    assert (entry.code, entry.fix, entry.level) == ("store.plan", "Upgrade.", "error")
