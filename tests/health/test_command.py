"""`manage.py health_check` answers people, programs and shells."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import HealthReport
from tests.health.faults import make_healthy

pytestmark = pytest.mark.django_db


def test_command_says_ok_and_keeps_the_report(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    out = StringIO()
    call_command("health_check", str(account.pk), "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert (told["account"], told["status"], told["findings"]) == (account.pk, "ok", [])
    assert HealthReport.objects.get().state == HealthReport.State.DONE


def test_command_ends_with_two_for_an_error(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    emulator.control("revoke", region="na")
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("health_check", account.seller_id, stdout=out)
    assert ended.value.code == 2
    assert "ERROR token.revoked" in out.getvalue()
