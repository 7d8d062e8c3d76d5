"""Tells the Last Sync Log in words, once for the page and the file; services layer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, ngettext

from channels_amazon.models import ApiCall, SyncRun, translated
from channels_amazon.models.scope import capped
from channels_amazon.rules.local_times import TO_THE_SECOND, shown
from channels_amazon.services.health import sync_log
from channels_amazon.services.health.halts import Halt
from channels_amazon.services.health.sync_log import SyncLog
from channels_amazon.services.installation.versions import (
    product_version,
    shown_settings,
    versions,
)

State = SyncRun.State
CALLS, EVENTS, LAST = "calls.jsonl", "events.jsonl", "what_was_taken_out.txt"
SETTINGS = "settings.json"
_ENDS = {
    State.RUNNING: gettext_lazy("%(job)s of %(account)s is still running."),
    State.DONE: gettext_lazy("%(job)s of %(account)s ended well."),
    State.WAITING: gettext_lazy(
        "%(job)s of %(account)s stopped to wait for Amazon's quota, and goes on by "
        "itself."
    ),
    State.FAILED: gettext_lazy(
        "%(job)s of %(account)s failed, and is tried again by itself."
    ),
    State.BLOCKED: gettext_lazy("%(job)s of %(account)s stopped: it needs you."),
    State.ABANDONED: gettext_lazy(
        "%(job)s of %(account)s was interrupted, and begins anew by itself."
    ),
}
# How it ended where nothing is to come of it: the job ran again, or none runs.
_ENDED = {
    State.WAITING: gettext_lazy(
        "%(job)s of %(account)s stopped to wait for Amazon's quota."
    ),
    State.FAILED: gettext_lazy("%(job)s of %(account)s failed."),
    State.BLOCKED: gettext_lazy("%(job)s of %(account)s stopped: it needed you."),
    State.ABANDONED: gettext_lazy("%(job)s of %(account)s was interrupted."),
}
_NO_RUN_FOLLOWS = {
    Halt.DISCONNECTED: gettext_lazy("No run follows: the account is disconnected."),
    Halt.PAUSED: gettext_lazy("No run follows while this installation is paused."),
    Halt.UNAUTHORISED: gettext_lazy(
        "No run follows before the account is authorised again."
    ),
    Halt.NO_WORKER: gettext_lazy("No run follows before a worker runs: none does."),
}
_CONTENTS = (
    ("README.txt", gettext_lazy("this text")),
    (
        "run.json",
        gettext_lazy("the run, the account, the application, where each job stands"),
    ),
    (CALLS, gettext_lazy("each call to Amazon of this run, the oldest first")),
    (EVENTS, gettext_lazy("what the run told of, the oldest first")),
    ("findings.json", gettext_lazy("the last health check, null where none was made")),
    ("versions.json", gettext_lazy("the versions of what runs here")),
    (SETTINGS, gettext_lazy("the settings that hold no secret")),
    (LAST, gettext_lazy("what is left out, and in how many places")),
)
_TAKEN_OUT = (
    gettext_lazy(
        "Tokens, client secrets, encryption keys, passwords and the addresses of "
        "database and broker: never part of it."
    ),
    gettext_lazy(
        "Buyers, recipients, addresses, e-mail addresses and phone numbers: orders and "
        "messages are not part of it, only their ids."
    ),
    gettext_lazy(
        "What Amazon answered to calls that succeeded, and what was sent with them: it "
        "is not stored at all."
    ),
    gettext_lazy(
        "Where a text held a secret or personal data, the word “redacted” stands in "
        "its place, in brackets."
    ),
)
_SETTINGS_NAMED = gettext_lazy(
    "Settings: only those named in settings.json; of secret ones, whether they are set."
)
_SETTINGS_OMITTED = gettext_lazy(
    "Settings: only an administrator's file has settings.json."
)


@dataclass(frozen=True, slots=True)
class Story:
    """What page and file say of a run: redacted, each sentence as it stands there.

    It is of the language and by the clocks that were active when it was told. `calls`
    are the first that failed, `problems` what the last health check found.
    """

    title: str
    account: str
    made: str
    first_line: str
    told: tuple[str, ...]
    support: tuple[tuple[str, str], ...]
    calls: tuple[str, ...]
    problems: tuple[str, ...]
    contents: tuple[tuple[str, str], ...]
    taken_out: tuple[str, ...]
    versions: Mapping[str, Any]
    settings: Mapping[str, Any] | None


def tell(log: SyncLog) -> Story:
    """Return the log in words, without secrets and personal data."""
    safe = log.redaction
    made = gettext("Made at %(time)s by Shoplink %(version)s. All times are UTC.")
    title = gettext("Last Sync Log of %(account)s") % {"account": log.account}
    return Story(
        title=safe.text(title),
        account=safe.text(log.account),
        made=made % {"time": _moment(log.made_at), "version": product_version()},
        first_line=safe.text(_first_line(log)),
        told=tuple(map(safe.text, _told(log))),
        support=tuple((name, safe.text(value)) for name, value in _for_support(log)),
        calls=tuple(safe.text(_call_line(call)) for call in log.failed),
        problems=tuple(map(safe.text, _problems(log))),
        contents=tuple(_contents(log)),
        taken_out=tuple(_taken_out(log)),
        versions=safe.value(versions()),
        settings=safe.value(shown_settings()) if log.with_settings else None,
    )


def tell_in_utc(log: SyncLog) -> Story:
    """Return the log in words for a file: who opens it may live anywhere."""
    with timezone.override(UTC):
        return tell(log)


def readme(story: Story) -> str:
    """Return the README: the story, what support asks for, what is in the archive."""
    parts = [story.title, "=" * len(story.title), "", story.made, ""]
    parts += [story.first_line, *story.told, ""]
    parts += [gettext("For Amazon's support"), "", *_pairs(story.support)]
    if story.calls:
        parts += ["", gettext("The first calls that failed"), ""]
        parts += [f"- {line}" for line in story.calls]
    if story.problems:
        parts += ["", gettext("What the last health check found"), ""]
        parts += [f"- {line}" for line in story.problems]
    parts += ["", gettext("In this archive"), "", *_pairs(story.contents)]
    parts += ["", gettext("What was taken out"), ""]
    parts += [f"- {line}" for line in story.taken_out]
    return "\n".join(parts) + "\n"


def taken_out_text(story: Story) -> str:
    """Return what is left out, as the file that says so begins."""
    lines = [f"- {line}" for line in story.taken_out]
    counted = gettext("How often [redacted] stands in each file:")
    return "\n".join([gettext("What was taken out"), "", *lines, "", counted, ""])


def _first_line(log: SyncLog) -> str:
    """Return how the run ended, as one sentence."""
    state = State(log.run.state)
    words = {"job": log.job_title, "account": log.account}
    is_over = log.has_run_again or log.halt is not None
    if state == State.BLOCKED:
        is_over = log.has_run_again and not log.run.job.blocked_code
    return str(_ENDED.get(state, _ENDS[state]) if is_over else _ENDS[state]) % words


def _told(log: SyncLog) -> Iterator[str]:
    """Yield what the run did and why it ended so, sentence by sentence."""
    run = log.run
    yield _when(run)
    if run.message:
        why = gettext("It says: %(message)s") % {"message": translated(run.message)}
        yield f"{why} ({run.code})" if run.code else why
    yield _work(run)
    yield _calls(log)
    if log.events:
        text = ngettext(
            "It told of %(number)s thing.", "It told of %(number)s things.", log.events
        )
        yield text % {"number": capped(log.events)}
    yield from _what_follows(log)
    yield _health(log)


def _what_follows(log: SyncLog) -> Iterator[str]:
    """Yield whether the job ran again, else when it will, or why it will not."""
    run, job = log.run, log.run.job
    if log.has_run_again and job.last_started_at is not None:
        time = {"time": _moment(job.last_started_at)}
        yield gettext("The job ran again since, last at %(time)s.") % time
    elif run.finished_at is None:
        return
    elif log.halt is None and run.next_due_at:
        # An event, or a person, may have called for it since.
        time = {"time": _moment(job.due_at)}
        yield gettext("The next run is due at %(time)s.") % time
    if log.halt is not None:
        yield str(_NO_RUN_FOLLOWS[log.halt])


def _for_support(log: SyncLog) -> list[tuple[str, str]]:
    """Return what Amazon's support asks for, as names and values."""
    application = log.account.application
    return [
        (gettext("Application id"), application.app_id),
        (gettext("Client id"), application.lwa_client_id),
        (gettext("Seller id"), log.account.seller_id),
        (gettext("Region"), log.account.get_region_display()),
    ]


def _contents(log: SyncLog) -> Iterator[tuple[str, str]]:
    """Yield the names of the files in the archive, and what each holds."""
    for name, text in _CONTENTS:
        if log.with_settings or name != SETTINGS:
            yield name, str(text)


def _taken_out(log: SyncLog) -> Iterator[str]:
    """Yield what is left out of the file, and why."""
    of_settings = _SETTINGS_NAMED if log.with_settings else _SETTINGS_OMITTED
    yield from map(str, (*_TAKEN_OUT, of_settings))


def _problems(log: SyncLog) -> Iterator[str]:
    for one in (log.findings or {}).get("findings", ()):
        line = f"{one['cause']} ({one['code']}) {one['fix']}".rstrip()
        if cause := one["consequence_of"]:
            said = gettext("It follows from %(code)s:") % {"code": cause}
            line = f"{said} {line}"
        yield line


def _pairs(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    return (f"- {name}: {value}" for name, value in pairs)


def _when(run: SyncRun) -> str:
    times = {"started": _moment(run.started_at)}
    if run.finished_at is None:
        return gettext("It began at %(started)s.") % times
    times["finished"] = _moment(run.finished_at)
    seconds = (run.finished_at - run.started_at).total_seconds()
    times["seconds"] = f"{max(seconds, 0):.1f}"
    return (
        gettext(
            "It began at %(started)s and ended at %(finished)s, after %(seconds)s s."
        )
        % times
    )


def _work(run: SyncRun) -> str:
    return gettext(
        "Rows: %(seen)d seen, %(changed)d changed, %(aside)d in quarantine."
    ) % {
        "seen": run.rows_seen,
        "changed": run.rows_changed,
        "aside": run.rows_quarantined,
    }


def _calls(log: SyncLog) -> str:
    if not log.calls:
        return gettext("It made no call to Amazon that is on record.")
    text = ngettext(
        "It made %(number)s call to Amazon.",
        "It made %(number)s calls to Amazon.",
        log.calls,
    ) % {"number": capped(log.calls)}
    if not log.failed:
        return text + " " + gettext("None of them failed.")
    failed = len(log.failed)
    number = f"{failed}+" if failed == sync_log.TOLD else str(failed)
    tail = ngettext("%(number)s failed.", "%(number)s of them failed.", failed)
    return f"{text} {tail % {'number': number}}"


def _health(log: SyncLog) -> str:
    if log.findings is None:
        return gettext("No health check was made yet.")
    # As the report counts them: what only follows from another one is no fault.
    number = sum(not one["consequence_of"] for one in log.findings["findings"])
    if not number:
        return gettext("The last health check found nothing wrong.")
    text = ngettext(
        "The last health check found %(number)d fault.",
        "The last health check found %(number)d faults.",
        number,
    )
    return text % {"number": number}


def _call_line(call: ApiCall) -> str:
    """Return a failed call by what Amazon's support finds it with."""
    status = call.status or gettext("no answer")
    parts = [_moment(call.started_at), call.operation, str(status), call.amazon_code]
    return " · ".join(part for part in (*parts, call.request_id) if part)


def _moment(value: datetime) -> str:
    """Return a time by the clocks of who reads it: on a page theirs, in a file UTC."""
    return shown(value, timezone.get_current_timezone(), TO_THE_SECOND)
