"""Gathers the Last Sync Log: what one of an account's runs did; services layer.

Nothing of it holds a secret or personal data: the rows it is made of were redacted when
they were stored, and all of it is redacted once more before it is shown or saved, by
the same rules and by the values of the settings' own secrets. The page and the file
have the same `Redaction`, and no other way to what they say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import override

from channels_amazon.models import (
    AmazonAccount,
    ApiCall,
    DiagnosticEntry,
    SyncRun,
    translated,
)
from channels_amazon.rules.health.liveness import Process
from channels_amazon.services.diagnostics.export import (
    COLUMNS,
    HEADINGS,
    SENTENCES,
    LogKind,
    keep_export,
)
from channels_amazon.services.diagnostics.trouble import TROUBLE
from channels_amazon.services.health.halts import Halt, halt_of
from channels_amazon.services.health.processes import is_alive
from channels_amazon.services.installation.versions import secret_values
from channels_amazon.services.jobs import registry
from channels_amazon.spapi.redact import redact_json, redact_text, redact_values

# How the audit log and the file call it.
NAME = "sync-log"
# So many rows are read at once.
CHUNK = 1000
# Of the failed calls so many are told in the story.
TOLD = 20
# Columns that a table has no room for.
_MORE = {LogKind.CALLS: ("exchange",)}


@dataclass(frozen=True, slots=True)
class Redaction:
    """Takes out of texts and rows what the Last Sync Log must not hold."""

    secrets: frozenset[str] = field(default_factory=secret_values)

    def text(self, text: object) -> str:
        """Return a text without secrets and personal data."""
        return redact_values(redact_text(str(text)), self.secrets)

    def value(self, value: Any) -> Any:
        """Return decoded JSON of the same shape without secrets and personal data."""
        return self._without_secrets(redact_json(value))

    def _without_secrets(self, value: Any) -> Any:
        if isinstance(value, str):
            return redact_values(value, self.secrets)
        if isinstance(value, Mapping):
            return {
                self._without_secrets(key): self._without_secrets(inner)
                for key, inner in value.items()
            }
        if isinstance(value, list | tuple):
            return [self._without_secrets(inner) for inner in value]
        return value


@dataclass(frozen=True, slots=True)
class SyncLog:
    """A run with what belongs to it; `findings` is the last health check as JSON.

    `calls` and `events` are counted up to COUNT_CAP, `failed` are the first TOLD;
    `halt` is why no run follows now. The installation's settings are its
    administrators' business: `with_settings`.
    """

    account: AmazonAccount
    run: SyncRun
    calls: int
    events: int
    failed: Sequence[ApiCall]
    findings: Mapping[str, Any] | None
    with_settings: bool
    halt: Halt | None
    made_at: datetime = field(default_factory=timezone.now)
    redaction: Redaction = field(default_factory=Redaction)

    @property
    def file_name(self) -> str:
        """Return how the file is called that it is saved as."""
        stamp = f"{self.made_at:%Y%m%d-%H%M%S}"
        return f"shoplink-{NAME}-{self.account.pk}-{stamp}.zip"

    @property
    def has_run_again(self) -> bool:
        """Tell whether the job began anew after this run, with or without a row."""
        begun = self.run.job.last_started_at
        return begun is not None and begun > self.run.started_at

    @property
    def job_title(self) -> str:
        """Return what people call the job that ran."""
        return str(registry.title_of(self.run.kind))


def read_sync_log(
    account: AmazonAccount,
    run: SyncRun,
    findings: Mapping[str, Any] | None,
    *,
    with_settings: bool,
) -> SyncLog:
    """Return the log of one of the account's runs, in a few statements."""
    calls = _rows_of(run, LogKind.CALLS)
    return SyncLog(
        account=account,
        run=run,
        calls=calls.capped_count(),
        events=_rows_of(run, LogKind.EVENTS).capped_count(),
        failed=list(calls.filter(TROUBLE[LogKind.CALLS]).order_by("pk")[:TOLD]),
        findings=findings,
        with_settings=with_settings,
        halt=halt_of(account, is_worker_alive=is_alive(Process.QUEUE, timezone.now())),
    )


def keep_sync_log_export(log: SyncLog, actor: str) -> None:
    """Keep in the audit log that this log was downloaded."""
    keep_export(NAME, actor=actor, store_ids=[log.account.store_id])


def first_rows(log: SyncLog, kind: LogKind, most: int) -> list[Any]:
    """Return the run's first calls or events, for the page.

    Their texts are those of the file: they are not to be saved.
    """
    columns = [name for name in COLUMNS[kind] if "__" not in name]
    rows = list(_rows_of(log.run, kind).order_by("pk")[:most])
    for row in rows:
        said = _said(log, columns, [getattr(row, name) for name in columns])
        for name, text in said.items():
            if isinstance(text, str):
                setattr(row, name, text)
    return rows


def all_rows(log: SyncLog, kind: LogKind, language: str) -> Iterator[dict[str, Any]]:
    """Yield the run's calls or events as the file has them, the oldest first."""
    columns = (*COLUMNS[kind], *_MORE.get(kind, ()))
    for row in _oldest_first(_rows_of(log.run, kind), columns):
        with override(language):
            said = _said(log, columns, row)
        yield {HEADINGS.get(name, name): value for name, value in said.items()}


def _said(
    log: SyncLog, columns: Iterable[str], values: Iterable[Any]
) -> dict[str, Any]:
    """Return what the log says of a row, in the language that is active."""
    found: dict[str, Any] = log.redaction.value(
        {
            name: translated(value) if name in SENTENCES else value
            for name, value in zip(columns, values, strict=True)
        }
    )
    return found


def _rows_of(run: SyncRun, kind: LogKind) -> Any:
    if kind is LogKind.CALLS:
        return ApiCall.objects.filter(run=run).defer("exchange")
    return DiagnosticEntry.objects.filter(run=run)


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
