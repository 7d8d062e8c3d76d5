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
    Completeness,
    Proof,
    completeness,
    fresh_gaps,
    told,
)
from channels_amazon.wording import sentence

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
        return [_gap(state, state.gap)]
    if state.last is None:
        return [unproven(told(state), next_due_at=state.next_due_at)]
    says = unproven if state.proof is Proof.OLD else well
    return [
        says(
            told(state),
            purpose=state.last.purpose,
            starts_at=state.last.starts_at,
            ends_at=state.last.ends_at,
            orders=state.last.orders_seen,
            missing=state.last.orders_missing,
            read_at=state.last.read_at,
        )
    ]


def _gap(state: Completeness, report: OrderReport) -> Finding:
    here = state.fetched
    return Finding(
        code="orders.gap",
        level=Level.WARNING,
        cause=told(state),
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
                for one in state.hours[:_MOST_HOURS]
            },
            "order_ids": report.gap_order_ids[:_MOST_IDS],
        },
        is_past=here >= report.orders_missing,
    )
