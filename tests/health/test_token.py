"""Token validity: each fault leads the report, under its own code."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation
from pytest_django import Settings

from channels_amazon.emulator.server import Emulator
from channels_amazon.health.checks import authorization_age
from channels_amazon.health.context import CheckContext
from channels_amazon.models import ClientSecret, Credential, HealthFinding, translated
from channels_amazon.services.accounts import connection as accounts_connection
from channels_amazon.sync.runtime import runner
from channels_amazon.views.health.rows import LABELS, evidence_lines
from channels_amazon.wording import pack, unpack
from tests.builders import make_account
from tests.health.faults import codes, damage_token, first_code, make_healthy, report_of

pytestmark = pytest.mark.django_db


def test_revoked_token_leads_with_its_consequences_under_it(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    emulator.control("revoke", region="na")
    runner.run_kind(account, "listings")
    report = report_of(account)
    assert codes(report) == ["token.revoked", "job.failing"]
    assert report["findings"][1]["consequence_of"] == "token.revoked"
    skipped = {
        one["check"]: one["reason"] for one in report["checks"] if "reason" in one
    }
    assert skipped["permissions"] == "token.revoked"


@pytest.mark.parametrize("is_known", [True, False])
def test_age_of_a_lost_authorisation_is_not_called_well(
    emulator: Emulator, is_known: bool
) -> None:
    account = make_healthy(emulator)
    emulator.control("revoke", region="na")
    if is_known:
        accounts_connection.mark_needs_authorization(account, code="token.revoked")

    report = report_of(account)

    states = {one["check"]: one["state"] for one in report["checks"]}
    assert states["authorization_age"] == "not_proven"
    said = HealthFinding.objects.get(check_id="authorization_age")
    assert "lasts until" not in str(said.cause)


def test_disconnected_account_says_so(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    accounts_connection.disconnect_account(account, actor="test")
    report = report_of(account)
    assert codes(report)[0] == "token.revoked"
    assert "disconnected here" in report["findings"][0]["cause"]
    # Amazon refused nothing.
    account.refresh_from_db()
    (age,) = authorization_age.run(CheckContext(account, timezone.now()))
    assert str(age.cause).startswith("The account was disconnected here")


def test_age_of_an_authorisation_that_was_just_used_is_told(
    emulator: Emulator,
) -> None:
    account = make_healthy(emulator)
    accounts_connection.mark_needs_authorization(account, code="token.revoked")
    account.refresh_from_db()
    context = CheckContext(account, timezone.now())
    (before,) = authorization_age.run(context)

    context.require_token()
    (after,) = authorization_age.run(context)

    assert "Amazon does not accept the authorisation" in str(before.cause)
    assert "lasts until" in str(after.cause)


def test_damaged_token_leads(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    damage_token()
    assert first_code(account) == "token.undecryptable"


@pytest.mark.parametrize(("days", "level"), [(340, "warning"), (366, "error")])
def test_old_authorisation_leads(emulator: Emulator, days: int, level: str) -> None:
    account = make_healthy(
        emulator, authorized_at=timezone.now() - timedelta(days=days)
    )
    report = report_of(account)
    assert (codes(report), report["status"]) == (["token.expiring"], level)


@pytest.mark.parametrize("days", [0, 340, 366])
def test_end_of_the_authorisation_is_told_by_the_reader_s_clocks(days: int) -> None:
    # Late on a day in UTC, which is the next one in Shanghai.
    now = datetime(2026, 11, 30, 20, 5, tzinfo=UTC)
    account = make_account(authorized_at=now - timedelta(days=days))
    ends = account.authorization_ends_at

    (finding,) = authorization_age.run(CheckContext(account, now))

    with timezone.override(ZoneInfo("Asia/Shanghai")):
        text = translated(unpack(pack(finding.cause)))
    shown = ends.astimezone(ZoneInfo("Asia/Shanghai"))
    assert f"{shown:%Y-%m-%d} 04:05 UTC+8" in text


def test_wrong_client_secret_leads(emulator: Emulator, settings: Settings) -> None:
    account = make_healthy(emulator)
    settings.LWA_CLIENT_SECRET = "not-the-secret"
    report = report_of(account)
    assert codes(report) == ["client.secret_invalid"]
    assert "not-the-secret" not in str(report)


@pytest.mark.parametrize(("days", "level"), [(160, "warning"), (181, "error")])
def test_old_client_secret_leads(emulator: Emulator, days: int, level: str) -> None:
    account = make_healthy(emulator)
    ClientSecret.objects.update(since=timezone.now() - timedelta(days=days))
    report = report_of(account)
    assert (codes(report), report["status"]) == (["client.secret_expiring"], level)


def test_token_of_another_region_leads(emulator: Emulator) -> None:
    account = make_healthy(emulator)
    foreign = emulator.refresh_token("eu")
    Credential.objects.update(refresh_token=foreign)
    assert first_code(account) == "account.wrong_region"


def test_our_own_sentence_in_the_evidence_is_said_in_the_readers_language(
    emulator: Emulator,
) -> None:
    account = make_healthy(emulator)
    emulator.control("revoke", region="na")
    report_of(account)
    row = HealthFinding.objects.get(code="token.revoked")

    def amazon_says() -> list[str]:
        lines = list(evidence_lines(row.evidence))
        return next(said for name, said in lines if name == LABELS["amazon_says"])

    with translation.override("en"):
        assert amazon_says()[0].startswith("Login with Amazon no longer accepts")
    with translation.override("zh-hans"):
        assert amazon_says()[0].startswith("Login with Amazon 不再接受该授权")
