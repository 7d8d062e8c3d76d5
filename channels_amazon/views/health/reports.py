"""Pages of health reports: request, progress, result, download; views layer."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC
from typing import Any

from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from channels_amazon.forms import parameters
from channels_amazon.health.report_form import as_dict
from channels_amazon.health.runner import run_report
from channels_amazon.models import AmazonAccount, HealthReport
from channels_amazon.services.health import reports
from channels_amazon.services.jobs import queue
from channels_amazon.views.accounts.last_viewed import last_viewed, remember_viewed
from channels_amazon.views.accounts.tabs import account_tabs
from channels_amazon.views.attention import attention_rows, needs_line
from channels_amazon.views.base import (
    can_manage,
    can_operate,
    get_mine,
    is_fragment,
    mine,
    page,
    require_operator,
    store_page,
)
from channels_amazon.views.health.rows import check_groups, trees

STYLE = "channels_amazon/health_report.css"


@store_page
@require_safe
def health_index(request: HttpRequest) -> HttpResponse:
    """Redirect to the newest report of the account named, else of that viewed last.

    Without a report, redirect to the page where one is requested.
    """
    account = _chosen(request) or last_viewed(request)
    if account is None:
        return redirect("amazon-account-list")
    report = HealthReport.objects.filter(account=account).first()
    if report is None:
        remember_viewed(request, account)
        return redirect("amazon-status", account.pk)
    return redirect("amazon-health-report", report.pk)


def _address(account: AmazonAccount) -> str:
    return f"{reverse('amazon-health-index')}?account={account.pk}"


@store_page
@require_POST
def health_run(request: HttpRequest, account_id: int) -> HttpResponse:
    """Request a report and redirect to it, where its progress shows."""
    accounts = mine(AmazonAccount, request).select_related("store")
    account = get_mine(accounts, request, pk=account_id)
    require_operator(request, account.store)
    actor = request.user.get_username()
    if queue.broker_error():
        # No worker would ever hear of it. What our own rows say is said here and now,
        # the broker first; to ask Amazon could take longer than a request may.
        report = reports.new_report(account, actor)
        run_report(report.pk, calls_nobody=True)
    else:
        report = reports.request_report(account, actor)
    return redirect("amazon-health-report", report.pk)


@store_page
@require_safe
def health_report(request: HttpRequest, report_id: int) -> HttpResponse:
    """Show a report, or how far it is; the fragment asks again until it is done."""
    report = _report(request, report_id)
    remember_viewed(request, report.account)
    context = report_context(report) | {
        "can_operate": can_operate(request.user, report.account.store),
        "can_manage": can_manage(request.user, report.account.store),
    }
    rows = attention_rows(request)
    needed = rows.attention_of(report.account)
    context["needs_now"] = needs_line(needed, rows.shared()) if needed.needed else ""
    context["is_fragment"] = is_fragment(request)
    if not is_fragment(request):
        context["tabs"] = account_tabs(request, report.account, _address)
    if not is_fragment(request) or report.is_done:
        # Its own row there says how it ended.
        context["history"] = reports.history(report.account)
    name = "parts/body.html" if is_fragment(request) else "report.html"
    template = f"channels_amazon/health/{name}"
    return page(request, template, context, title=_("Health check"))


@store_page
@require_safe
def health_download(request: HttpRequest, report_id: int, form: str) -> HttpResponse:
    """Return a finished report as one HTML file without scripts, or as JSON."""
    report = _report(request, report_id)
    if report.state != HealthReport.State.DONE:
        raise Http404(_("The report is not finished."))
    stamp = f"{report.created_at:%Y%m%d-%H%M%S}"
    if form == "json":
        kind, text = "application/json", _in_utc(_as_json, report)
    elif form == "html":
        text = _in_utc(_as_html, report)
        kind = "text/html; charset=utf-8"
    else:
        raise Http404
    response = HttpResponse(text, content_type=kind)
    name = f"shoplink-health-{report.account_id}-{stamp}.{form}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _in_utc(make: Callable[[HealthReport], str], report: HealthReport) -> str:
    # Who opens the file may live anywhere.
    with timezone.override(UTC):
        return make(report)


def _as_json(report: HealthReport) -> str:
    return json.dumps(as_dict(report), ensure_ascii=False, indent=2)


def _as_html(report: HealthReport) -> str:
    context = report_context(report) | {"style": _style(), "is_file": True}
    return render_to_string("channels_amazon/health/file.html", context)


def report_context(report: HealthReport) -> dict[str, Any]:
    """Return what page and file show of a report."""
    findings = list(report.findings.all())
    problems = [row for row in findings if row.level != row.Level.OK]
    is_done = report.state == HealthReport.State.DONE
    groups = check_groups(report, findings)
    return {
        "report": report,
        "account": report.account,
        "is_done": is_done,
        "is_lost": reports.is_lost(report),
        "needs_worker": reports.needs_worker(report),
        "trees": trees(report, problems),
        "groups": groups,
        "checked": sum(line.is_over for group in groups for line in group.lines),
        "looked": sum(line.has_looked for group in groups for line in group.lines),
        "checks": sum(len(group.lines) for group in groups),
        "comparison": reports.compare(report) if is_done else None,
    }


def _chosen(request: HttpRequest) -> AmazonAccount | None:
    """Return the account that the address names, None where it names none.

    Raises Http404 for what is none of the reader's.
    """
    if not parameters.ACCOUNT.of(request):
        return None
    number = parameters.ACCOUNT.number(request)
    return get_mine(AmazonAccount, request, pk=number)


def _report(request: HttpRequest, report_id: int) -> HealthReport:
    rows = mine(HealthReport, request).select_related("account__store")
    return get_mine(rows, request, pk=report_id)


def _style() -> str:
    """Return the style sheet as a data: address, so that the file needs no other."""
    path = finders.find(STYLE)
    with open(str(path), "rb") as sheet:
        return f"data:text/css;base64,{b64encode(sheet.read()).decode()}"
