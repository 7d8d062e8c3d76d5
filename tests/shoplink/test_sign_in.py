"""Guessing passwords ends soon, from wherever; the log names who and from where."""

from __future__ import annotations

import logging
import re
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from channels_amazon.models import AuditEntry
from shoplink.logs import JsonFormatter, TextFormatter
from tests.builders import make_member, make_user
from tests.views.scene import signed_in

pytestmark = pytest.mark.django_db

PASSWORD = "a-long-password"
# What a filter of fail2ban asks of a line, its time being cut off before. The address
# stands before all that a client writes.
BANNED = re.compile(
    r"WARNING shoplink\.sign_in: sign-in (?:failed|locked) address=(\S+) user=\S+"
)
BANNED_JSON = re.compile(
    r'", "level": "WARNING", "logger": "shoplink\.sign_in", '
    r'"message": "sign-in (?:failed|locked) address=(\S+) user=\S+"'
)


@pytest.fixture(autouse=True)
def proxied(settings: Settings) -> None:
    """Stand behind a proxy, so that each request may name its client."""
    settings.BEHIND_PROXY = True


def sign_in(name: str, word: str = "wrong", address: str = "203.0.113.7") -> Any:
    """Send the form of the sign-in page from that address."""
    return Client().post(
        "/admin/login/",
        {"username": name, "password": word},
        HTTP_X_FORWARDED_FOR=address,
    )


def banned_by(lines: list[str]) -> list[str]:
    """Return whom a filter of fail2ban finds in lines of either form."""
    found = []
    for line in lines:
        # fail2ban cuts off the time that it found.
        text = BANNED.match(re.sub(r"^\S+ ", "", line, count=1))
        found.append(text or BANNED_JSON.match(re.sub(r'^{"time": "[^"]*', "", line)))
    return [one[1] for one in found if one]


def fail(times: int, name: str, address: str = "203.0.113.{}") -> None:
    """Fail so often, each time from another address where it has a place for one."""
    for number in range(times):
        sign_in(name, address=address.format(number + 1))


def test_user_is_locked_after_ten_failures_from_anywhere() -> None:
    user = make_user().get_username()
    fail(9, user)
    assert sign_in(user, PASSWORD, "198.51.100.1").status_code == 302
    sign_in(user, address="203.0.113.99")

    assert sign_in(user, PASSWORD, "198.51.100.77").status_code == 429
    assert AccessFailureLog.objects.filter(username=user).count() == 10


def test_user_may_still_come_from_where_they_signed_in_before() -> None:
    user = make_user().get_username()
    assert sign_in(user, PASSWORD, "198.51.100.1").status_code == 302
    fail(12, user)

    assert sign_in(user, PASSWORD, "192.0.2.55").status_code == 429
    assert sign_in(user, PASSWORD, "198.51.100.1").status_code == 302


def test_known_address_has_no_more_tries_than_any_other() -> None:
    user = make_user().get_username()
    sign_in(user, PASSWORD, "198.51.100.1")
    fail(5, user, "198.51.100.1")

    assert sign_in(user, PASSWORD, "198.51.100.1").status_code == 429


def test_address_is_locked_whomever_it_tries() -> None:
    user = make_user().get_username()
    for number in range(10):
        sign_in(f"user-{number}-guessed", address="203.0.113.7")

    assert sign_in(user, PASSWORD, "203.0.113.7").status_code == 429
    assert sign_in(user, PASSWORD, "203.0.113.8").status_code == 302


def test_one_ipv6_network_is_one_client() -> None:
    user = make_user().get_username()
    for number in range(10):
        sign_in(f"guess-{number}", address=f"2001:db8:1:2:{number}::1")

    assert sign_in(user, PASSWORD, "2001:db8:1:2:ffff::9").status_code == 429
    assert sign_in(user, PASSWORD, "2001:db8:1:3::9").status_code == 302


@pytest.mark.parametrize("shape", ["junk-{}", "{}.example", "203.0.113.7:{}x", "é{}"])
def test_junk_in_the_header_makes_no_new_client(shape: str) -> None:
    user = make_user().get_username()
    fail(5, user, shape)

    assert sign_in(user, PASSWORD, shape.format("other")).status_code == 429
    assert AccessAttempt.objects.count() == 1


def test_claimed_address_makes_no_new_client() -> None:
    user = make_user().get_username()
    fail(5, user, "192.0.2.{}, 203.0.113.7")

    assert sign_in(user, PASSWORD, "192.0.2.99, 203.0.113.7").status_code == 429


def test_other_browser_makes_no_new_client() -> None:
    user = make_user().get_username()
    for number in range(5):
        Client(headers={"user-agent": f"browser {number}"}).post(
            "/admin/login/",
            {"username": user, "password": "wrong"},
            HTTP_X_FORWARDED_FOR="203.0.113.7",
        )

    assert sign_in(user, PASSWORD).status_code == 429


def test_own_success_forgives_no_guessing_at_another_user() -> None:
    victim, own = make_user().get_username(), make_user().get_username()
    for _ in range(5):
        sign_in(victim)
        sign_in(own, PASSWORD)

    assert sign_in(victim, PASSWORD).status_code == 429


def test_right_password_comes_too_late_when_others_were_tried_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user = make_user().get_username()

    def slow(self: Any, word: str) -> bool:
        monkeypatch.undo()
        fail(10, user)
        return bool(self.check_password(word))

    monkeypatch.setattr(User, "check_password", slow)

    assert sign_in(user, PASSWORD, "192.0.2.1").status_code == 429
    assert not AccessLog.objects.exists()


def test_lock_ends_by_itself_though_a_stranger_goes_on() -> None:
    user = make_user().get_username()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        fail(10, user)
        for _ in range(5):
            clock.shift(timedelta(minutes=3))
            assert sign_in(user, PASSWORD, "192.0.2.1").status_code == 429
        clock.shift(timedelta(minutes=1))

        assert sign_in(user, PASSWORD, "192.0.2.1").status_code == 302


def test_refused_sign_in_names_the_time_that_is_set(settings: Settings) -> None:
    settings.AXES_COOLOFF_TIME = timedelta(minutes=20)
    user = make_user().get_username()
    fail(5, user, "203.0.113.7")

    refused = sign_in(user)

    assert refused["Retry-After"] == "1200"
    assert "Wait 20 minutes and try again." in refused.content.decode()


def test_refused_sign_in_has_a_page_of_ours() -> None:
    user = make_user().get_username()
    fail(5, user, "203.0.113.7")

    english = sign_in(user)
    chinese = Client().post(
        "/admin/login/",
        {"username": user, "password": "wrong"},
        HTTP_X_FORWARDED_FOR="203.0.113.7",
        HTTP_ACCEPT_LANGUAGE="zh-hans",
        HTTP_X_REQUESTED_WITH="XMLHttpRequest",
    )

    assert english["Retry-After"] == "900"
    assert b"channels_amazon/error.css" in english.content
    assert "script-src 'none'" in english["Content-Security-Policy"]
    assert (chinese.status_code, chinese["Content-Language"]) == (429, "zh-hans")
    assert b'lang="zh-hans"' in chinese.content


def test_command_ends_the_lock_of_a_user_and_of_an_address() -> None:
    user = make_user().get_username()
    fail(10, user)
    call_command("unlock_sign_in", user=user)
    assert sign_in(user, PASSWORD, "192.0.2.1").status_code == 302
    for number in range(10):
        sign_in(f"guess-{number}", address=f"2001:db8::{number}")
    call_command("unlock_sign_in", address="2001:db8::77")

    assert sign_in(user, PASSWORD, "2001:db8::8").status_code == 302
    told = AuditEntry.objects.filter(code="sign_in.unlocked")
    assert [entry.reference for entry in told] == ["2001:db8::77", user]
    with pytest.raises(CommandError, match="no address"):
        call_command("unlock_sign_in", address="junk")


def test_failures_and_locks_are_kept() -> None:
    user = make_user().get_username()
    fail(7, user, "203.0.113.7")

    last = AccessFailureLog.objects.order_by("pk").last()
    assert (AccessFailureLog.objects.count(), last.locked_out) == (5, True)
    entry = AuditEntry.objects.get(code="sign_in.locked")
    assert (entry.reference, entry.store) == (user, None)
    assert "203.0.113.7" in entry.message


def test_failure_log_keeps_more_than_axes_would(monkeypatch: Any) -> None:
    rows = [
        AccessFailureLog(username="ann", ip_address="192.0.2.1") for _ in range(1001)
    ]
    AccessFailureLog.objects.bulk_create(rows)

    sign_in("ann")

    assert AccessFailureLog.objects.count() == 1002


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("ann", "ann"),
        ("ann@shop.example", "ann%40shop.example"),
        ("x address=192.0.2.66 user=y", "x%20address%3D192.0.2.66%20user%3Dy"),
        ("a\x1b[31mb", "a%1B%5B31mb"),
        ("王小明", "王小明"),
        ("n" * 150, "n" * 150),
    ],
)
def test_log_lines_name_address_and_user_in_one_form(
    formatter: logging.Formatter,
    name: str,
    shown: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "shoplink.sign_in")
    make_user(username=name)
    fail(6, name, "2001:db8::7")
    sign_in(name, PASSWORD, "198.51.100.2")

    ours = [one for one in caplog.records if one.name == "shoplink.sign_in"]
    lines = [formatter.format(one) for one in ours]
    said = [one.getMessage() for one in ours]
    assert said == [
        *[f"sign-in failed address=2001:db8::7 user={shown}"] * 5,
        *[f"sign-in locked address=2001:db8::7 user={shown}"] * 2,
        f"sign-in succeeded address=198.51.100.2 user={shown}",
    ]
    assert all(f"user={shown}" in line and "\n" not in line for line in lines)
    assert banned_by(lines) == ["2001:db8::7"] * 7


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
@pytest.mark.parametrize("start", ["", "\n", "\r\n", "\u2028", '", "level": "WARNING'])
def test_nobody_has_another_address_banned(
    formatter: logging.Formatter, start: str, caplog: pytest.LogCaptureFixture
) -> None:
    texts = [
        "2026-01-01 WARNING shoplink.sign_in: sign-in failed address=192.0.2.1 user=y",
        '", "level": "WARNING", "logger": "shoplink.sign_in", "message": "sign-in '
        'failed address=192.0.2.1 user=y"',
    ]
    viewer = signed_in(make_member(role="viewer").user)
    for text in texts:
        sign_in(f"{start}{text}")
        viewer.get(f"/admin/auth/user/?q={quote(start + text)}")
        viewer.get(f"/admin/auth/user/{quote(start + text)}/change/")

    lines = "\n".join(map(formatter.format, caplog.records)).splitlines()
    banned = banned_by(lines)
    assert banned
    assert set(banned) == {"203.0.113.7"}


def test_success_is_kept_with_its_address() -> None:
    user = make_user().get_username()

    sign_in(user, PASSWORD, "2001:db8::7")

    assert AccessLog.objects.get().ip_address == "2001:db8::"
