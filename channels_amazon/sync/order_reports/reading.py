"""Reads a report's document, compares it and stores what is missing; sync layer.

What a run stores is a slice: `cursor` says where the next one goes on, whoever runs
it. Counting comes before storing, so that a gap is told even if storing it dies.
"""

from __future__ import annotations

from collections.abc import Sequence

from channels_amazon.models import OrderReport, SyncJob
from channels_amazon.services.jobs import lifecycle
from channels_amazon.services.order_reports import comparison, documents, requests
from channels_amazon.services.order_reports.requests import Failure
from channels_amazon.services.orders import intake
from channels_amazon.spapi.apis.reports import get_report_document
from channels_amazon.spapi.errors import (
    DocumentExpired,
    NotFound,
    UnexpectedResponse,
)
from channels_amazon.spapi.order_report import (
    OrderReportContent,
    QuarantinedRow,
    ReportOrder,
    read_order_report,
)
from channels_amazon.spapi.report_documents import (
    ReportDocument,
    open_report_document,
)
from channels_amazon.sync.order_reports.requesting import find_another_way
from channels_amazon.sync.orders.intake import store_reported
from channels_amazon.sync.runtime.context import RunContext
from channels_amazon.wording import sentence

# However long the download took, a run stores so many orders before it ends.
LEAST_STORED = 100
# So many orders are stored in one transaction; events of them wait for its end.
ORDERS_A_TRANSACTION = 20
# Seconds for a download; the longest run is longer, since nothing renews its lease.
TIMEOUT = 40.0
# Orders of unreadable rows are fetched one by one, a token each: of a damaged file no
# more than this.
MOST_QUARANTINED = 500


def read(ctx: RunContext, report: OrderReport) -> None:
    """Store the report from its cursor on, until it ends or the run's time does."""
    try:
        parsed = _download(ctx, report)
    except (NotFound, UnexpectedResponse) as error:
        failure = Failure(error.code, error.message, error.fix)
        if requests.note_failed(report, failure, is_final=False):
            find_another_way(report)
        return
    ctx.progress(total=len(parsed.orders))
    if _Slice(ctx, report, parsed).store():
        _fetch_quarantined(ctx, parsed.quarantined)
        comparison.note_read(
            report,
            encoding=parsed.encoding,
            rows_quarantined=len(parsed.quarantined),
            unread=parsed.unread,
        )


class _Slice:
    """What one run stores of a report."""

    def __init__(
        self, ctx: RunContext, report: OrderReport, parsed: OrderReportContent
    ) -> None:
        self.ctx = ctx
        self.report = report
        self.orders = parsed.orders
        self.incomplete = {row.order_id for row in parsed.quarantined if row.order_id}
        # How many this run has stored, and how many of them no page shows yet.
        self.stored = self.uncounted = 0

    def store(self) -> bool:
        """Store part after part; tell whether all of the report is stored."""
        is_stored = True
        while is_stored and self.report.cursor < len(self.orders):
            is_stored = self._store_part()
        if self.stored:
            lifecycle.wake(self.ctx.account.pk, SyncJob.Kind.ORDER_FETCH)
        return is_stored

    def _store_part(self) -> bool:
        """Compare and store the next orders; False where the time was up before."""
        start, seen = self.report.cursor, self.report.orders_seen
        # What was counted before a worker died is stored without being counted again.
        end = seen if seen > start else start + comparison.BATCH
        part = self.orders[start:end]
        found = comparison.compare(self.ctx.account, part)
        if seen <= start:
            comparison.note_compared(self.report, found)
        news = {data.order_id for data in (*found.missing, *found.changed)}
        places = [at for at, data in enumerate(part) if data.order_id in news]
        for first in range(0, len(places), ORDERS_A_TRANSACTION):
            chosen = places[first : first + ORDERS_A_TRANSACTION]
            if not self._has_time():
                self._note(start + chosen[0])
                return False
            self._store([part[at] for at in chosen])
        self._note(start + len(part))
        self.ctx.progress(rows=len(found.known_ids))
        return True

    def _has_time(self) -> bool:
        return self.stored < LEAST_STORED or self.ctx.has_time()

    def _store(self, orders: Sequence[ReportOrder]) -> None:
        self.uncounted += store_reported(self.ctx, orders, self.incomplete)
        self.stored += len(orders)

    def _note(self, cursor: int) -> None:
        comparison.note_stored(self.report, cursor)
        self.ctx.progress(rows=self.uncounted, changed=self.uncounted)
        self.uncounted = 0


def _download(ctx: RunContext, report: OrderReport) -> OrderReportContent:
    """Return the whole report; asks for a new address where the old one ran out."""
    document = documents.unseal(ctx.cursor, report.document_id, ctx.now())
    if document is not None:
        try:
            return _read(ctx, document)
        except DocumentExpired:
            ctx.save_cursor({})
    document = get_report_document(ctx.client, report.document_id)
    ctx.save_cursor({**documents.seal(document, ctx.now())})
    return _read(ctx, document)


def _read(ctx: RunContext, document: ReportDocument) -> OrderReportContent:
    home = ctx.account.participations.order_by("pk").first()
    with open_report_document(ctx.client, document, timeout=TIMEOUT) as content:
        return read_order_report(
            content.file,
            charset=content.charset,
            marketplace_id=home.marketplace_id if home else "",
        )


def _fetch_quarantined(ctx: RunContext, rows: Sequence[QuarantinedRow]) -> None:
    """Have the orders of unreadable rows fetched by themselves."""
    reasons = {row.order_id: row.reason for row in rows if row.order_id}
    ids = list(reasons)[:MOST_QUARANTINED]
    known = intake.mark_stale(ctx.account, ids)
    for order_id in ids:
        if order_id in known:
            continue
        intake.quarantine_order(
            ctx.account,
            order_id,
            code="orders.unreadable",
            message=sentence(
                "A report's row of the order %(order)s cannot be read: %(reason)s.",
                order=order_id,
                reason=reasons[order_id],
            ),
            retry_at=ctx.now(),
        )
    if rows:
        ctx.progress(quarantined=len(rows))
        lifecycle.wake(ctx.account.pk, SyncJob.Kind.ORDER_FETCH)
