"""Requests a report of Amazon and polls its state; sync layer.

createReport is not idempotent: where its answer was lost, Amazon's list of reports is
read before it is called again.
"""

from __future__ import annotations

from datetime import timedelta

from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.models import OrderReport, SyncJob
from channels_amazon.rules.order_reports.comparison import to_second
from channels_amazon.rules.order_reports.requesting import next_poll_at
from channels_amazon.services.jobs import lifecycle
from channels_amazon.services.order_reports import requests
from channels_amazon.services.order_reports.comparison import UNREADABLE_DETAIL
from channels_amazon.services.order_reports.requests import Failure, Purpose
from channels_amazon.spapi import operations
from channels_amazon.spapi.apis.reports import (
    ALL_ORDERS,
    CANCELLED,
    DONE,
    MOST_MARKETPLACES,
    Report,
    ReportRequest,
    ReportsQuery,
    create_report,
    get_report,
    get_reports,
)
from channels_amazon.spapi.errors import (
    AccessDenied,
    InvalidRequest,
    NetworkError,
    NotFound,
    Throttled,
)
from channels_amazon.sync.runtime.context import RunContext
from channels_amazon.sync.runtime.unread_answer import tell_unread
from channels_amazon.wording import sentence

# A report that was just requested may not be on Amazon's list yet.
LIST_AFTER = timedelta(seconds=20)
# Amazon's clock and ours may differ by so much.
_SLACK = timedelta(minutes=2)
# Pages and single calls bring the same orders: a report that is refused is given up.
_WITH_ANOTHER_WAY = (Purpose.FIRST_PULL, Purpose.BACKLOG)


def request(ctx: RunContext, report: OrderReport) -> None:
    """Request the report of Amazon, unless an earlier request was heard after all."""
    if report.requested_at is not None:
        if ctx.now() < report.requested_at + LIST_AFTER:
            requests.poll_later(report, report.requested_at + LIST_AFTER)
            return
        if _find(ctx, report):
            return
    sites = _sites(ctx)
    if not sites:
        # The job of participations brings them.
        requests.poll_later(report, ctx.now() + LIST_AFTER)
    elif requests.begin_request(report):
        end = min(report.ends_at, ctx.now())
        _create(ctx, report, ReportRequest(ALL_ORDERS, sites, report.starts_at, end))


def _create(ctx: RunContext, report: OrderReport, wanted: ReportRequest) -> None:
    """Call createReport; any other error leaves open whether Amazon heard it."""
    try:
        report_id = create_report(ctx.client, wanted)
    except Throttled:
        requests.withdraw_request(report)
        raise
    except NetworkError as error:
        if error.is_undelivered:
            requests.withdraw_request(report)
        raise
    except InvalidRequest as error:
        _give_up(report, Failure(error.code, error.message, error.fix))
    except AccessDenied as error:
        requests.withdraw_request(report)
        if report.purpose in _WITH_ANOTHER_WAY:
            _give_up(report, Failure(error.code, error.message, error.fix))
        raise
    else:
        _note_requested(ctx, report, report_id)


def poll(ctx: RunContext, report: OrderReport) -> None:
    """Ask Amazon for the report's state, and note it."""
    try:
        found = get_report(ctx.client, report.report_id)
    except NotFound as error:
        _fail(report, Failure(error.code, error.message))
        return
    tell_unread(ctx, UNREADABLE_DETAIL, operations.GET_REPORT, found.unread)
    if found.status == DONE and found.document_id:
        requests.note_ready(report, found.document_id, _took(found))
    elif found.status == CANCELLED:
        # Amazon's word for a span in which nothing changed.
        requests.note_empty(report)
    elif found.is_finished:
        message = sentence(
            "Amazon could not make the report (%(status)s).", status=found.status
        )
        _fail(report, Failure("reports.failed", message))
    else:
        usual = requests.usual_time(ctx.account)
        requested_at = report.requested_at or ctx.now()
        requests.poll_later(report, next_poll_at(requested_at, ctx.now(), usual))


def find_another_way(report: OrderReport) -> None:
    """Wake who reads the same orders without a report."""
    if report.purpose == Purpose.FIRST_PULL:
        lifecycle.wake(report.account_id, SyncJob.Kind.ORDER_SWEEP)
    elif report.purpose == Purpose.BACKLOG:
        lifecycle.wake(report.account_id, SyncJob.Kind.ORDER_FETCH)


def _find(ctx: RunContext, report: OrderReport) -> bool:
    """Find the report of which a lost answer would have told, and go on with it."""
    since = (report.requested_at or ctx.now()) - _SLACK
    page = get_reports(
        ctx.client, ReportsQuery(report_types=[ALL_ORDERS], created_since=since)
    )
    taken = set(
        OrderReport.objects.filter(
            account=ctx.account,
            report_id__in=[found.report_id for found in page.reports],
        ).values_list("report_id", flat=True)
    )
    unread = [reason for found in page.reports for reason in found.unread]
    tell_unread(ctx, UNREADABLE_DETAIL, operations.GET_REPORTS, unread)
    for found in page.reports:
        if found.report_id not in taken and _is_same(found, report):
            _note_requested(ctx, report, found.report_id)
            return True
    return False


def _is_same(found: Report, report: OrderReport) -> bool:
    if found.data_start is None or found.data_end is None:
        return False
    begins_alike = to_second(found.data_start) == to_second(report.starts_at)
    # The end may have been brought forward to the time of asking.
    return begins_alike and to_second(found.data_end) <= report.ends_at


def _note_requested(ctx: RunContext, report: OrderReport, report_id: str) -> None:
    usual = requests.usual_time(ctx.account)
    first = next_poll_at(report.requested_at or ctx.now(), ctx.now(), usual)
    requests.note_requested(report, report_id, first)


def _sites(ctx: RunContext) -> list[str]:
    """Return all sites of the account, selected or not: its stock is one for all."""
    sites = ctx.account.participations.filter(is_participating=True)
    ids = sites.order_by("country_code").values_list("marketplace_id", flat=True)
    return [site for site in ids if site in MARKETPLACES][:MOST_MARKETPLACES]


def _took(found: Report) -> timedelta | None:
    return found.ended_at - found.created_at if found.ended_at else None


def _fail(report: OrderReport, failure: Failure) -> None:
    is_given_up = requests.note_failed(report, failure, is_final=False)
    if is_given_up:
        find_another_way(report)


def _give_up(report: OrderReport, failure: Failure) -> None:
    requests.note_failed(report, failure, is_final=True)
    find_another_way(report)
