"""Personal data kept past its limit is found, with why nobody purged it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import Order, PurgeProof
from channels_amazon.services.jobs import maintenance
from channels_amazon.services.privacy import purge as purge_service
from channels_amazon.services.privacy.personal_data import store_personal_data
from channels_amazon.services.privacy.purge import purge
from tests.builders import make_order
from tests.health.faults import first_code, make_healthy, report_of

pytestmark = pytest.mark.django_db


def test_overdue_data_is_found_until_it_is_purged(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    order = make_order(account)
    store_personal_data(order, {"buyerName": "Canary Name"}, None)
    now = timezone.now()
    due_at = now - timedelta(hours=4)
    Order.objects.update(
        status=Order.Status.SHIPPED, shipped_at=due_at - timedelta(days=30)
    )

    finding = report_of(account)["findings"][0]
    assert finding["code"] == "data.retention_overdue"
    assert "has not run since" in finding["fix"]

    proof = PurgeProof.objects.create(
        store=account.store,
        at=now,
        orders=0,
        kept=1,
        overdue=1,
        days_after_delivery=30,
        days_after_shipping=30,
    )
    assert "left them" in report_of(account)["findings"][0]["fix"]

    proof.delete()
    purge(now)
    assert first_code(account) == ""


def test_overdue_data_that_the_purge_has_not_come_to_is_told_so(
    emulator: Emulator,
) -> None:
    account = make_healthy(emulator)
    store_personal_data(make_order(account), {"buyerName": "Canary Name"}, None)
    Order.objects.update(
        status=Order.Status.SHIPPED, shipped_at=timezone.now() - timedelta(days=40)
    )
    maintenance.run_slice(purge_service.PASS, seconds=0)

    assert "has not come to this store yet" in report_of(account)["findings"][0]["fix"]


def test_data_that_falls_due_this_hour_is_no_fault(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    store_personal_data(make_order(account), {"buyerName": "Canary Name"}, None)
    Order.objects.update(
        status=Order.Status.SHIPPED,
        shipped_at=timezone.now() - timedelta(days=30, hours=1),
    )

    assert first_code(account) == ""
