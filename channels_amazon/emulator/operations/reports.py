"""Reports 2021-06-30: request a report, poll it, get its document; emulator."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from ..model.clock import iso
from ..model.entities import EmulatedReport
from ..model.roles import REPORT_ROLES
from ..model.statuses import ReportStatus
from ..protocol.calling import (
    ApiReply,
    Call,
    Route,
    denied,
    field_list,
    field_moment,
    field_text,
    invalid,
    not_found,
)
from ..protocol.job_pages import Job, JobKind, serve_page
from ..reports.documents import sign
from ..reports.lifecycle import cancel_report as cancel
from ..reports.lifecycle import request_report

Json = dict[str, Any]

# Amazon's limit for the range of an order report.
LONGEST_RANGE = timedelta(days=30)
# How far the caller's clock may run ahead of ours.
TOLERANCE = timedelta(minutes=1)
_BASE = "/reports/2021-06-30"
_REPORT = f"{_BASE}/reports/{{reportId}}"


def create_report(call: Call) -> ApiReply:
    """Serve createReport for the reports of all orders and of all listings."""
    body = call.json()
    report_type = field_text(body, "reportType")
    _check_type(call, report_type)
    marketplace_ids = field_list(body, "marketplaceIds", 1, 25)
    call.check_marketplaces(str(marketplace_id) for marketplace_id in marketplace_ids)
    if not isinstance(body.get("reportOptions", {}), dict):
        raise invalid("Invalid type of field reportOptions.")
    start, end = _range(call, body)
    report = EmulatedReport(
        report_id=str(50_000_000_000 + call.world.serial()),
        seller_id=call.seller.seller_id,
        report_type=report_type,
        marketplace_ids=[str(marketplace_id) for marketplace_id in marketplace_ids],
        created_at=call.world.now(),
        data_start=start,
        data_end=end,
    )
    request_report(call.world, report)
    return ApiReply(202, {"reportId": report.report_id})


def get_report(call: Call) -> ApiReply:
    """Serve getReport."""
    return ApiReply(200, _view(_find(call)))


def get_reports(call: Call) -> ApiReply:
    """Serve getReports: the newest first; a token goes alone."""
    jobs = [
        Job(
            job_id=report.report_id,
            job_type=report.report_type,
            status=report.status,
            marketplace_ids=report.marketplace_ids,
            created_at=report.created_at,
            view=partial(_view, report),
        )
        for (seller_id, _), report in call.world.reports.items()
        if seller_id == call.seller.seller_id
    ]
    return serve_page(call, _KIND, jobs)


def cancel_report(call: Call) -> ApiReply:
    """Serve cancelReport: only what waits in the queue can be cancelled."""
    report = _find(call)
    if not cancel(call.world, report):
        raise invalid(f"Report {report.report_id} is {report.status} already.")
    return ApiReply(200)


def get_report_document(call: Call) -> ApiReply:
    """Serve getReportDocument: an address that lives for five minutes."""
    document_id = call.path["reportDocumentId"]
    is_header_wanted = call.flag("enableContentEncodingUrlHeader")
    document = call.world.report_documents.get(document_id)
    if document is None or document.seller_id != call.seller.seller_id:
        raise not_found(f"Report document {document_id} is not found.")
    _check_type(call, document.report_type)
    encoding = "gzip" if document.is_gzip and is_header_wanted else "identity"
    view: Json = {
        "reportDocumentId": document_id,
        "url": sign(call.world, document, call.host_url, encoding),
    }
    if document.is_gzip:
        view["compressionAlgorithm"] = "GZIP"
    return ApiReply(200, view)


def _check_type(call: Call, report_type: str) -> None:
    """Refuse an unknown report type, and one that no granted role may request."""
    roles = REPORT_ROLES.get(report_type)
    if roles is None:
        raise invalid(f"Report type {report_type} is not offered.")
    if not call.caller.roles & roles:
        raise denied()


def _range(call: Call, body: Json) -> tuple[datetime, datetime]:
    """Read the range of a report; a missing end is the current time."""
    now = call.world.now()
    start = field_moment(body, "dataStartTime") or now
    end = field_moment(body, "dataEndTime") or now
    if max(start, end) > now + TOLERANCE:
        raise invalid("dataStartTime and dataEndTime must not lie in the future.")
    if end < start:
        raise invalid("dataEndTime must not be earlier than dataStartTime.")
    if end - start > LONGEST_RANGE:
        raise invalid("The range of this report must not be longer than 30 days.")
    return start, end


def _find(call: Call) -> EmulatedReport:
    report_id = call.path["reportId"]
    if not report_id.isascii() or not report_id.isdigit():
        raise invalid(f"Invalid report id {report_id}.")
    report = call.world.reports.get((call.seller.seller_id, report_id))
    if report is None:
        raise not_found(f"Report {report_id} is not found.")
    _check_type(call, report.report_type)
    return report


def _view(report: EmulatedReport) -> Json:
    view: Json = {
        "reportId": report.report_id,
        "reportType": report.report_type,
        "createdTime": iso(report.created_at),
        "processingStatus": report.status,
        "marketplaceIds": report.marketplace_ids,
        "dataStartTime": iso(report.data_start),
        "dataEndTime": iso(report.data_end),
    }
    if report.started_at:
        view["processingStartTime"] = iso(report.started_at)
    if report.ended_at:
        view["processingEndTime"] = iso(report.ended_at)
    if report.document_id:
        view["reportDocumentId"] = report.document_id
    return view


_KIND = JobKind("reports", "reportTypes", tuple(ReportStatus), _check_type)
ROUTES = (
    Route("createReport", "POST", f"{_BASE}/reports", create_report),
    Route("getReports", "GET", f"{_BASE}/reports", get_reports),
    Route("getReport", "GET", _REPORT, get_report),
    Route("cancelReport", "DELETE", _REPORT, cancel_report),
    Route(
        "getReportDocument",
        "GET",
        f"{_BASE}/documents/{{reportDocumentId}}",
        get_report_document,
    ),
)
