"""Were orders missing here that Amazon has? health layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, Level, unproven, well
from channels_amazon.health.registry import check
from channels_amazon.health.signs import Signs, Subject
from channels_amazon.models import OrderReport
from channels_amazon.services.order_reports.completeness import (
    completeness,
    fetched,
    fresh_gaps,
    gap_hours,
)
from channels_amazon.wording import counted, sentence

_MOST_IDS = 20
_MOST_HOURS = 48


def _signs(of: Subject) -> Sequence[QuerySet[Any, Any]]:
    return [fresh_gaps(of.account, of.now)]


@check(
    "order_gap",
    group="queue",
    order=8,
    title=gettext_lazy("Completeness"),
    signs=Signs(rows=_signs),
)
def run(context: CheckContext) -> list[Finding]:
    """Look at what the last day's reconciliations found missing."""
    state = completeness(context.account, context.now)
    if state.gap is not None:
        return [_gap(state.gap)]
    if state.last is None:
        return [
            unproven(
                sentence("No reconciliation of the orders was due yet."),
                next_due_at=state.next_due_at,
            )
        ]
    return [
        well(
            sentence("The last reconciliation found every order of Amazon's here."),
            purpose=state.last.purpose,
            starts_at=state.last.starts_at,
            ends_at=state.last.ends_at,
            orders=state.last.orders_seen,
            read_at=state.last.read_at,
        )
    ]


def _gap(report: OrderReport) -> Finding:
    here = fetched(report)
    hours = gap_hours(report)
    return Finding(
        code="orders.gap",
        level=Level.WARNING,
        cause=counted(
            "Amazon had %(count)d order that was missing here until "
            "%(time)s; complete now: %(fetched)d.",
            "Amazon had %(count)d orders that were missing here until "
            "%(time)s; complete now: %(fetched)d.",
            report.orders_missing,
            time=report.read_at or report.ends_at,
            fetched=here,
        ),
        fix=sentence(
            "Nothing is lost: what was missing is taken over and the rest is being "
            "fetched. Mend what is named before this, or look at the hours: what "
            "stood still then?"
        ),
        evidence={
            "about": report.report_id,
            "purpose": report.purpose,
            "starts_at": report.starts_at,
            "ends_at": report.ends_at,
            "missing": report.orders_missing,
            "fetched": here,
            "hours": {
                f"{one.hour:%Y-%m-%d %H:%M} UTC": one.count
                for one in hours[:_MOST_HOURS]
            },
            "order_ids": report.gap_order_ids[:_MOST_IDS],
        },
        is_past=here >= report.orders_missing,
    )
