"""Who claims, joins and comes back to an installation, and what a page shows of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import ManagementUtility, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from channels_amazon.emulator.server import Emulator
from channels_amazon.models import (
    DiagnosticEntry,
    Installation,
    InstallationHost,
    StoreEndpoint,
    SyncJob,
)
from channels_amazon.rules.installation.behind import LONG_STOPPED, NOTED_EVERY
from channels_amazon.rules.installation.identity import Standing
from channels_amazon.services.amazon_client import factory
from channels_amazon.services.installation import decisions, facts, guard, presence
from channels_amazon.services.installation.guard import InstallationPaused
from channels_amazon.services.webhooks import endpoints
from channels_amazon.storefronts.webhook import new_secret
from channels_amazon.sync.runtime import runner
from tests.builders import make_account, make_job, make_user
from tests.health.faults import codes, make_healthy, report_of
from tests.services.installation.scene import mode_of
from tests.views.scene import signed_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path) -> Any:
    """Give this process a machine and a folder that the test may change."""
    settings.DATA_DIR = tmp_path / "data"

    def become(name: str) -> None:
        monkeypatch.setattr(facts, "machine_id", lambda: name)
        guard.forget()

    become("machine-1")
    return become


def place() -> Path:
    """Return where this host's file lies."""
    return facts.place_path(Installation.objects.get().uuid)


def standing() -> Standing:
    guard.forget()
    return guard.state().standing


def elsewhere() -> None:
    """Let the database be one that was restored from another installation's."""
    presence.arrive()
    Installation.objects.all().update(database="another", decided_at=_long_ago())
    InstallationHost.objects.all().delete()
    guard.forget()


def _long_ago() -> Any:
    return timezone.now() - timedelta(days=1)


def test_first_work_claims_the_database_without_a_question() -> None:
    assert standing() == Standing.NEW
    assert presence.arrive().standing == Standing.AT_HOME
    assert mode_of(place()) == "0o600"
    assert InstallationHost.objects.count() == Installation.objects.count() == 1
    assert presence.arrive().behind_at is None


def test_restart_and_lost_file_ask_nothing() -> None:
    presence.arrive()
    place().unlink()
    Installation.objects.all().update(decided_at=_long_ago())
    assert presence.arrive().standing == Standing.AT_HOME
    assert place().exists()


def test_second_host_joins_once_the_first_is_seen_at_work(machine: Any) -> None:
    presence.arrive()
    Installation.objects.all().update(decided_at=_long_ago())
    first = InstallationHost.objects.get()
    place().unlink()
    machine("machine-2")
    assert presence.arrive().standing == Standing.ELSEWHERE

    InstallationHost.objects.filter(pk=first.pk).update(seen_at=timezone.now())

    assert presence.arrive().standing == Standing.AT_HOME
    assert InstallationHost.objects.count() == 2


def test_every_door_is_closed_elsewhere(emulator: Emulator) -> None:
    account = make_account(emulator=emulator)
    make_job(account, kind=SyncJob.Kind.PARTICIPATIONS)
    endpoint = StoreEndpoint.objects.create(
        store=account.store, url="https://shop.example/hook", secret=new_secret()
    )
    elsewhere()

    assert runner.drain() == 0
    assert SyncJob.objects.get().lease_until is None
    doors: list[Callable[[], object]] = [
        lambda: factory.client_for(account),
        lambda: factory.application_client(account.application, "na"),
        lambda: factory.client_before_connecting(account.application, "na", "token"),
        lambda: factory.lwa_client(account.application),
        lambda: runner.run_kind(account, SyncJob.Kind.LISTINGS),
        lambda: endpoints.deliver(endpoint, "id", {}),
    ]
    for door in doors:
        with pytest.raises(InstallationPaused, match="restored or copied"):
            door()
    assert not emulator.state.requests


def test_confirmed_one_works_behind_and_says_who_decided() -> None:
    elsewhere()
    presence.arrive()
    assert DiagnosticEntry.objects.filter(code="installation.copy").count() == 1

    decisions.confirm(actor="ann")

    state = presence.arrive()
    assert (state.standing, state.behind_cause) == (Standing.AT_HOME, "restored")
    assert state.behind_at is not None
    assert DiagnosticEntry.objects.get(code="installation.decided").actor == "ann"


def test_copy_stays_paused_until_it_is_confirmed() -> None:
    presence.arrive()
    decisions.mark_copy(actor="ann")
    assert presence.arrive().standing == Standing.COPY
    decisions.confirm(actor="ann")
    assert standing() == Standing.AT_HOME


def test_database_put_back_in_its_place_is_behind_not_paused() -> None:
    presence.arrive()
    Installation.objects.all().update(database="the former one")
    state = presence.arrive()
    assert (state.standing, state.behind_cause) == (Standing.AT_HOME, "restored")
    assert Installation.objects.get().restored_at is not None


def test_database_that_was_set_back_where_it_is_begins_behind() -> None:
    presence.arrive()
    earlier = timezone.now() - 3 * NOTED_EVERY
    InstallationHost.objects.all().update(seen_at=earlier)
    assert presence.arrive().behind_cause == "restored"


def test_long_standstill_begins_behind_and_a_short_one_does_not(machine: Any) -> None:
    presence.arrive()
    place().unlink()
    for stopped, cause in ((LONG_STOPPED / 2, None), (LONG_STOPPED * 1.1, "stopped")):
        at = timezone.now() - stopped
        InstallationHost.objects.all().update(seen_at=at)
        assert presence.arrive().behind_cause == cause
        place().unlink(missing_ok=True)


def test_pages_and_health_check_say_it_and_members_cannot_decide(
    emulator: Emulator,
) -> None:
    account = make_healthy(emulator)
    elsewhere()
    admin = make_user(is_superuser=True)
    member = make_user()
    address = reverse("amazon-overview")

    for user, has_buttons in ((admin, True), (member, False)):
        text = signed_in(user).get(address).content.decode()
        assert "nothing is read from the queue" in text
        assert ("This is a copy" in text) == has_buttons
    text = signed_in(admin).get(address).content.decode()
    assert "All is well" not in text
    found = report_of(account)["findings"]
    assert (found[0]["code"], found[0]["level"]) == ("installation.copy", "error")

    confirm = reverse("amazon-installation-confirm")
    assert signed_in(member).post(confirm).status_code == 403
    assert standing() == Standing.ELSEWHERE
    assert signed_in(admin).post(confirm).status_code == 302
    assert standing() == Standing.AT_HOME
    assert "nothing is read" not in signed_in(admin).get(address).content.decode()
    assert "installation.copy" not in codes(report_of(account))


def test_pages_that_would_call_are_refused_in_words(emulator: Emulator) -> None:
    account = make_account(emulator=emulator)
    StoreEndpoint.objects.create(
        store=account.store, url="https://shop.example/hook", secret=new_secret()
    )
    elsewhere()
    client = signed_in(make_user(is_superuser=True))
    pages = [
        client.get(reverse("amazon-connect")),
        client.post(reverse("amazon-subscribe", args=[account.pk]), follow=True),
        client.post(
            reverse("amazon-endpoint-test", args=[account.store_id]), follow=True
        ),
    ]
    for response in pages:
        assert response.status_code == 200
        assert "restored or copied from another place" in response.content.decode()
    assert not emulator.state.requests


def test_command_tells_and_decides(capsys: pytest.CaptureFixture[str]) -> None:
    elsewhere()
    with pytest.raises(SystemExit) as ended:
        call_command_as_shell("installation", "--json")
    assert ended.value.code == 3
    assert json.loads(capsys.readouterr().out)["standing"] == "elsewhere"
    call_command("installation", confirm=True)
    assert "This is the installation" in capsys.readouterr().out


def call_command_as_shell(*arguments: str) -> None:
    ManagementUtility(["manage.py", *arguments]).execute()


def test_identity_of_the_database_needs_no_more_than_a_users_rights() -> None:
    kind, *_rest = facts.database_identity().split(":")
    assert kind == connection.vendor
    assert facts.database_identity() == facts.database_identity()


def new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process remember nothing, as one that has just started."""
    for name in ("beat_at", "file_at"):
        monkeypatch.setattr(presence._noted, name, float("-inf"))
    monkeypatch.setattr(presence._noted, "place_without_file", "")
    guard.forget()


@pytest.fixture
def unwritable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let this host's folder take no file."""
    (tmp_path / "a file").touch()
    monkeypatch.setattr(facts, "place_path", lambda _id: tmp_path / "a file" / "x.json")


@pytest.mark.usefixtures("unwritable")
def test_folder_that_takes_no_file_makes_one_host_of_all_processes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for _ in range(3):
        new_process(monkeypatch)
        assert presence.arrive().may_work
        assert presence.arrive().may_work
        assert presence.register()
    assert InstallationHost.objects.count() == 1


@pytest.mark.usefixtures("unwritable")
def test_beat_without_a_file_writes_no_more_than_one_with_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    new_process(monkeypatch)
    presence.arrive()
    before = InstallationHost.objects.get().seen_at
    with CaptureQueriesContext(connection) as asked:
        presence.arrive()
    writes = [
        one["sql"]
        for one in asked.captured_queries
        if one["sql"].startswith(("INSERT", "UPDATE", "DELETE"))
    ]
    assert len(writes) == 1
    assert InstallationHost.objects.get().seen_at > before


@pytest.mark.usefixtures("unwritable")
def test_folder_that_takes_no_file_is_a_finding(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    presence.arrive()
    assert "installation.no_place" in codes(report_of(account))


def test_rows_that_a_host_left_behind_go(machine: Any) -> None:
    presence.arrive()
    here = InstallationHost.objects.get()
    for place, seen_at in (("old", _long_ago() - timedelta(days=30)), ("new", None)):
        InstallationHost.objects.create(
            installation=here.installation,
            place=place,
            machine=here.machine,
            address=here.address,
            joined_at=_long_ago(),
            seen_at=seen_at or _long_ago(),
        )
    facts.place_path(here.installation.uuid).unlink()
    presence.arrive()
    assert not InstallationHost.objects.filter(place="old").exists()
    assert InstallationHost.objects.filter(place="new").exists()


def test_web_process_makes_its_host_known_and_hides_no_standstill(
    machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    presence.arrive()
    stopped_at = timezone.now() - LONG_STOPPED * 1.1
    InstallationHost.objects.update(seen_at=stopped_at)
    Installation.objects.update(decided_at=timezone.now())
    # One on the worker's host, one on a host that serves pages alone.
    assert presence.register()
    place().unlink()
    machine("machine-2")
    new_process(monkeypatch)
    assert presence.register()
    assert standing() == Standing.AT_HOME
    assert InstallationHost.objects.count() == 2

    place().unlink()
    machine("machine-1")
    new_process(monkeypatch)
    assert presence.arrive().behind_cause == "stopped"


def test_paused_process_logs_it_once(
    machine: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    presence.arrive()
    decisions.mark_copy(actor="ada")
    for _ in range(3):
        assert not presence.arrive().may_work
    assert len([one for one in caplog.records if "paused" in one.message]) == 1
