"""The Last Sync Log of an account: a page to read, and a file to send; views layer."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from channels_amazon.health.report_form import last_findings
from channels_amazon.models import AmazonAccount, SyncRun
from channels_amazon.services.diagnostics.export_formats import ExportFile
from channels_amazon.services.health import sync_log, sync_log_story
from channels_amazon.services.health.sync_log import SyncLog
from channels_amazon.services.installation.versions import shown_settings, versions
from channels_amazon.views.accounts.last_viewed import remember_viewed
from channels_amazon.views.accounts.tabs import account_tabs
from channels_amazon.views.base import get_mine, mine, page, store_page
from channels_amazon.views.operations.logs import download

# The file has them all.
ROWS = 100


def _address(account: AmazonAccount) -> str:
    return reverse("amazon-sync-log", args=[account.pk])


@store_page
@require_safe
def sync_log_page(request: HttpRequest, account_id: int) -> HttpResponse:
    """Show what the account's last run did, and what the file of it holds."""
    account = _account(request, account_id)
    remember_viewed(request, account)
    context: dict[str, Any] = {
        "account": account,
        "tabs": account_tabs(request, account, _address),
    }
    run = sync_log.last_run(account)
    if run is not None:
        context |= _told(_log(request, account, run))
    template = "channels_amazon/operations/sync_log.html"
    return page(request, template, context, title=_("Last Sync Log"))


@store_page
@require_safe
def sync_log_download(request: HttpRequest, account_id: int) -> HttpResponseBase:
    """Stream the Last Sync Log as a zip archive."""
    account = _account(request, account_id)
    run = sync_log.last_run(account)
    if run is None:
        raise Http404(_("Nothing has run yet for this account."))
    # Who opens the file may live anywhere.
    with timezone.override(UTC):
        log = _log(request, account, run)
    sync_log.keep_sync_log_export(log, request.user.get_username())
    pieces = sync_log.archive_pieces(
        log, sync_log_story.readme(log), sync_log_story.taken_out_text(log)
    )
    return download(ExportFile(log.file_name, "application/zip", pieces))


def _account(request: HttpRequest, account_id: int) -> AmazonAccount:
    accounts = mine(AmazonAccount, request).select_related("store", "application")
    return get_mine(accounts, request, pk=account_id)


def _log(request: HttpRequest, account: AmazonAccount, run: SyncRun) -> SyncLog:
    """Return the log as who asks may have it: settings are for administrators."""
    user: Any = request.user
    findings = last_findings(account)
    return sync_log.read_sync_log(
        account, run, findings, with_settings=user.is_superuser
    )


def _told(log: SyncLog) -> dict[str, Any]:
    run = log.run
    return {
        "log": log,
        "run": run,
        "own_row": [run],
        "first_line": sync_log_story.first_line(log),
        "story": sync_log_story.story(log),
        "support": sync_log_story.for_support(log),
        "contents": sync_log_story.contents(log),
        "taken_out": sync_log_story.taken_out(log),
        "versions": versions(),
        "settings": shown_settings() if log.with_settings else None,
        "calls": list(sync_log.calls_of(run).order_by("pk")[:ROWS]),
        "events": list(sync_log.events_of(run).order_by("pk")[:ROWS]),
        "rows": ROWS,
    }
