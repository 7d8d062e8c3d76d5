"""Reports API 2021-06-30: requesting reports and finding them; client layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from channels_amazon.spapi import errors, fields, operations
from channels_amazon.spapi.client import SpApiClient
from channels_amazon.spapi.errors import Evidence
from channels_amazon.spapi.fields import Details, JsonObject
from channels_amazon.spapi.report_documents import ReportDocument
from channels_amazon.wording import sentence

ALL_ORDERS = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL"
DONE, CANCELLED, FATAL = "DONE", "CANCELLED", "FATAL"
# Amazon's limit for marketplaceIds of createReport.
MOST_MARKETPLACES = 25
_FINISHED = frozenset({DONE, CANCELLED, FATAL})


@dataclass(frozen=True, slots=True)
class ReportRequest:
    """Which report to make; the times (aware) are the range of the data."""

    report_type: str
    marketplace_ids: Sequence[str]
    data_start: datetime | None = None
    data_end: datetime | None = None
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """A report as Amazon keeps it; `status` keeps Amazon's word.

    CANCELLED may mean that there was no data; even FATAL may have a document, which
    then says why. `unread` says what could not be read, and is None or empty here.
    """

    report_id: str
    report_type: str
    status: str
    created_at: datetime
    document_id: str | None
    data_start: datetime | None
    data_end: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    marketplace_ids: tuple[str, ...]
    unread: tuple[str, ...] = ()

    @property
    def is_finished(self) -> bool:
        """Tell whether its status is final."""
        return self.status in _FINISHED


@dataclass(frozen=True, slots=True)
class ReportsQuery:
    """Which reports: at most 10 types and marketplaces, 90 days back by default."""

    report_types: Sequence[str]
    statuses: Sequence[str] = ()
    marketplace_ids: Sequence[str] = ()
    created_since: datetime | None = None
    created_until: datetime | None = None
    page_size: int = 100


@dataclass(frozen=True, slots=True)
class ReportsPage:
    """Reports, the newest first, and the token of the next page."""

    reports: tuple[Report, ...]
    next_token: str | None


def create_report(client: SpApiClient, request: ReportRequest) -> str:
    """Ask for a report and return its id. Model: reports_2021-06-30.json.

    When this ends in ServiceUnavailable the report may have been made: look for it
    with `get_reports` before asking again. Raises InvalidRequest without a call for
    what Amazon can only refuse.
    """
    _check(request)
    body: dict[str, Any] = {
        "reportType": request.report_type,
        "marketplaceIds": list(request.marketplace_ids),
    }
    if request.data_start is not None:
        body["dataStartTime"] = fields.iso_time(request.data_start)
    if request.data_end is not None:
        body["dataEndTime"] = fields.iso_time(request.data_end)
    if request.options:
        body["reportOptions"] = dict(request.options)
    answer = client.call(operations.CREATE_REPORT, body=body)
    return fields.parse(answer, lambda data: fields.text(data, "reportId"))


def get_report(client: SpApiClient, report_id: str) -> Report:
    """Return the report; raises NotFound when Amazon has none of that id."""
    answer = client.call(operations.GET_REPORT, path={"reportId": report_id})
    return fields.parse(answer, _report)


def get_reports(
    client: SpApiClient, query: ReportsQuery, next_token: str | None = None
) -> ReportsPage:
    """Return one page of the account's reports."""
    wanted = {
        "reportTypes": tuple(query.report_types),
        "processingStatuses": tuple(query.statuses) or None,
        "marketplaceIds": tuple(query.marketplace_ids) or None,
        "createdSince": query.created_since,
        "createdUntil": query.created_until,
        "pageSize": query.page_size,
    }
    # Amazon refuses nextToken together with any other parameter.
    answer = client.call(
        operations.GET_REPORTS,
        query={"nextToken": next_token} if next_token else wanted,
    )
    return fields.parse(answer, _page)


def get_report_document(client: SpApiClient, document_id: str) -> ReportDocument:
    """Return where the document lies, an address that lives for five minutes."""
    answer = client.call(
        operations.GET_REPORT_DOCUMENT, path={"reportDocumentId": document_id}
    )
    return fields.parse(answer, _document)


def _check(request: ReportRequest) -> None:
    problem = ""
    if not 1 <= len(request.marketplace_ids) <= MOST_MARKETPLACES:
        problem = sentence("A report is of 1 to 25 marketplaces.")
    elif (
        request.data_start is not None
        and request.data_end is not None
        and request.data_start >= request.data_end
    ):
        problem = sentence("The report would end before it begins.")
    if problem:
        evidence = Evidence(operations.CREATE_REPORT.name)
        raise errors.InvalidRequest(problem, evidence)


def _page(data: JsonObject) -> ReportsPage:
    return ReportsPage(
        reports=tuple(map(_report, fields.required_objects(data, "reports"))),
        next_token=fields.optional_text(data, "nextToken") or None,
    )


def _report(data: JsonObject) -> Report:
    details = Details()
    return Report(
        report_id=fields.text(data, "reportId"),
        report_type=fields.text(data, "reportType"),
        status=fields.text(data, "processingStatus"),
        created_at=fields.timestamp(data, "createdTime"),
        document_id=fields.optional_text(data, "reportDocumentId") or None,
        data_start=details.time(data, "dataStartTime"),
        data_end=details.time(data, "dataEndTime"),
        started_at=details.time(data, "processingStartTime"),
        ended_at=details.time(data, "processingEndTime"),
        marketplace_ids=details.of(fields.texts, data, "marketplaceIds") or (),
        unread=tuple(details.unread),
    )


def _document(data: JsonObject) -> ReportDocument:
    return ReportDocument(
        document_id=fields.text(data, "reportDocumentId"),
        url=fields.text(data, "url"),
        compression=fields.optional_text(data, "compressionAlgorithm") or None,
    )
