"""The audit log and the failed sign-ins read as every other page does."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from axes.models import AccessFailureLog
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags

from channels_amazon.models import AuditEntry
from tests.admin.scene import Doors, address, make_doors
from tests.views.scene import signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def doors() -> Doors:
    """Give two stores and an attacker of each role."""
    return make_doors()


@pytest.mark.parametrize("model", ["auditentry", "accessfailurelog"])
def test_a_log_shows_its_times_as_every_page_does(doors: Doors, model: str) -> None:
    app = "axes" if model == "accessfailurelog" else "channels_amazon"
    Client().post("/admin/login/", {"username": "guessed", "password": "wrong"})
    signed_in(doors.viewer.user).get(address("user", "add", app="auth"))
    rows = AuditEntry.objects if model == "auditentry" else AccessFailureLog.objects
    key = rows.values_list("pk", flat=True)[0]
    client = signed_in(doors.superuser)

    for page, args in (("changelist", ()), ("change", (key,))):
        text = client.get(address(model, page, *args, app=app)).content.decode()
        assert '<time class="sl-time"' in text


def test_failed_sign_ins_are_called_so_and_a_lock_is_a_warning(doors: Doors) -> None:
    Client().post("/admin/login/", {"username": "guessed", "password": "wrong"})
    AccessFailureLog.objects.update(locked_out=True)
    where = address("accessfailurelog", "changelist", app="axes")
    text = signed_in(doors.superuser).get(where).content.decode()

    assert "Sign-ins" in text
    assert "Axes" not in text
    assert "1 failed sign-in" in " ".join(strip_tags(text).split())
    assert "sl-state-warning" in text


def fail(times: int, name: str, place: str) -> None:
    """Fail so often to sign in by that name, from an address of that pattern."""
    for number in range(times):
        Client().post(
            "/admin/login/",
            {"username": name.format(number), "password": "wrong"},
            REMOTE_ADDR=place.format(number + 1),
        )


@pytest.mark.parametrize(
    ("times", "name", "place", "said"),
    [
        (1, "guessed", "203.0.113.7", ""),
        (5, "guessed", "203.0.113.7", "guessed at 203.0.113.7"),
        (10, "guessed", "203.0.113.{}", "guessed"),
        (10, "guessed-{}", "203.0.113.7", "203.0.113.7"),
    ],
)
def test_failed_sign_ins_say_first_who_is_locked_out_now(
    doors: Doors, times: int, name: str, place: str, said: str
) -> None:
    client = signed_in(doors.superuser)
    where = address("accessfailurelog", "changelist", app="axes")
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        fail(times, name, place)
        locked = " ".join(strip_tags(client.get(where).text).split())
    with time_machine.travel(now + timedelta(minutes=16), tick=False):
        later = " ".join(strip_tags(client.get(where).text).split())

    assert ("Locked out now: " in locked) == bool(said)
    if said:
        assert f"Locked out now: {said}. It ends" in locked
    assert ("Nothing is needed here." in locked) == (not said)
    assert "Nothing is needed here." in later


def test_list_of_people_says_who_is_locked_out_now(doors: Doors) -> None:
    name = doors.viewer.user.get_username()
    fail(10, name, "203.0.113.{}")
    where = address("user", "changelist", app="auth")

    for client in (signed_in(doors.superuser), doors.client("owner")):
        text = client.get(where).text
        assert f"{name} is locked out now" in text
        assert "Nothing is needed here." not in text
    assert f"{name} is locked" not in doors.client("stranger").get(where).text


def test_audit_entries_are_counted_by_their_name(doors: Doors) -> None:
    page = signed_in(doors.superuser).get(address("auditentry", "changelist"))
    text = " ".join(strip_tags(page.content.decode()).split())

    assert re.search(r"\b[0-9]+ audit entries\b", text)
    assert not re.search(r"[0-9] audit log\b", text)
