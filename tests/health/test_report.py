"""A whole report: what it holds, and what leads it."""

from __future__ import annotations

import pytest

from channels_amazon.emulator import Emulator
from channels_amazon.health.registry import all_checks
from tests.health.faults import codes, make_healthy, report_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("region", ["na", "eu", "fe"])
def test_report_of_healthy_account_is_clean(emulator: Emulator, region: str) -> None:
    report = report_of(make_healthy(emulator, region=region))
    assert (codes(report), report["status"]) == ([], "ok"), report["findings"]
    assert {one["state"] for one in report["checks"]} == {"ok"}
    assert {one["check"] for one in report["well"]} == {c.id for c in all_checks()}
