"""Gathers the Last Sync Log: what an account's last run did; services layer.

Nothing of it holds a secret or personal data: the rows it is made of were redacted when
they were stored, and all that leaves here is redacted once more, by the same rules and
by the values of the settings' own secrets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import get_language, override

from channels_amazon.models import (
    AmazonAccount,
    ApiCall,
    DiagnosticEntry,
    SyncJob,
    SyncRun,
    translated,
)
from channels_amazon.services.diagnostics.export import (
    COLUMNS,
    HEADINGS,
    SENTENCES,
    LogKind,
    keep_export,
)
from channels_amazon.services.diagnostics.export_formats import json_text
from channels_amazon.services.diagnostics.trouble import TROUBLE
from channels_amazon.services.diagnostics.zip_stream import zip_pieces
from channels_amazon.services.installation.versions import (
    secret_values,
    shown_settings,
    versions,
)
from channels_amazon.services.jobs import registry
from channels_amazon.spapi.redact import (
    REDACTED,
    redact_json,
    redact_text,
    redact_values,
)

# How the audit log and the file call it.
NAME = "sync-log"
# So many rows are read at once.
CHUNK = 1000
# Of the failed calls so many are told in the story.
TOLD = 20
CALLS, EVENTS, LAST = "calls.jsonl", "events.jsonl", "what_was_taken_out.txt"
SETTINGS = "settings.json"
_RUN_COLUMNS = (
    *("id", "kind", "state", "started_at", "finished_at", "rows_seen", "rows_changed"),
    *("rows_quarantined", "calls", "code", "message", "detail", "next_due_at"),
)
_JOB_COLUMNS = (
    *("kind", "due_at", "attempts", "waiting_until", "blocked_code"),
    *("blocked_message", "last_started_at", "last_ok_at", "idle_runs"),
)
_SENTENCES = frozenset({"message", "blocked_message"})
# Columns that a table has no room for.
_MORE = {LogKind.CALLS: ("exchange",)}


@dataclass(frozen=True, slots=True)
class SyncLog:
    """A run with what belongs to it; `findings` is the last health check as JSON.

    `calls` and `events` are counted up to COUNT_CAP, `failed` are the first TOLD. The
    installation's settings are its administrators' business: `with_settings`.
    """

    account: AmazonAccount
    run: SyncRun
    calls: int
    events: int
    failed: Sequence[ApiCall]
    findings: Mapping[str, Any] | None
    with_settings: bool
    made_at: datetime = field(default_factory=timezone.now)

    @property
    def file_name(self) -> str:
        """Return how the file is called that it is saved as."""
        stamp = f"{self.made_at:%Y%m%d-%H%M%S}"
        return f"shoplink-{NAME}-{self.account.pk}-{stamp}.zip"

    @property
    def job_title(self) -> str:
        """Return what people call the job that ran."""
        return str(registry.title_of(self.run.kind))


def last_run(account: AmazonAccount) -> SyncRun | None:
    """Return the account's newest run that has a row; None where nothing ever ran."""
    runs = SyncRun.objects.filter(account=account).order_by("-started_at", "-pk")
    found: SyncRun | None = runs.first()
    return found


def read_sync_log(
    account: AmazonAccount,
    run: SyncRun,
    findings: Mapping[str, Any] | None,
    *,
    with_settings: bool,
) -> SyncLog:
    """Return the log of one of the account's runs, in a few statements."""
    calls = calls_of(run)
    return SyncLog(
        account=account,
        run=run,
        calls=calls.capped_count(),
        events=events_of(run).capped_count(),
        failed=list(calls.filter(TROUBLE[LogKind.CALLS]).order_by("pk")[:TOLD]),
        findings=findings,
        with_settings=with_settings,
    )


def calls_of(run: SyncRun) -> Any:
    """Return the calls to Amazon that the run made."""
    return ApiCall.objects.filter(run=run).defer("exchange")


def events_of(run: SyncRun) -> Any:
    """Return what the run told of."""
    return DiagnosticEntry.objects.filter(run=run)


def keep_sync_log_export(log: SyncLog, actor: str) -> None:
    """Keep in the audit log that this log was downloaded."""
    keep_export(NAME, actor=actor, store_ids=[log.account.store_id])


def archive_pieces(log: SyncLog, readme: str, taken_out: str) -> Iterator[bytes]:
    """Return the bytes of the zip archive, piece by piece, in constant memory.

    `readme` is its story and `taken_out` says what is left out, to which the number of
    places is added; both are of the language that is active now, as the events are.
    """
    writer = _Writer(secret_values(), get_language() or "en")
    return zip_pieces(_files(log, writer, readme, taken_out), log.made_at)


def run_facts(log: SyncLog) -> dict[str, Any]:
    """Return what run.json holds: account, application, run, and where all jobs are."""
    account, application = log.account, log.account.application
    sites = account.participations.filter(is_participating=True)
    jobs = SyncJob.objects.filter(account=account).order_by("kind")
    return {
        "made_at": log.made_at,
        "account": {
            "id": account.pk,
            "name": account.name,
            "seller_id": account.seller_id,
            "region": account.region,
            "state": account.state,
            "state_code": account.state_code,
            "marketplace_ids": list(sites.values_list("marketplace_id", flat=True)),
        },
        "application": {
            "application_id": application.app_id,
            "client_id": application.lwa_client_id,
            "is_draft": application.is_draft,
        },
        "run": _columns_of(log.run, _RUN_COLUMNS),
        "jobs": [_columns_of(job, _JOB_COLUMNS) for job in jobs],
    }


@dataclass(slots=True)
class _Writer:
    """Makes the bytes of the files, redacted, and counts in which of them how often."""

    secrets: frozenset[str]
    language: str
    counts: dict[str, int] = field(default_factory=dict)

    def text(self, name: str, text: str) -> Iterator[bytes]:
        yield self._kept(name, redact_text(text))

    def json(self, name: str, value: Any) -> Iterator[bytes]:
        yield self._kept(name, f"{json_text(redact_json(value))}\n")

    def rows(self, name: str, kind: LogKind, rows: QuerySet[Any]) -> Iterator[bytes]:
        """Yield the rows as JSON Lines, the oldest first."""
        self.counts.setdefault(name, 0)
        columns = (*COLUMNS[kind], *_MORE.get(kind, ()))
        for row in _oldest_first(rows, columns):
            with override(self.language):
                found = {
                    HEADINGS.get(column, column): (
                        translated(value) if column in SENTENCES else value
                    )
                    for column, value in zip(columns, row, strict=True)
                }
            yield from self.json(name, found)

    def _kept(self, name: str, text: str) -> bytes:
        text = redact_values(text, self.secrets)
        self.counts[name] = self.counts.get(name, 0) + text.count(REDACTED)
        return text.encode()


def _files(
    log: SyncLog, writer: _Writer, readme: str, taken_out: str
) -> Iterator[tuple[str, Iterator[bytes]]]:
    yield "README.txt", writer.text("README.txt", readme)
    with override(writer.language):
        facts = run_facts(log)
    yield "run.json", writer.json("run.json", facts)
    yield CALLS, writer.rows(CALLS, LogKind.CALLS, calls_of(log.run))
    yield EVENTS, writer.rows(EVENTS, LogKind.EVENTS, events_of(log.run))
    yield "findings.json", writer.json("findings.json", log.findings)
    yield "versions.json", writer.json("versions.json", versions())
    if log.with_settings:
        yield SETTINGS, writer.json(SETTINGS, shown_settings())
    # Last, since only now all of it is counted.
    counted = "".join(f"{name}: {count}\n" for name, count in writer.counts.items())
    yield LAST, writer.text(LAST, f"{taken_out}\n{counted}")


def _oldest_first(
    rows: QuerySet[Any], columns: Sequence[str]
) -> Iterator[Sequence[Any]]:
    place, after = columns.index("id"), 0
    while True:
        part = rows.filter(pk__gt=after).order_by("pk")
        found = list(part.values_list(*columns)[:CHUNK])
        yield from found
        if len(found) < CHUNK:
            return
        after = found[-1][place]


def _columns_of(row: SyncRun | SyncJob, names: Sequence[str]) -> dict[str, Any]:
    """Return the row's columns, its sentences in the language that is active."""
    found = {name: getattr(row, name) for name in names}
    return {
        name: translated(value) if name in _SENTENCES else value
        for name, value in found.items()
    }
