"""The filters of the diagnostic logs, one for each kind of log; forms layer."""

from __future__ import annotations

from typing import Any, assert_never

from django import forms
from django.db.models import Q, QuerySet, TextChoices
from django.utils.translation import gettext_lazy as _

from channels_amazon.forms.filters import ANY, LogFilter
from channels_amazon.models import ApiCall, DiagnosticEntry, SyncRun
from channels_amazon.services.diagnostics.export import LogKind
from channels_amazon.services.diagnostics.trouble import TROUBLE
from channels_amazon.services.jobs import registry

# What went wrong, whichever way, as `result` says it in the address.
WRONG = "trouble"


class EventFilter(LogFilter):
    """The filter of what happened, told for people."""

    model = DiagnosticEntry
    time_field = "at"

    result = forms.ChoiceField(
        label=_("Level"),
        required=False,
        choices=[
            ANY,
            (WRONG, _("errors and warnings")),
            *DiagnosticEntry.Level.choices,
        ],
    )

    def narrow_own(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow by the search: it finds a code, a reference or a request id."""
        if terms := self.terms():
            named = Q(reference__in=terms) | Q(code__in=terms)
            rows = rows.filter(named | Q(request_id__in=terms))
        return rows

    def narrow_result(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow by level; `trouble` means errors and warnings."""
        level = self.chosen("result")
        if level == WRONG:
            return rows.filter(TROUBLE[LogKind.EVENTS])
        return rows.filter(level=level) if level else rows


class CallResult(TextChoices):
    """What became of a request to Amazon, by what `result` says in the address."""

    ANY = "", _("any")
    SUCCEEDED = "ok", _("succeeded")
    FAILED = "failed", _("failed")
    OVER_QUOTA = "429", _("429, over quota")
    REFUSED = "4xx", _("4xx, refused")
    AMAZON_FAULT = "5xx", _("5xx, Amazon's fault")
    NO_ANSWER = "none", _("no answer")


class CallFilter(LogFilter):
    """The filter of the requests sent to Amazon."""

    model = ApiCall
    time_field = "started_at"

    result = forms.ChoiceField(
        label=_("Status"), required=False, choices=CallResult.choices
    )
    operation = forms.CharField(label=_("Operation"), required=False, max_length=60)
    marketplace = forms.ChoiceField(label=_("Marketplace"), required=False)

    def narrow_own(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow by operation and place; the search finds what a call was about."""
        if operation := self.chosen("operation"):
            rows = rows.filter(operation=operation)
        if marketplace := self.chosen("marketplace"):
            rows = rows.filter(marketplace_id=marketplace)
        if terms := self.terms():
            rows = rows.filter(Q(reference__in=terms) | Q(request_id__in=terms))
        return rows

    def narrow_result(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow by Amazon's answer."""
        return rows.filter(_answered(CallResult(self.chosen("result"))))


class RunFilter(LogFilter):
    """The filter of the runs of the sync jobs."""

    model = SyncRun
    time_field = "started_at"

    result = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[ANY, (WRONG, _("did not end well")), *SyncRun.State.choices],
    )
    operation = forms.ChoiceField(
        label=_("Job"), required=False, choices=lambda: [ANY, *registry.choices()]
    )

    def narrow_own(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow by job; the search finds the code a run ended with."""
        if kind := self.chosen("operation"):
            rows = rows.filter(kind=kind)
        if terms := self.terms():
            rows = rows.filter(code__in=terms)
        return rows

    def narrow_result(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow by state; `trouble` means all that did not end well."""
        state = self.chosen("result")
        if state == WRONG:
            return rows.filter(TROUBLE[LogKind.RUNS])
        return rows.filter(state=state) if state else rows


LOG_FILTERS: dict[LogKind, type[LogFilter]] = {
    LogKind.EVENTS: EventFilter,
    LogKind.CALLS: CallFilter,
    LogKind.RUNS: RunFilter,
}


def _answered(result: CallResult) -> Q:
    match result:
        case CallResult.ANY:
            return Q()
        case CallResult.SUCCEEDED:
            return Q(status__range=(200, 299))
        case CallResult.FAILED:
            return TROUBLE[LogKind.CALLS]
        case CallResult.OVER_QUOTA:
            return Q(status=429)
        case CallResult.REFUSED:
            return Q(status__range=(400, 499))
        case CallResult.AMAZON_FAULT:
            return Q(status__gte=500)
        case CallResult.NO_ANSWER:
            return Q(status__isnull=True)
        case _:
            assert_never(result)
