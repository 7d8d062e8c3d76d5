"""Reports from the queue to their end: DONE, CANCELLED or FATAL; emulator."""

from __future__ import annotations

from ..model.entities import EmulatedReport, EmulatedReportDocument
from ..model.state import World
from ..model.statuses import ReportStatus
from ..notifications.publishing import publish
from . import listing_file
from .file import ORDER_LAYOUT, Layout, encode, order_rows

FINISHED = "REPORT_PROCESSING_FINISHED"
# Share of an empty report's time that it spends IN_QUEUE.
QUEUED_SHARE = 0.25
# Rows with which a report takes twice as long as an empty one.
ROWS_FOR_DOUBLE = 20_000
LISTING_LAYOUT = Layout(listing_file.COLUMNS, listing_file.SPARSE, listing_file.EXTRA)
FAILED = b"The report could not be generated. Request it again later."


def request_report(world: World, report: EmulatedReport) -> None:
    """Queue a report; its rows are read when it leaves the queue."""
    world.reports[(report.seller_id, report.report_id)] = report
    world.schedule(
        world.switches.reports.seconds * QUEUED_SHARE,
        lambda: _start(world, report),
    )


def cancel_report(world: World, report: EmulatedReport) -> bool:
    """Cancel a report that is still IN_QUEUE; return whether it was."""
    if report.status != ReportStatus.IN_QUEUE:
        return False
    _end(world, report, ReportStatus.CANCELLED)
    return True


def _start(world: World, report: EmulatedReport) -> None:
    if report.status != ReportStatus.IN_QUEUE:
        return
    report.status = ReportStatus.IN_PROGRESS
    report.started_at = world.now()
    switches = world.switches.reports
    if switches.fail_next > 0:
        switches.fail_next -= 1
        world.schedule(switches.seconds / 2, lambda: _fail(world, report))
        return
    is_of_listings = report.report_type == listing_file.ALL_LISTINGS
    read = listing_file.listing_rows if is_of_listings else order_rows
    rows = read(world, report)
    share = 1 - QUEUED_SHARE + len(rows) / ROWS_FOR_DOUBLE
    world.schedule(switches.seconds * share, lambda: _finish(world, report, rows))


def _finish(world: World, report: EmulatedReport, rows: list[dict[str, str]]) -> None:
    if not rows:
        _end(world, report, ReportStatus.CANCELLED)
        return
    is_of_listings = report.report_type == listing_file.ALL_LISTINGS
    layout = LISTING_LAYOUT if is_of_listings else ORDER_LAYOUT
    content, content_type = encode(world, report, layout, rows)
    _keep(world, report, content, content_type)
    _end(world, report, ReportStatus.DONE)


def _fail(world: World, report: EmulatedReport) -> None:
    _keep(world, report, FAILED, "text/plain; charset=UTF-8")
    _end(world, report, ReportStatus.FATAL)


def _keep(
    world: World, report: EmulatedReport, content: bytes, content_type: str
) -> None:
    region = world.sellers[report.seller_id].region
    document_id = f"amzn1.spdoc.1.4.{region}.{world.uuid()}.{world.token_text(14)}"
    world.report_documents[document_id] = EmulatedReportDocument(
        document_id=document_id,
        seller_id=report.seller_id,
        report_type=report.report_type,
        content=content,
        content_type=content_type,
        is_gzip=content[:2] == b"\x1f\x8b",
    )
    report.document_id = document_id


def _end(world: World, report: EmulatedReport, status: ReportStatus) -> None:
    report.status = status
    report.ended_at = world.now()
    content = {
        "sellerId": report.seller_id,
        "accountId": f"amzn1.merchant.o.{report.seller_id}",
        "reportId": report.report_id,
        "reportType": report.report_type,
        "processingStatus": status,
    }
    if report.document_id:
        content["reportDocumentId"] = report.document_id
    publish(
        world,
        report.seller_id,
        FINISHED,
        lambda: {"reportProcessingFinishedNotification": content},
    )
