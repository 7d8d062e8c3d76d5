"""The Last Sync Log: what is in it, and what never is."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import override
from pytest_django import Settings

from channels_amazon.health.report_form import last_findings
from channels_amazon.models import (
    AccessToken,
    AmazonAccount,
    AuditEntry,
    Credential,
    HealthFinding,
    HealthReport,
    OrderPersonalData,
    SyncRun,
)
from channels_amazon.services.diagnostics.export import LogKind
from channels_amazon.services.health import sync_log
from channels_amazon.services.health.sync_log import (
    SyncLog,
    first_rows,
    keep_sync_log_export,
    read_sync_log,
)
from channels_amazon.services.health.sync_log_file import archive_pieces
from channels_amazon.services.health.sync_log_runs import last_sync
from channels_amazon.services.health.sync_log_story import tell, tell_in_utc
from channels_amazon.wording import sentence
from tests import builders
from tests.views.scene import make_call, make_quarantined

pytestmark = pytest.mark.django_db
FILES = [
    "README.txt",
    "run.json",
    "calls.jsonl",
    "events.jsonl",
    "findings.json",
    "versions.json",
    "settings.json",
    "what_was_taken_out.txt",
]


@pytest.fixture
def account() -> AmazonAccount:
    """Give an account with a run that ended."""
    account = builders.make_account()
    builders.make_run(account, state="done", finished_at=timezone.now(), calls=2)
    return account


def log_of(account: AmazonAccount, *, with_settings: bool = True) -> SyncLog:
    """Return the log of the account's last run."""
    run = last_sync(account)
    assert run is not None
    return read_sync_log(
        account, run, last_findings(account), with_settings=with_settings
    )


def archive(account: AmazonAccount, *, with_settings: bool = True) -> dict[str, str]:
    """Return the files of the account's log, by name."""
    log = log_of(account, with_settings=with_settings)
    whole = b"".join(archive_pieces(log, tell_in_utc(log)))
    with zipfile.ZipFile(io.BytesIO(whole)) as found:
        assert found.testzip() is None
        return {name: found.read(name).decode() for name in found.namelist()}


def lines(text: str) -> list[dict[str, Any]]:
    """Return the objects of JSON Lines."""
    return [json.loads(line) for line in text.splitlines()]


def test_archive_holds_the_run_and_what_belongs_to_it(account: AmazonAccount) -> None:
    run = last_sync(account)
    calls = [make_call(account, run=run).pk for _ in range(3)]
    failed = make_call(account, run=run, status=429, exchange={"answered": {"a": 1}})
    entry = builders.make_entry(account, run=run, reference="902-1")
    make_call(account)
    builders.make_entry(account)

    files = archive(account)

    assert list(files) == FILES
    found = lines(files["calls.jsonl"])
    assert [row["id"] for row in found] == [*calls, failed.pk]
    assert found[-1]["exchange"] == {"answered": {"a": 1}}
    assert [row["id"] for row in lines(files["events.jsonl"])] == [entry.pk]
    facts = json.loads(files["run.json"])
    assert facts["run"]["state"] == "done"
    assert facts["application"]["application_id"] == account.application.app_id
    assert [job["kind"] for job in facts["jobs"]] == ["listings"]
    assert json.loads(files["findings.json"]) is None
    assert failed.request_id in files["README.txt"]
    assert account.application.app_id in files["README.txt"]


def test_archive_without_settings_says_who_has_them(account: AmazonAccount) -> None:
    files = archive(account, with_settings=False)

    assert list(files) == [name for name in FILES if name != "settings.json"]
    omitted = "Settings: only an administrator's file has settings.json."
    for name in ("README.txt", "what_was_taken_out.txt"):
        assert files[name].count("settings.json") == files[name].count(omitted) == 1
        assert omitted not in archive(account)[name]
    assert "LWA_TOKEN_URL" not in "".join(files.values())
    assert "LWA_TOKEN_URL" in archive(account)["settings.json"]


def test_archive_holds_the_last_finished_health_check(account: AmazonAccount) -> None:
    done = HealthReport.State.DONE
    report = HealthReport.objects.create(account=account, state=done, status="error")
    HealthFinding.objects.create(
        report=report,
        position=1,
        check_id="token",
        code="x.y",
        level="error",
        cause="It is wrong.",
        fix="Mend it.",
    )
    HealthReport.objects.create(account=account, state="running")

    files = archive(account)

    assert json.loads(files["findings.json"])["report"] == report.pk
    assert "It is wrong. (x.y) Mend it." in files["README.txt"]


def test_run_without_calls_and_events_says_so(account: AmazonAccount) -> None:
    files = archive(account)

    assert (files["calls.jsonl"], files["events.jsonl"]) == ("", "")
    assert "It made no call to Amazon that is on record." in files["README.txt"]


def test_huge_run_is_read_part_by_part(
    account: AmazonAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync_log, "CHUNK", 7)
    run = last_sync(account)
    made = [make_call(account, run=run).pk for _ in range(35)]

    with CaptureQueriesContext(connection) as captured:
        files = archive(account)

    assert [row["id"] for row in lines(files["calls.jsonl"])] == made
    parts = [one["sql"] for one in captured if "LIMIT 7" in one["sql"]]
    # Five full ones of calls and the one that finds no more, one of events.
    assert len(parts) == 7


def test_words_are_of_the_language_that_is_active(account: AmazonAccount) -> None:
    run = last_sync(account)
    text = sentence("Order %(order)s is kept.", order="902-1")
    builders.make_entry(account, run=run, message=text)
    with override("zh-hans"):
        log = log_of(account)
        pieces = archive_pieces(log, tell_in_utc(log))
    # Streamed after the reader's language was put away.
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as found:
        events = found.read("events.jsonl").decode()

    with override("zh-hans"):
        from channels_amazon.models import translated

        assert translated(text) in events


def test_download_is_in_the_audit_of_its_store(account: AmazonAccount) -> None:
    keep_sync_log_export(log_of(account), "ann")

    entry = AuditEntry.objects.get(code="access.exported")
    assert (entry.store_id, entry.reference) == (account.store_id, "sync-log")
    assert entry.actor == "ann"


SECRET = "Zq7CANARYsecretOfAmazon"
TOKEN = "Atzr|IwEBICANARYrefreshtoken"
PASSWORD = "Zq7CANARYpassw0rd"
NAME = "Zq7CANARY Anna"


def _strew(account: AmazonAccount) -> None:
    """Put secrets and people wherever a text could hold them."""
    run = last_sync(account)
    order = builders.make_order(account)
    OrderPersonalData.objects.filter(order=order).delete()
    Credential.objects.update_or_create(
        account=account, defaults={"refresh_token": TOKEN}
    )
    AccessToken.objects.create(subject=account.quota_subject, token=TOKEN)
    make_quarantined(account, body=json.dumps({"BuyerName": NAME}))
    texts = [
        f"refresh_token={TOKEN}",
        f"could not connect to postgres://shoplink:{PASSWORD}@db.example/shoplink",
        f"redis://:{PASSWORD}@cache:6379/0 refused",
        f"client_secret: it was {SECRET} before",
        f"the key {django_settings.FERNET_KEYS[0]} opens it",
        f'{{"buyerName": "{NAME}", "addressLine1": "{NAME}"}}',
        f"{NAME.split()[0]}@mail.example wrote",
        f"x-amz-access-token: {TOKEN}",
    ]
    for text in texts:
        # Past the door that redacts what is stored, as an older version may have done.
        builders.make_entry(
            account, run=run, message=text, fix=text, reference=text[:120]
        )
        make_call(
            account,
            run=run,
            status=400,
            path=f"/x?{text}"[:500],
            message=text,
            exchange={"sent": {"buyer": {"name": NAME}, "text": text}},
        )
    every = "\n".join(texts)
    SyncRun.objects.filter(account=account).update(message=every, detail=every)
    account.jobs.update(blocked_message=every)
    report = HealthReport.objects.create(account=account, state="done")
    HealthFinding.objects.create(
        report=report,
        position=1,
        check_id="token",
        code="x",
        level="error",
        cause=every,
        fix=every,
        evidence={"said": every, "buyerName": NAME},
    )


def test_nothing_secret_and_nobody_is_in_the_archive(
    account: AmazonAccount, settings: Settings
) -> None:
    settings.LWA_CLIENT_SECRET = SECRET
    settings.REDIS_URL = f"redis://:{PASSWORD}@cache:6379/0"
    settings.SECRET_KEY_FALLBACKS = ["Zq7CANARYfallbackkey00000000000000"]
    _strew(account)

    files = archive(account)

    whole = "\n".join(files.values())
    assert len(whole) > 5000
    for secret in ("CANARY", SECRET, TOKEN, PASSWORD, *django_settings.FERNET_KEYS):
        assert secret not in whole, whole[whole.find(secret) - 200 :][:300]
    assert django_settings.SECRET_KEY not in whole
    for name in ("calls.jsonl", "events.jsonl"):
        assert len(lines(files[name])) == 8


def test_page_and_file_have_one_story_without_secrets(
    account: AmazonAccount, settings: Settings
) -> None:
    settings.LWA_CLIENT_SECRET = SECRET
    settings.REDIS_URL = f"redis://:{PASSWORD}@cache:6379/0"
    _strew(account)
    AmazonAccount.objects.update(name=f"Shop of {NAME.split()[0]}@mail.example")
    account.refresh_from_db()
    log = log_of(account)

    story = tell(log)
    calls = first_rows(log, LogKind.CALLS, 8)
    events = first_rows(log, LogKind.EVENTS, 8)

    files = archive(account)
    shown = [repr(vars(row)) for row in (*calls, *events)]
    for text in (repr(story), *shown, files["README.txt"]):
        assert "CANARY" not in text, text[text.find("CANARY") - 200 :][:300]
    for line in (story.first_line, *story.calls, *story.problems):
        assert line in files["README.txt"]
    of_file = [row["message"] for row in lines(files["events.jsonl"])]
    assert [row.message for row in events] == of_file
    assert [row.path for row in calls] == [
        row["path"] for row in lines(files["calls.jsonl"])
    ]


def test_places_that_were_taken_out_are_counted(account: AmazonAccount) -> None:
    _strew(account)

    files = archive(account)

    said = dict(
        line.split(": ")
        for line in files["what_was_taken_out.txt"].splitlines()
        if line.endswith(tuple("0123456789"))
    )
    assert set(said) == set(FILES[:-1])
    for name, count in said.items():
        assert files[name].count("[redacted]") == int(count)
    assert int(said["calls.jsonl"]) > 8
