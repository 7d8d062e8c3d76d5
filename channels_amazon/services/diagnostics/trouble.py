"""Says what of the logs is trouble, and how much there was lately; services layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from channels_amazon.models import ApiCall, DiagnosticEntry, SyncRun
from channels_amazon.models.scope import COUNT_CAP
from channels_amazon.services.diagnostics.export import CLOCKS, LogKind
from channels_amazon.spapi.operations import (
    EXPECTED_REFUSALS,
    UNKNOWN_ORDER,
    UNKNOWN_SKU,
    WANTED_OF_PROBES,
)

State = SyncRun.State
_EXPECTED = {
    status: frozenset(operation.name for operation in operations)
    for status, operations in EXPECTED_REFUSALS.items()
}
# A probe of a permission is answered well by being told that there is no such thing,
# and so is whoever asks whether there is one.
_ANSWER_WANTED = Q(
    reference__in=(UNKNOWN_ORDER, UNKNOWN_SKU), status__in=WANTED_OF_PROBES
)
for _status, _names in _EXPECTED.items():
    _ANSWER_WANTED |= Q(operation__in=sorted(_names), status=_status)
# Each begins as the condition of its index does (models/call.py, models/job.py): SQLite
# takes the index for no other wording.
TROUBLE: dict[LogKind, Q] = {
    LogKind.EVENTS: ~Q(level=DiagnosticEntry.Level.INFO),
    LogKind.CALLS: (Q(status__gte=300) | Q(status__isnull=True)) & ~_ANSWER_WANTED,
    # A run that waits for quota goes on by itself.
    LogKind.RUNS: ~Q(state=State.DONE)
    & Q(state__in=(State.FAILED, State.BLOCKED, State.ABANDONED)),
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """What went wrong: how often, up to COUNT_CAP, how many errors, and when last.

    Of more than are counted `errors` is how many of the newest are, or 1 where only
    older ones are.
    """

    count: int
    errors: int
    last_at: datetime | None


def is_wanted_of_probe(call: ApiCall) -> bool:
    """Tell whether Amazon refused what a probe asks for in order to be refused."""
    is_probe = call.reference in (UNKNOWN_ORDER, UNKNOWN_SKU)
    return is_probe and call.status in WANTED_OF_PROBES


def is_expected(call: ApiCall) -> bool:
    """Tell whether a refusal is an answer with which whoever asked goes on."""
    return is_wanted_of_probe(call) or call.operation in _EXPECTED.get(
        call.status or 0, ()
    )


def trouble_of(
    kind: LogKind, rows: QuerySet[Any], since: datetime | None = None
) -> Trouble:
    """Return what of `rows`, a log of `kind`, went wrong since then.

    One statement that reads COUNT_CAP rows of an index at most; where all of them are
    warnings, another one tells whether there are errors as well.
    """
    clock = CLOCKS[kind]
    wrong = rows.filter(TROUBLE[kind])
    if since is not None:
        wrong = wrong.filter(**{f"{clock}__gt": since})
    columns = (clock, "level") if kind is LogKind.EVENTS else (clock,)
    newest = wrong.order_by(f"-{clock}", "-pk").values_list(*columns)
    found = list(newest[:COUNT_CAP])
    errors = len(found)
    if kind is LogKind.EVENTS:
        errors = sum(level == DiagnosticEntry.Level.ERROR for _at, level in found)
        if len(found) == COUNT_CAP and not errors:
            errors = int(wrong.filter(level=DiagnosticEntry.Level.ERROR).exists())
    return Trouble(
        count=len(found),
        errors=errors,
        last_at=found[0][0] if found else None,
    )
