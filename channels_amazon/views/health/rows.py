"""Prepares the rows of a report for the page and the file; views layer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from channels_amazon.health.progress import LOOKED, OVER, CheckProgress, CheckState
from channels_amazon.health.registry import GROUPS, all_checks
from channels_amazon.models import (
    HealthFinding,
    HealthReport,
    translated,
    translated_packed,
)
from channels_amazon.views.local_time import local

# How evidence is called on the page; keys without a name are shown as they are.
LABELS: dict[str, Promise] = {
    "address": _("Address"),
    "all_levels_proven_at": _("All stock levels proven"),
    "aws_code": _("AWS's code"),
    "backorders": _("Backorders"),
    "begun": _("Begun"),
    "calls": _("Calls"),
    "currencies": _("Currencies"),
    "database": _("Database"),
    "draft": _("Marked as a draft"),
    "folder": _("Folder"),
    "free_megabytes": _("Free, MB"),
    "granted_calls": _("Calls granted"),
    "hidden": _("Not shown to buyers"),
    "issue_codes": _("Amazon's codes"),
    "issues": _("Faults"),
    "last_ok_at": _("Last success"),
    "levels": _("Stock levels"),
    "levels_proven": _("Stock levels proven"),
    "messages_in_quarantine": _("Messages in quarantine"),
    "migrations": _("Migrations"),
    "minutes": _("Within minutes"),
    "offers": _("Offers"),
    "oldest_at": _("Oldest since"),
    "open_orders": _("Of these open"),
    "orders_in_quarantine": _("Orders in quarantine"),
    "orders_waiting": _("Orders waiting"),
    "packages": _("Packages"),
    "parcels_of_unknown_orders": _("Parcels of unknown orders"),
    "permissions": _("Permissions"),
    "queue": _("Queue"),
    "rates_of": _("Rates of"),
    "rate_limits": _("Rates that Amazon states"),
    "refused_calls": _("Calls refused"),
    "report_rows_in_quarantine": _("Rows of reports in quarantine"),
    "seen": _("Seen as"),
    "skus": _("SKUs"),
    "subscribed_at": _("Subscribed"),
    "unmatched_orders": _("Orders with an unmatched SKU"),
    "waiting": _("Waiting"),
    "age_days": _("Days since then"),
    "amazon_code": _("Amazon's code"),
    "amazon_says": _("Amazon says"),
    "attempts": _("Attempts in a row"),
    "authorised_at": _("Authorised"),
    "command": _("Command"),
    "content_type": _("Content type"),
    "days_left": _("Days left"),
    "due_within_a_day": _("Due within 24 hours"),
    "due_jobs": _("Due jobs"),
    "ends_at": _("Ends"),
    "error": _("Error"),
    "from_host": _("From server"),
    "host": _("Host"),
    "jobs": _("Jobs"),
    "last_beat_at": _("Last sign of life"),
    "last_host": _("Last seen on"),
    "last_received_at": _("Last received"),
    "last_run_at": _("Last run"),
    "late": _("Past their time"),
    "marketplaces": _("Marketplaces"),
    "near": _("Near their time"),
    "oldest_due_at": _("Oldest due since"),
    "oldest_ship_by": _("Soonest ship-by time"),
    "operation": _("Operation"),
    "operations": _("Operations"),
    "orders": _("Orders"),
    "packages_not_confirmed": _("With a package not yet confirmed"),
    "permission": _("Permission"),
    "plan": _("Plan"),
    "read_up_to": _("Read up to"),
    "reason": _("Reason"),
    "region": _("Region"),
    "request_id": _("Request id"),
    "request_ids": _("Request ids"),
    "retry_at": _("Tried again"),
    "role": _("Role"),
    "run": _("Run"),
    "schedules": _("Schedules"),
    "seen_at": _("Seen"),
    "seller_central": _("Seller Central"),
    "settings": _("Settings"),
    "since": _("Since"),
    "skew_seconds": _("Seconds off"),
    "status": _("Answer"),
    "standing": _("Seen as"),
    "steps": _("Steps"),
    "until": _("Until"),
}
TIMES = frozenset(
    {
        "authorised_at",
        "disconnected_at",
        "ends_at",
        "last_beat_at",
        "last_ok_at",
        "last_other_message_at",
        "last_received_at",
        "oldest_at",
        "last_run_at",
        "oldest_due_at",
        "oldest_ship_by",
        "read_up_to",
        "retry_at",
        "seen_at",
        "since",
        "subscribed_at",
        "until",
    }
)
# Of a check's findings so many stand on its line; each has a place of its own anyway.
_MOST_SAID = 3
# Evidence that is not shown: the runner uses it to tell findings apart.
HIDDEN = frozenset({"about"})

ACTIONS: dict[str, Promise] = {
    "amazon-connect": _("Authorise again"),
    "amazon-exchange-rates": _("Exchange rates"),
    "amazon-go-live": _("Go live"),
    "amazon-order-list": _("Show the orders"),
    "amazon-parcel-list": _("Show the parcels"),
    "amazon-quarantine-list": _("Quarantine"),
    "amazon-reconciliation-list": _("Reconciliations"),
    "amazon-shipment-board": _("Late shipments"),
    "amazon-status": _("Connection status"),
    "amazon-stock-list": _("Stock"),
    "amazon-store-endpoint": _("Messages to the store"),
    "amazon-subscribe": _("Subscribe"),
}
POSTED = frozenset({"amazon-subscribe"})
# Pages of several accounts, most of which take the account as a filter.
OF_ACCOUNT = frozenset(
    {
        "amazon-connect",
        "amazon-exchange-rates",
        "amazon-order-list",
        "amazon-parcel-list",
        "amazon-quarantine-list",
        "amazon-reconciliation-list",
        "amazon-shipment-board",
        "amazon-stock-list",
        "amazon-store-endpoint",
    }
)
# Which part of a list shows what a finding speaks of.
SHOWS = {
    ("orders.cancel_requested", "amazon-order-list"): "cancel",
    ("parcel.refused", "amazon-parcel-list"): "refused",
    ("stock.below_zero", "amazon-stock-list"): "below",
    ("stock.push_refused", "amazon-stock-list"): "refused",
    ("orders.unmatched_sku", "amazon-order-list"): "unmatched",
    ("stock.oversold", "amazon-order-list"): "backorder",
    ("orders.set_aside", "amazon-parcel-list"): "waiting",
}

# Shape and word of a check's state on the page.
KINDS: dict[CheckState, tuple[str, Promise]] = {
    CheckState.OK: ("ok", _("Well")),
    CheckState.NOT_PROVEN: ("off", _("Not proven")),
    CheckState.WARNING: ("warning", _("Warning")),
    CheckState.ERROR: ("error", _("Error")),
    CheckState.RUNNING: ("busy", _("Checking")),
    CheckState.SKIPPED: ("off", _("Could not look")),
    CheckState.NOT_ASKED: ("off", _("Not asked this time")),
    CheckState.WAITING: ("waiting", _("Waiting")),
}


@dataclass(frozen=True, slots=True)
class Action:
    """The button that fixes a finding."""

    label: Promise
    address: str
    is_posted: bool


@dataclass(frozen=True, slots=True)
class FindingTree:
    """A first cause with what only follows from it."""

    finding: HealthFinding
    action: Action | None
    evidence: list[tuple[Any, list[str]]]
    echoes: list[FindingTree] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One check with where it stands, and what it found, right or wrong.

    `said` are the first findings' sentences, `more` is how many others there are.
    """

    id: str
    title: Promise
    kind: str
    word: Promise
    reason: str
    is_over: bool
    has_looked: bool
    said: list[str]
    more: int


@dataclass(frozen=True, slots=True)
class CheckGroup:
    """One of the parts of the health check."""

    title: Promise
    lines: list[CheckLine]


def trees(report: HealthReport, problems: Sequence[HealthFinding]) -> list[FindingTree]:
    """Return the first causes in their order, each with its echoes."""
    made: list[FindingTree] = []
    for finding in problems:
        tree = FindingTree(
            finding=finding,
            action=_action(report, finding),
            evidence=list(evidence_lines(finding.evidence or {})),
        )
        # The rows are ordered: echoes come right after their cause.
        if finding.consequence_of and made:
            made[-1].echoes.append(tree)
        else:
            made.append(tree)
    return made


def check_groups(
    report: HealthReport, findings: Iterable[HealthFinding]
) -> list[CheckGroup]:
    """Return every check by group, with its state in this report."""
    said: dict[str, list[str]] = {}
    for row in findings:
        said.setdefault(row.check_id, []).append(translated(row.cause))
    lines: dict[str, list[CheckLine]] = {group: [] for group in GROUPS}
    for check in all_checks():
        progress: CheckProgress = report.progress.get(check.id) or CheckProgress(
            state=CheckState.WAITING
        )
        state = CheckState(progress["state"])
        kind, word = KINDS[state]
        lines[check.group].append(
            CheckLine(
                id=check.id,
                title=check.title,
                kind=kind,
                word=word,
                reason=progress.get("reason", ""),
                is_over=state in OVER,
                has_looked=state in LOOKED,
                said=said.get(check.id, [])[:_MOST_SAID],
                more=max(len(said.get(check.id, [])) - _MOST_SAID, 0),
            )
        )
    return [CheckGroup(GROUPS[name], rows) for name, rows in lines.items()]


def evidence_lines(evidence: Mapping[str, Any]) -> Iterable[tuple[Any, list[str]]]:
    """Yield label and values of each piece of evidence that is there."""
    for key, value in evidence.items():
        if key in HIDDEN or value in (None, "", [], {}):
            continue
        values = value if isinstance(value, list) else [value]
        yield LABELS.get(key, key.replace("_", " ")), [_shown(key, v) for v in values]


def _shown(key: str, value: Any) -> str:
    """Return a value as people read it; times are kept as ISO texts."""
    if key in TIMES:
        return local(datetime.fromisoformat(str(value)))
    return translated_packed(str(value))


def _action(report: HealthReport, finding: HealthFinding) -> Action | None:
    name = finding.fix_action
    if name not in ACTIONS:
        return None
    if name in OF_ACCOUNT:
        address = f"{reverse(name)}?account={report.account_id}"
        if show := SHOWS.get((finding.code, name)):
            address += f"&show={show}"
    else:
        address = reverse(name, args=[report.account_id])
    return Action(ACTIONS[name], address, name in POSTED)
