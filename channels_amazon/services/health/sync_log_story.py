"""Tells the Last Sync Log in words, for the page and for its README; services layer."""

from __future__ import annotations

from datetime import UTC, datetime

from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, ngettext

from channels_amazon.models import ApiCall, SyncRun, translated
from channels_amazon.models.scope import capped
from channels_amazon.rules.local_times import TO_THE_SECOND, shown
from channels_amazon.services.health import sync_log
from channels_amazon.services.health.sync_log import SyncLog
from channels_amazon.services.installation.versions import product_version

State = SyncRun.State
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
_CONTENTS = (
    ("README.txt", gettext_lazy("this text")),
    (
        "run.json",
        gettext_lazy("the run, the account, the application, where each job stands"),
    ),
    (sync_log.CALLS, gettext_lazy("each call to Amazon of this run, the oldest first")),
    (sync_log.EVENTS, gettext_lazy("what the run told of, the oldest first")),
    ("findings.json", gettext_lazy("the last health check, null where none was made")),
    ("versions.json", gettext_lazy("the versions of what runs here")),
    (sync_log.SETTINGS, gettext_lazy("the settings that hold no secret")),
    (sync_log.LAST, gettext_lazy("what is left out, and in how many places")),
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


def first_line(log: SyncLog) -> str:
    """Return how the run ended, as one sentence."""
    words = {"job": log.job_title, "account": log.account}
    return str(_ENDS[State(log.run.state)]) % words


def story(log: SyncLog) -> list[str]:
    """Return what the run did and why it ended so, sentence by sentence."""
    run = log.run
    told = [_when(run)]
    if run.message:
        why = gettext("It says: %(message)s") % {"message": translated(run.message)}
        told.append(f"{why} ({run.code})" if run.code else why)
    told += [_work(run), _calls(log)]
    if log.events:
        text = ngettext(
            "It told of %(number)s thing.", "It told of %(number)s things.", log.events
        )
        told.append(text % {"number": capped(log.events)})
    if run.next_due_at:
        time = {"time": _moment(run.next_due_at)}
        told.append(gettext("The next run is due at %(time)s.") % time)
    told.append(_health(log))
    return told


def for_support(log: SyncLog) -> list[tuple[str, str]]:
    """Return what Amazon's support asks for, as names and values."""
    application = log.account.application
    return [
        (gettext("Application id"), application.app_id),
        (gettext("Client id"), application.lwa_client_id),
        (gettext("Seller id"), log.account.seller_id),
        (gettext("Region"), log.account.get_region_display()),
    ]


def contents(log: SyncLog) -> list[tuple[str, str]]:
    """Return the names of the files in the archive, and what each holds."""
    return [
        (name, str(text))
        for name, text in _CONTENTS
        if log.with_settings or name != sync_log.SETTINGS
    ]


def taken_out(log: SyncLog) -> list[str]:
    """Return what is left out of the file, and why."""
    of_settings = _SETTINGS_NAMED if log.with_settings else _SETTINGS_OMITTED
    return [str(line) for line in (*_TAKEN_OUT, of_settings)]


def taken_out_text(log: SyncLog) -> str:
    """Return what is left out, as the file that says so begins."""
    lines = [
        gettext("What was taken out"),
        "",
        *(f"- {line}" for line in taken_out(log)),
    ]
    counted = gettext("How often [redacted] stands in each file:")
    return "\n".join([*lines, "", counted, ""])


def readme(log: SyncLog) -> str:
    """Return the README: the story, what support asks for, what is in the archive.

    Its times are UTC, whoever saves it.
    """
    with timezone.override(UTC):
        return _readme(log)


def _readme(log: SyncLog) -> str:
    title = gettext("Last Sync Log of %(account)s") % {"account": log.account}
    made = gettext("Made at %(time)s by Shoplink %(version)s. All times are UTC.") % {
        "time": _moment(log.made_at),
        "version": product_version(),
    }
    parts = [title, "=" * len(title), "", made, "", first_line(log), *story(log), ""]
    parts += [gettext("For Amazon's support"), ""]
    parts += [f"- {name}: {value}" for name, value in for_support(log)]
    if log.failed:
        parts += ["", gettext("The first calls that failed"), ""]
        parts += [f"- {_call_line(call)}" for call in log.failed]
    if problems := (log.findings or {}).get("findings"):
        parts += ["", gettext("What the last health check found"), ""]
        for one in problems:
            parts.append(f"- {one['cause']} ({one['code']}) {one['fix']}".rstrip())
    parts += ["", gettext("In this archive"), ""]
    parts += [f"- {name}: {text}" for name, text in contents(log)]
    parts += ["", gettext("What was taken out"), ""]
    parts += [f"- {line}" for line in taken_out(log)]
    return "\n".join(parts) + "\n"


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
    number = len(log.findings["findings"])
    if not number:
        return gettext("The last health check found nothing wrong.")
    text = ngettext(
        "The last health check found %(number)d thing.",
        "The last health check found %(number)d things.",
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
