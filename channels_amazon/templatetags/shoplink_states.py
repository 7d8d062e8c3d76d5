"""Tags that show a state as a word and a shape; views layer."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.translation import gettext

from channels_amazon.models import (
    AmazonAccount,
    ApiCall,
    DiagnosticEntry,
    FulfillmentOrder,
    FulfillmentPackage,
    Order,
    OrderReport,
    Parcel,
    Permission,
    Shipment,
    ShipTemplate,
    StoreOrder,
    SyncRun,
    translated,
)
from channels_amazon.rules.shipping.lateness import Urgency
from channels_amazon.services.diagnostics.trouble import is_expected, is_wanted_of_probe
from channels_amazon.services.jobs import registry
from channels_amazon.services.jobs.status import JobLine, JobState
from channels_amazon.services.orders.status_words import flags_of, status_word
from channels_amazon.services.shipping.selection import (
    PlannedOrder,
    SelectionOutcome,
)
from channels_amazon.services.shipping.template_preview import (
    PreviewOutcome,
    PreviewRow,
)
from channels_amazon.views.labels import MCF_PACKAGES
from channels_amazon.views.standstill import Standstill

# The library of `shoplink`, which adds its other tags to it.
register = template.Library()

# A state is a word and a shape, never a colour alone.
SHAPES = {
    "ok": "●",
    "busy": "◐",
    "waiting": "◷",
    "warning": "▲",
    "error": "■",
    "off": "○",
    "info": "◆",
}
ORDER_KINDS: dict[str, str] = {
    Order.Status.PENDING_AVAILABILITY: "waiting",
    Order.Status.PENDING: "waiting",
    Order.Status.UNSHIPPED: "info",
    Order.Status.PARTIALLY_SHIPPED: "busy",
    Order.Status.SHIPPED: "ok",
    Order.Status.CANCELLED: "off",
    Order.Status.UNFULFILLABLE: "error",
}
# What these say of a job holds only while jobs run at all.
_COMES_AGAIN = frozenset(
    {
        JobState.WAITING,
        JobState.RETRYING,
        JobState.LATE,
        JobState.OK,
        JobState.NEW,
    }
)
# HTTP statuses: from which on an answer is no success, and "too many requests".
FIRST_FAILURE, THROTTLED = 300, 429


@register.simple_tag
def state(kind: str, text: Any, title: Any = "") -> str:
    """Show a state as shape and word; `kind` is one of SHAPES."""
    return format_html(
        '<span class="sl-state sl-state-{}" title="{}">'
        '<span class="sl-shape" aria-hidden="true">{}</span>{}</span>',
        kind,
        title,
        SHAPES[kind],
        text,
    )


@register.simple_tag
def order_state(order: Order) -> str:
    """Show an order's status, or that Amazon ships it."""
    kind = ORDER_KINDS.get(order.status, "warning")
    if order.is_for_amazon_to_ship:
        kind = "waiting"
    return state(kind, status_word(order))


register.filter("flags", flags_of)


@register.filter
def job_title(kind: str) -> Any:
    """Return what people call the jobs of that kind."""
    return registry.title_of(kind)


@register.simple_tag
def job_state(line: JobLine, standstill: Standstill | None = None) -> str:
    """Show where a job stands; `standstill` is why no job of the account runs now."""
    if standstill is not None and line.state in _COMES_AGAIN:
        return state("waiting", standstill.word, standstill.text)
    words = {
        JobState.BLOCKED: ("error", gettext("Stopped, needs you")),
        JobState.RUNNING: ("busy", gettext("Working")),
        JobState.WAITING: ("waiting", gettext("Waiting for quota")),
        JobState.FAILING: ("warning", gettext("Fails again and again")),
        JobState.RETRYING: ("warning", gettext("Failed, will retry")),
        JobState.LATE: ("warning", gettext("Late")),
        JobState.OK: ("ok", gettext("In time")),
        JobState.NEW: ("off", gettext("Not run yet")),
    }
    return state(*words[line.state])


@register.simple_tag
def permission_state(permission: Permission, account: AmazonAccount) -> str:
    """Show what the probe of a permission said, as far as it still holds."""
    if permission.is_granted and not account.is_connected:
        # With the authorisation all that it granted has ended.
        return state("off", gettext("Was granted"))
    kinds = {
        Permission.State.GRANTED: "ok",
        Permission.State.MISSING: "error",
        Permission.State.UNKNOWN: "waiting",
    }
    kind = kinds[Permission.State(permission.state)]
    return state(kind, permission.get_state_display())


@register.simple_tag
def level_state(entry: DiagnosticEntry) -> str:
    """Show how much a log entry matters."""
    kinds = {
        DiagnosticEntry.Level.ERROR: "error",
        DiagnosticEntry.Level.WARNING: "warning",
        DiagnosticEntry.Level.INFO: "info",
    }
    kind = kinds[DiagnosticEntry.Level(entry.level)]
    return state(kind, entry.get_level_display())


@register.simple_tag
def call_state(call: ApiCall) -> str:
    """Show how Amazon answered a call."""
    if call.status is None:
        return state("error", gettext("no answer"))
    if is_wanted_of_probe(call):
        # No failure: the first line counts it for none, either.
        word = gettext("%(status)s, as a probe expects") % {"status": call.status}
        return state("ok", word)
    if is_expected(call):
        word = gettext("%(status)s, an expected answer") % {"status": call.status}
        return state("ok", word)
    well = call.status < FIRST_FAILURE
    kind = "ok" if well else "waiting" if call.status == THROTTLED else "error"
    return state(kind, call.status)


@register.simple_tag
def run_state(run: SyncRun) -> str:
    """Show how a run ended."""
    kinds = {
        SyncRun.State.RUNNING: "busy",
        SyncRun.State.DONE: "ok",
        SyncRun.State.WAITING: "waiting",
        SyncRun.State.FAILED: "warning",
        SyncRun.State.BLOCKED: "error",
        SyncRun.State.ABANDONED: "warning",
    }
    return state(kinds[SyncRun.State(run.state)], run.get_state_display())


@register.simple_tag
def report_state(report: OrderReport) -> str:
    """Show how far a report of orders is, a gap as a warning."""
    kinds = {
        OrderReport.State.READ: "ok",
        OrderReport.State.EMPTY: "ok",
        OrderReport.State.FAILED: "error",
    }
    kind = kinds.get(OrderReport.State(report.state), "waiting")
    if kind == "ok" and report.gap_order_ids:
        kind = "warning"
    return state(kind, report.get_state_display(), translated(report.error_message))


@register.simple_tag
def shipment_state(shipment: Shipment) -> str:
    """Show where a package's confirmation stands."""
    kinds = {
        Shipment.State.WAITING: "waiting",
        Shipment.State.CONFIRMED: "busy",
        Shipment.State.VERIFIED: "ok",
        Shipment.State.REFUSED: "error",
    }
    word = shipment.get_state_display()
    return state(kinds[Shipment.State(shipment.state)], word)


@register.simple_tag
def store_order_state(order: StoreOrder) -> str:
    """Show who ships a store order, and how far that is."""
    kinds: dict[str, str] = {
        StoreOrder.State.NEW: "waiting",
        StoreOrder.State.LOCAL: "info",
        StoreOrder.State.AT_AMAZON: "busy",
        StoreOrder.State.DONE: "ok",
        StoreOrder.State.CANCELLED: "off",
    }
    return state(kinds.get(order.state, "warning"), order.get_state_display())


@register.simple_tag
def fulfillment_state(placed: FulfillmentOrder) -> str:
    """Show where an MCF order stands at Amazon."""
    kinds: dict[str, str] = {
        FulfillmentOrder.State.WAITING: "waiting",
        FulfillmentOrder.State.CANCELLING: "waiting",
        FulfillmentOrder.State.COMPLETE: "ok",
        FulfillmentOrder.State.COMPLETE_PARTIAL: "warning",
        FulfillmentOrder.State.CANCELLED: "off",
        FulfillmentOrder.State.UNFULFILLABLE: "error",
        FulfillmentOrder.State.INVALID: "error",
        FulfillmentOrder.State.REFUSED: "error",
    }
    return state(kinds.get(placed.state, "busy"), placed.get_state_display())


@register.simple_tag
def mcf_package_state(package: FulfillmentPackage) -> str:
    """Show where a package of an MCF order is."""
    kind, word = MCF_PACKAGES.get(package.status, ("waiting", package.status or "–"))
    return state(kind, word)


@register.simple_tag
def parcel_state(parcel: Parcel) -> str:
    """Show what became of a parcel."""
    kinds = {
        Parcel.State.WAITING: "waiting",
        Parcel.State.APPLIED: "ok",
        Parcel.State.REFUSED: "error",
        Parcel.State.DROPPED: "off",
    }
    return state(kinds[Parcel.State(parcel.state)], parcel.get_state_display())


@register.simple_tag
def template_state(template: ShipTemplate) -> str:
    """Show whether a ship template works."""
    if template.is_active:
        return state("ok", gettext("Switched on"))
    return state("off", gettext("Switched off"))


@register.simple_tag
def urgency_state(urgency: Urgency) -> str:
    """Show how pressing an order to ship is."""
    words = {
        Urgency.OVERDUE: ("error", gettext("overdue")),
        Urgency.TODAY: ("warning", gettext("due today")),
        Urgency.RISK: ("warning", gettext("at risk")),
        Urgency.ON_TRACK: ("ok", gettext("on track")),
    }
    return state(*words[urgency])


@register.simple_tag
def preview_state(row: PreviewRow) -> str:
    """Show what a ship template would have done with an order."""
    words = {
        PreviewOutcome.SHIPS: ("ok", gettext("Would have shipped")),
        PreviewOutcome.HELD: ("warning", gettext("Held for a person")),
        PreviewOutcome.OTHER: ("off", gettext("Not this template's")),
        PreviewOutcome.AWAITS: ("waiting", gettext("Waits for its parcel")),
        PreviewOutcome.NOTHING: ("off", gettext("Nothing known")),
    }
    return state(*words[row.outcome])


@register.simple_tag
def selection_state(plan: PlannedOrder) -> str:
    """Show what would become of a chosen order, or has become of it."""
    words = {
        SelectionOutcome.SHIPS: ("ok", gettext("Would ship")),
        SelectionOutcome.SHIPPED: ("ok", gettext("Shipped here")),
        SelectionOutcome.KNOWN: ("off", gettext("Nothing to do")),
        SelectionOutcome.NO_NUMBER: ("off", gettext("Left alone")),
        SelectionOutcome.ASKS: ("warning", gettext("Asks you first")),
        SelectionOutcome.CHANGED: ("warning", gettext("Has changed")),
        SelectionOutcome.REFUSED: ("error", gettext("Would be refused")),
    }
    if plan.outcome is SelectionOutcome.SHIPS and plan.warnings:
        return state("warning", gettext("Would ship: check it"))
    return state(*words[plan.outcome])
