"""Compares a report with what is known here, and notes what it proves; services layer.

A report is stored in slices: `orders_seen` says how many of its orders are compared
and counted, `cursor` how many are stored. A worker that dies counts nothing twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from channels_amazon.models import AmazonAccount, Order, OrderReport
from channels_amazon.rules.order_reports.comparison import (
    HourCounts,
    StoredOrder,
    hours_of,
    says_more,
)
from channels_amazon.services.diagnostics.entries import Entry, Level, record
from channels_amazon.services.order_reports.fields import reported_order
from channels_amazon.services.order_reports.requests import PROOFS, State, label_of
from channels_amazon.spapi.order_report import QuarantinedRow, ReportOrder
from channels_amazon.wording import counted, listed, sentence

UNREADABLE_DETAIL = "reports.unreadable_detail"
# So many ids in one query: every database takes such a list.
BATCH = 500
# So many ids of missing orders are kept: more than people read. Counts go on.
MOST_GAP_IDS = 1000
_SHOWN_HOURS = 5


@dataclass(frozen=True, slots=True)
class ReportComparison:
    """A report's orders by what is known of them here, each in the report's order.

    `known_ids` are rows of ours that hold all that the report tells.
    """

    known_ids: tuple[int, ...] = ()
    missing: tuple[ReportOrder, ...] = ()
    changed: tuple[ReportOrder, ...] = ()

    @property
    def count(self) -> int:
        """Return how many orders were compared."""
        return len(self.known_ids) + len(self.missing) + len(self.changed)


def compare(account: AmazonAccount, orders: Sequence[ReportOrder]) -> ReportComparison:
    """Return which of a report's orders are known, missing and changed here.

    One query for each BATCH of ids.
    """
    known_ids: list[int] = []
    missing: list[ReportOrder] = []
    changed: list[ReportOrder] = []
    for start in range(0, len(orders), BATCH):
        batch = orders[start : start + BATCH]
        ours = _ours(account, [data.order_id for data in batch])
        for data in batch:
            pk, known = ours.get(data.order_id, (0, None))
            if known is None:
                missing.append(data)
            elif says_more(reported_order(data), known):
                changed.append(data)
            else:
                known_ids.append(pk)
    return ReportComparison(tuple(known_ids), tuple(missing), tuple(changed))


def note_compared(report: OrderReport, found: ReportComparison) -> None:
    """Count what was compared, once, before any of it is stored.

    `report` is as it was before: its `orders_seen` say what was counted already.
    """
    ids = list(report.gap_order_ids)
    hours: HourCounts = dict(report.gap_hours)
    if report.purpose in PROOFS:
        ids += [data.order_id for data in found.missing]
        missing = hours_of(data.updated_at for data in found.missing)
        for hour, count in missing.items():
            hours[hour] = hours.get(hour, 0) + count
    figures = {
        "orders_seen": report.orders_seen + found.count,
        "orders_known": report.orders_known + len(found.known_ids),
        "orders_missing": report.orders_missing + len(found.missing),
        "orders_changed": report.orders_changed + len(found.changed),
        "gap_order_ids": ids[:MOST_GAP_IDS],
        "gap_hours": hours,
    }
    uncounted = OrderReport.objects.filter(pk=report.pk, orders_seen=report.orders_seen)
    with transaction.atomic():
        if uncounted.update(**figures):
            for name, value in figures.items():
                setattr(report, name, value)
        else:
            report.refresh_from_db()
        Order.objects.filter(pk__in=found.known_ids).update(reported_at=timezone.now())


def note_stored(report: OrderReport, cursor: int) -> None:
    """Note up to which of its orders the report is stored."""
    OrderReport.objects.filter(pk=report.pk, cursor__lt=cursor).update(cursor=cursor)
    report.cursor = max(report.cursor, cursor)


def note_read(
    report: OrderReport,
    *,
    encoding: str,
    rows_quarantined: int,
    unread: Sequence[QuarantinedRow] = (),
) -> bool:
    """Note that all of the report is stored, and tell people of a gap, once.

    `unread` are the rows that were taken without a detail that cannot be read.
    """
    now = timezone.now()
    ready = OrderReport.objects.filter(pk=report.pk, state=State.READY)
    moved = ready.update(
        state=State.READ,
        read_at=now,
        encoding=encoding[:20],
        rows_quarantined=rows_quarantined,
    )
    if not moved:
        return False
    report.refresh_from_db()
    if report.purpose in PROOFS and report.orders_missing:
        _record_gap(report)
    if rows_quarantined:
        _record_quarantined_rows(report)
    if unread:
        _record_unread(report, unread)
    return True


def _ours(
    account: AmazonAccount, order_ids: Sequence[str]
) -> dict[str, tuple[int, StoredOrder]]:
    rows = Order.objects.filter(
        account=account, amazon_order_id__in=order_ids
    ).values_list(
        "amazon_order_id",
        "pk",
        "status",
        "last_updated_at",
        "last_event_at",
        "completed_at",
    )
    return {
        order_id: (pk, StoredOrder(status, updated_at, event_at, done_at is not None))
        for order_id, pk, status, updated_at, event_at, done_at in rows
    }


def _record_gap(report: OrderReport) -> None:
    counts: HourCounts = report.gap_hours
    hours = listed(
        [
            sentence(
                "%(hour)s (%(count)d)", hour=datetime.fromisoformat(hour), count=count
            )
            for hour, count in sorted(counts.items())[:_SHOWN_HOURS]
        ]
    )
    record(
        Entry(
            code="orders.gap",
            level=Level.WARNING,
            account=report.account,
            reference=report.report_id,
            message=counted(
                "The report “%(purpose)s” of %(start)s to %(end)s shows "
                "%(count)s order that was missing here, in the hour "
                "%(hours)s. It is taken over.",
                "The report “%(purpose)s” of %(start)s to %(end)s shows "
                "%(count)s orders that were missing here (hours with a gap: "
                "%(number)s): %(hours)s. They are taken over.",
                report.orders_missing,
                purpose=label_of(report),
                start=report.starts_at,
                end=report.ends_at,
                number=len(counts),
                hours=hours,
            ),
            fix=sentence(
                "Run the health check: it names what kept the events and the sweep "
                "from bringing them."
            ),
        )
    )


def _record_quarantined_rows(report: OrderReport) -> None:
    record(
        Entry(
            code="reports.rows_aside",
            level=Level.WARNING,
            account=report.account,
            reference=report.report_id,
            message=counted(
                "%(count)s row of the report “%(purpose)s” could not be "
                "read. Where an order's id could be, the order is fetched by "
                "itself.",
                "%(count)s rows of the report “%(purpose)s” could not be "
                "read. Where an order's id could be, the order is fetched by "
                "itself.",
                report.rows_quarantined,
                purpose=label_of(report),
            ),
            fix=sentence("Compare the days of the report with Seller Central."),
        )
    )


def _record_unread(report: OrderReport, rows: Sequence[QuarantinedRow]) -> None:
    first = rows[0]
    record(
        Entry(
            code=UNREADABLE_DETAIL,
            level=Level.WARNING,
            account=report.account,
            reference=report.report_id,
            message=counted(
                "%(count)s row of the report “%(purpose)s” was taken without "
                "a detail that cannot be read: line %(line)s (order "
                "%(order)s): %(reason)s.",
                "%(count)s rows of the report “%(purpose)s” were taken "
                "without a detail that cannot be read, such as line %(line)s "
                "(order %(order)s): %(reason)s.",
                len(rows),
                purpose=label_of(report),
                line=first.line,
                order=first.order_id,
                reason=first.reason,
            ),
            fix=sentence(
                "The orders are stored all the same; an amount that lacks stays "
                "unknown until the order is fetched."
            ),
        )
    )
