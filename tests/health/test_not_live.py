"""An account that could go live, and is not, is named: its numbers do not move."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import AmazonAccount, StoreMember, SyncJob
from tests.builders import make_job, make_listing, make_member, make_variant
from tests.health.faults import make_healthy, report_of
from tests.views.scene import signed_in

pytestmark = pytest.mark.django_db


def found(account: AmazonAccount) -> list[dict[str, Any]]:
    """Return what the check finds."""
    return [one for one in report_of(account)["findings"] if one["check"] == "not_live"]


def waiting(emulator: Emulator, **over: Any) -> AmazonAccount:
    """Make an account with a linked listing that nobody let go live."""
    account = make_healthy(emulator, **{"live_at": None} | over)
    make_listing(account, variant=make_variant(account.store))
    make_listing(account)
    return account


def test_account_that_waits_for_somebody_is_a_warning(emulator: Emulator) -> None:
    account = waiting(emulator)

    (finding,) = found(account)

    assert (finding["code"], finding["level"]) == ("stock.not_live", "warning")
    assert finding["evidence"] == {"waiting": 1}


def test_finding_leads_to_the_page(emulator: Emulator) -> None:
    account = waiting(emulator)
    report = report_of(account)["report"]
    owner = make_member(account.store, role=StoreMember.Role.OWNER).user

    page = signed_in(owner).get(reverse("amazon-health-report", args=[report]))

    assert f'href="{reverse("amazon-go-live", args=[account.pk])}"' in page.text


def test_live_account_is_well(emulator: Emulator) -> None:
    assert found(waiting(emulator, live_at=timezone.now())) == []


def test_account_with_nothing_to_send_is_well(emulator: Emulator) -> None:
    account = make_healthy(emulator, live_at=None)
    make_listing(account)

    assert found(account) == []


def test_nobody_is_asked_while_the_first_pull_goes_on(emulator: Emulator) -> None:
    account = waiting(emulator)
    make_job(account, kind=SyncJob.Kind.LISTINGS)

    assert found(account) == []
