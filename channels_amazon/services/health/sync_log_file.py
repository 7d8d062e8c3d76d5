"""Writes the Last Sync Log as a zip archive, piece by piece; services layer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import get_language, override

from channels_amazon.models import SyncJob, SyncRun, translated
from channels_amazon.services.diagnostics.export import LogKind
from channels_amazon.services.diagnostics.export_formats import json_text
from channels_amazon.services.diagnostics.zip_stream import zip_pieces
from channels_amazon.services.health.sync_log import Redaction, SyncLog, all_rows
from channels_amazon.services.health.sync_log_story import (
    CALLS,
    EVENTS,
    LAST,
    SETTINGS,
    Story,
    readme,
    taken_out_text,
)
from channels_amazon.spapi.redact import REDACTED, redact_values

_RUN_COLUMNS = (
    *("id", "kind", "state", "started_at", "finished_at", "rows_seen", "rows_changed"),
    *("rows_quarantined", "calls", "code", "message", "detail", "next_due_at"),
)
_JOB_COLUMNS = (
    *("kind", "due_at", "attempts", "waiting_until", "blocked_code"),
    *("blocked_message", "last_started_at", "last_ok_at", "idle_runs"),
)
_SENTENCES = frozenset({"message", "blocked_message"})


def archive_pieces(log: SyncLog, story: Story) -> Iterator[bytes]:
    """Return the bytes of the zip archive, piece by piece, in constant memory.

    `story` is told by the clocks of UTC; calls and events are of the language that is
    active now, as it is.
    """
    language = get_language() or "en"
    return zip_pieces(_files(log, story, language), log.made_at)


def _run_facts(log: SyncLog) -> dict[str, Any]:
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

    redaction: Redaction
    counts: dict[str, int] = field(default_factory=dict)

    def text(self, name: str, text: str) -> Iterator[bytes]:
        """Yield a text of which nothing is JSON."""
        yield self._kept(name, self.redaction.text(text))

    def json(self, name: str, value: Any) -> Iterator[bytes]:
        """Yield a value as one line of JSON."""
        yield self._line(name, self.redaction.value(value))

    def rows(self, name: str, rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
        """Yield rows that are redacted already as JSON Lines."""
        self.counts.setdefault(name, 0)
        for row in rows:
            yield self._line(name, row)

    def _line(self, name: str, value: Any) -> bytes:
        # A number may be a secret, and one that is escaped looks otherwise.
        text = redact_values(json_text(value), self.redaction.secrets)
        return self._kept(name, f"{text}\n")

    def _kept(self, name: str, text: str) -> bytes:
        self.counts[name] = self.counts.get(name, 0) + text.count(REDACTED)
        return text.encode()


def _files(
    log: SyncLog, story: Story, language: str
) -> Iterator[tuple[str, Iterator[bytes]]]:
    writer = _Writer(log.redaction)
    yield "README.txt", writer.text("README.txt", readme(story))
    with override(language):
        facts = _run_facts(log)
    yield "run.json", writer.json("run.json", facts)
    yield CALLS, writer.rows(CALLS, all_rows(log, LogKind.CALLS, language))
    yield EVENTS, writer.rows(EVENTS, all_rows(log, LogKind.EVENTS, language))
    yield "findings.json", writer.json("findings.json", log.findings)
    yield "versions.json", writer.json("versions.json", story.versions)
    if story.settings is not None:
        yield SETTINGS, writer.json(SETTINGS, story.settings)
    # Last, since only now all of it is counted.
    counted = "".join(f"{name}: {count}\n" for name, count in writer.counts.items())
    yield LAST, writer.text(LAST, f"{taken_out_text(story)}\n{counted}")


def _columns_of(row: SyncRun | SyncJob, names: Iterable[str]) -> dict[str, Any]:
    """Return the row's columns, its sentences in the language that is active."""
    found = {name: getattr(row, name) for name in names}
    return {
        name: translated(value) if name in _SENTENCES else value
        for name, value in found.items()
    }
