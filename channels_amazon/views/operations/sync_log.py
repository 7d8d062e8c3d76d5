"""The Last Sync Log of an account: a page to read, and a file to send; views layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from channels_amazon.forms import parameters
from channels_amazon.health.report_form import last_findings
from channels_amazon.models import AmazonAccount, SyncRun
from channels_amazon.rules.local_times import TO_THE_SECOND, shown
from channels_amazon.services.diagnostics.export import LogKind
from channels_amazon.services.diagnostics.export_formats import ExportFile
from channels_amazon.services.health import sync_log, sync_log_story
from channels_amazon.services.health.sync_log import SyncLog
from channels_amazon.services.health.sync_log_file import archive_pieces
from channels_amazon.services.health.sync_log_runs import (
    RecentRuns,
    is_newer,
    recent_runs,
    run_of,
)
from channels_amazon.services.jobs import registry
from channels_amazon.views.accounts.last_viewed import remember_viewed
from channels_amazon.views.accounts.tabs import account_tabs
from channels_amazon.views.base import get_mine, mine, page, store_page
from channels_amazon.views.operations.logs import download

# The file has them all.
ROWS = 100


@dataclass(frozen=True, slots=True)
class RunChoice:
    """A run that can be chosen: its id, and its time and outcome in words."""

    pk: int
    text: str


@dataclass(frozen=True, slots=True)
class JobChoices:
    """The runs of one job that can be chosen, the newest first."""

    title: str
    runs: list[RunChoice]


def _address(account: AmazonAccount) -> str:
    return reverse("amazon-sync-log", args=[account.pk])


@store_page
@require_safe
def sync_log_page(request: HttpRequest, account_id: int) -> HttpResponse:
    """Show what a run of the account did, and what the file of it holds.

    It is the run that the address names, else the last sync.
    """
    account = _account(request, account_id)
    remember_viewed(request, account)
    recent = recent_runs(account)
    run = _wanted(request, account, recent)
    if run is None and recent.last_sync is not None:
        return _no_such_run(request, account, recent)
    log = _log(request, account, run) if run is not None else None
    return _page(request, account, recent, log)


@store_page
@require_safe
def sync_log_download(request: HttpRequest, account_id: int) -> HttpResponseBase:
    """Stream the Last Sync Log as a zip archive."""
    account = _account(request, account_id)
    recent = recent_runs(account)
    run = _wanted(request, account, recent)
    if run is None and recent.last_sync is not None:
        return _no_such_run(request, account, recent)
    if run is None:
        raise Http404(_("Nothing has run yet for this account."))
    log = _log(request, account, run)
    story = sync_log_story.tell_in_utc(log)
    sync_log.keep_sync_log_export(log, request.user.get_username())
    pieces = archive_pieces(log, story)
    return download(ExportFile(log.file_name, "application/zip", pieces))


def _account(request: HttpRequest, account_id: int) -> AmazonAccount:
    accounts = mine(AmazonAccount, request).select_related("store", "application")
    return get_mine(accounts, request, pk=account_id)


def _wanted(
    request: HttpRequest, account: AmazonAccount, recent: RecentRuns
) -> SyncRun | None:
    """Return the account's run that the address names, the last sync for none.

    None where what it names is no run of the account, or no number at all.
    """
    if not parameters.RUN.is_named(request):
        return recent.last_sync
    named = parameters.RUN.number(request)
    return None if named is None else run_of(account, named)


def _log(request: HttpRequest, account: AmazonAccount, run: SyncRun) -> SyncLog:
    """Return the log as who asks may have it: settings are for administrators."""
    user: Any = request.user
    findings = last_findings(account)
    return sync_log.read_sync_log(
        account, run, findings, with_settings=user.is_superuser
    )


def _no_such_run(
    request: HttpRequest, account: AmazonAccount, recent: RecentRuns
) -> HttpResponse:
    """Say that the account has no such run as the address names.

    Whether another one has it is nobody's business here.
    """
    return _page(request, account, recent, None, status=404)


def _page(
    request: HttpRequest,
    account: AmazonAccount,
    recent: RecentRuns,
    log: SyncLog | None,
    *,
    status: int = 200,
) -> HttpResponse:
    run = log.run if log is not None else None
    context: dict[str, Any] = {
        "account": account,
        "tabs": account_tabs(request, account, _address),
        "log": log,
        "run": run,
        "last_sync": recent.last_sync,
        "is_newer": run is not None
        and recent.last_sync is not None
        and is_newer(run, recent.last_sync),
        "jobs": list(_choices(recent, run)),
        "rows": ROWS,
    }
    if log is not None:
        context |= {
            "story": sync_log_story.tell(log),
            "own_row": [run],
            "calls": sync_log.first_rows(log, LogKind.CALLS, ROWS),
            "events": sync_log.first_rows(log, LogKind.EVENTS, ROWS),
        }
    template = "channels_amazon/operations/sync_log.html"
    return page(request, template, context, title=_("Last Sync Log"), status=status)


def _choices(recent: RecentRuns, chosen: SyncRun | None) -> Iterator[JobChoices]:
    """Yield the runs to choose from by job, the one that is shown among them."""
    offered = [list(runs) for runs in recent.by_job]
    if chosen is not None and not any(chosen in runs for runs in offered):
        of_job = next((one for one in offered if one[0].kind == chosen.kind), None)
        if of_job is None:
            offered.append([chosen])
        else:
            of_job.append(chosen)
    zone = timezone.get_current_timezone()
    for runs in offered:
        yield JobChoices(
            str(registry.title_of(runs[0].kind)),
            [
                RunChoice(
                    run.pk,
                    f"{shown(run.started_at, zone, TO_THE_SECOND)}"
                    f" · {run.get_state_display()}",
                )
                for run in runs
            ],
        )
