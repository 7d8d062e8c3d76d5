"""`manage.py health_check` answers people, programs and shells."""

from __future__ import annotations

import json
from contextlib import suppress
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import OperationalError
from pytest_django import Settings

from channels_amazon.emulator.server import Emulator
from channels_amazon.health.registry import all_checks
from channels_amazon.management.commands import health_check
from channels_amazon.models import AmazonAccount, HealthReport, Heartbeat
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.jobs import heartbeats
from tests.builders import make_account
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


def test_check_that_failed_is_none_that_could_look(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = make_healthy(emulator)
    name = "channels_amazon.health.checks.backlog.due_jobs"
    monkeypatch.setattr(name, lambda now: 1 / 0)
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("health_check", str(account.pk), stdout=out)
    number = len(all_checks())
    assert ended.value.code == 3
    assert f"{number - 1} of {number} checks could look." in out.getvalue()
    assert "Not checked, by unknown: " in out.getvalue()


@pytest.mark.parametrize("form", [[], ["--json"]])
@pytest.mark.parametrize("has_ended", [False, True])
def test_all_without_an_account_ends_with_three_and_says_so(
    db: None, form: list[str], has_ended: bool
) -> None:
    if has_ended:
        make_account(state=AmazonAccount.State.DISCONNECTED)
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("health_check", "--all", *form, stdout=out)
    assert ended.value.code == 3
    assert "No Amazon account is connected: nothing was checked." in out.getvalue()


def test_command_with_other_settings_keeps_and_applies_nothing(
    emulator: Emulator, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = make_healthy(emulator)
    heartbeats.beat(Process.SUPERVISOR)
    emulator.control("revoke", region="na")
    monkeypatch.setenv("HTTPS_PROXY", "http://ann:pass@proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    out, err = StringIO(), StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("health_check", account.seller_id, stdout=out, stderr=err)
    assert ended.value.code == 3
    assert "ERROR token.revoked" in out.getvalue()
    assert "run: HTTPS_PROXY, NO_PROXY." in err.getvalue()
    kept = str(list(Heartbeat.objects.values_list("detail", flat=True)))
    assert "ann:pass" not in err.getvalue() + kept
    assert not HealthReport.objects.exists()
    account.refresh_from_db()
    assert account.state == AmazonAccount.State.CONNECTED


def test_command_like_one_of_two_processes_keeps_its_report(
    emulator: Emulator, settings: Settings
) -> None:
    account = make_healthy(emulator)
    heartbeats.beat(Process.SUPERVISOR)
    settings.SQS_QUEUE_URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/other"
    heartbeats.beat(Process.WEB)
    err = StringIO()
    with suppress(SystemExit):
        call_command("health_check", account.seller_id, stdout=StringIO(), stderr=err)
    assert err.getvalue() == ""
    assert HealthReport.objects.filter(account=account).exists()


def test_all_stays_one_object_where_the_database_fails_on_the_way(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = make_healthy(emulator)

    def fail(*_args: object, **_kwargs: object) -> None:
        raise OperationalError("disk I/O error")

    monkeypatch.setattr(health_check, "run_here", fail)
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("health_check", "--all", "--json", stdout=out)
    assert ended.value.code == 3
    (report,) = json.loads(out.getvalue())["reports"]
    assert report["account"] == str(account.pk)
    assert report["findings"][0]["code"] == "host.database"
