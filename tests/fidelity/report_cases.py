"""Requests about reports, with the status due."""

from __future__ import annotations

from tests.fidelity.judging import Case
from tests.fidelity.scene import DE, US

ALL_ORDERS = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL"
REPORTS = "/reports/2021-06-30/reports"
REPORT = f"{REPORTS}/{{report}}"
DOCUMENT = "/reports/2021-06-30/documents/{document}"
WANTED = {
    "reportType": ALL_ORDERS,
    "marketplaceIds": [US],
    "dataStartTime": "{month_ago}",
    "dataEndTime": "{now}",
}
TYPES = {"reportTypes": ALL_ORDERS}
CASES = {
    "report asked for": Case(202, "POST", REPORTS, body=WANTED),
    "report with options": Case(
        202, "POST", REPORTS, body=WANTED | {"reportOptions": {"custom": "true"}}
    ),
    "report of an unknown type": Case(
        400, "POST", REPORTS, body=WANTED | {"reportType": "GET_NOTHING"}
    ),
    "report of another region": Case(
        400, "POST", REPORTS, body=WANTED | {"marketplaceIds": [DE]}
    ),
    "report, broken token": Case(403, "POST", REPORTS, body=WANTED, caller="broken"),
    "report": Case(200, "GET", REPORT),
    "cancelled report": Case(200, "GET", f"{REPORTS}/{{cancelled}}"),
    "unknown report": Case(404, "GET", f"{REPORTS}/1"),
    "reports": Case(200, "GET", REPORTS, TYPES),
    "reports by page": Case(200, "GET", REPORTS, TYPES | {"pageSize": "1"}),
    "reports filtered": Case(
        200,
        "GET",
        REPORTS,
        TYPES | {"processingStatuses": "DONE", "marketplaceIds": US},
    ),
    "reports, no type": Case(400, "GET", REPORTS),
    "document": Case(200, "GET", DOCUMENT),
    "document, with header": Case(
        200, "GET", DOCUMENT, {"enableContentEncodingUrlHeader": "true"}
    ),
    "unknown document": Case(
        404, "GET", "/reports/2021-06-30/documents/amzn1.spdoc.none"
    ),
    "cancel too late": Case(400, "DELETE", REPORT),
    "cancel nobody's": Case(404, "DELETE", f"{REPORTS}/1"),
}
