"""Puts orders, parcels and reports that need a person into sentences; views layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from channels_amazon.forms.filters import StockShow
from channels_amazon.models import (
    AmazonAccount,
    HealthFinding,
    HealthReport,
    Order,
    Shipment,
    StockLevel,
    StoreEndpoint,
    translated,
)
from channels_amazon.services.health.set_aside import SetAside, set_aside

# What the overview says by the rows themselves, whether or not a check has run since.
_SAID_HERE = Q(code__startswith="permission.", code__endswith="_missing") | Q(
    code__in=(
        "token.revoked",
        "queue.no_worker",
        "notifications.consumer_down",
        "job.failing",
        "orders.ship_late",
        "orders.set_aside",
        "orders.unmatched_sku",
        "stock.below_zero",
        "stock.oversold",
        "shipment.not_shown",
        "webhook.failing",
    )
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: what, what to do, and where."""

    level: str
    text: str
    fix: str
    link: str
    link_text: str


def set_aside_rows(accounts: Sequence[AmazonAccount], now: datetime) -> list[Problem]:
    """Return what could not be taken in, as the health check counts it."""
    found = set_aside(accounts, now)
    problems = [
        Problem(
            "error",
            ngettext(
                "%(count)d order of Amazon's could not be read and is in quarantine.",
                "%(count)d orders of Amazon's could not be read and are in quarantine.",
                found.orders,
            )
            % {"count": found.orders},
            gettext("Each is tried again by itself; look at it in Seller Central."),
            reverse("amazon-quarantine-list"),
            gettext("Quarantine"),
        ),
        Problem(
            "warning",
            ngettext(
                "%(count)d message of Amazon's is in quarantine.",
                "%(count)d messages of Amazon's are in quarantine.",
                found.messages,
            )
            % {"count": found.messages},
            gettext("Replay or discard them; the sweep brings the orders meanwhile."),
            reverse("amazon-quarantine-list"),
            gettext("Quarantine"),
        ),
        *_unread_rows(found),
    ]
    counts = (found.orders, found.messages, found.report_rows, found.parcels)
    return [one for one, count in zip(problems, counts, strict=True) if count]


def _unread_rows(found: SetAside) -> list[Problem]:
    return [
        Problem(
            "warning",
            ngettext(
                "%(count)d row of the last day's order reports could not be read.",
                "%(count)d rows of the last day's order reports could not be read.",
                found.report_rows,
            )
            % {"count": found.report_rows},
            gettext("The list of reconciliations says which report it was."),
            reverse("amazon-reconciliation-list"),
            gettext("Reconciliations"),
        ),
        Problem(
            "warning",
            ngettext(
                "%(count)d parcel waits for an order that nobody knows.",
                "%(count)d parcels wait for orders that nobody knows.",
                found.parcels,
            )
            % {"count": found.parcels},
            gettext("Correct the order id, or discard the parcel."),
            reverse("amazon-parcel-list"),
            gettext("Parcels"),
        ),
    ]


def orders(accounts: Sequence[AmazonAccount]) -> list[Problem]:
    """Return the orders that need a match, or promise more than there is."""
    orders = Order.objects.filter(account__in=accounts)
    problems = []
    if short := orders.with_shortage().capped_count():
        text = ngettext(
            "%(count)d order promises more units than there are.",
            "%(count)d orders promise more units than there are.",
            short,
        )
        problems.append(
            Problem(
                "error",
                text % {"count": short},
                gettext("Count or restock the variants, or cancel in time."),
                reverse("amazon-order-list") + "?show=backorder",
                gettext("Backorders"),
            )
        )
    if unmatched := orders.unmatched().capped_count():
        text = ngettext(
            "%(count)d order has a SKU that no variant owns: no stock is held for it.",
            "%(count)d orders have a SKU that no variant owns: no stock is held for "
            "them.",
            unmatched,
        )
        problems.append(
            Problem(
                "warning",
                text % {"count": unmatched},
                gettext("Add a variant with the SKU, or link the listing."),
                reverse("amazon-order-list") + "?show=unmatched",
                gettext("Orders that need a match"),
            )
        )
    return problems


def below_zero(accounts: Sequence[AmazonAccount]) -> list[Problem]:
    """Return the stock levels of which more left than was counted."""
    count = (
        StockLevel.objects.below_zero()
        .filter(variant__store__in={account.store_id for account in accounts})
        .capped_count()
    )
    if not count:
        return []
    text = ngettext(
        "%(count)d stock level is below zero: more units left a warehouse than were "
        "counted there.",
        "%(count)d stock levels are below zero: more units left a warehouse than were "
        "counted there.",
        count,
    )
    return [
        Problem(
            "warning",
            text % {"count": count},
            gettext(
                "Count these variants in these warehouses again, or book the units to "
                "the warehouse they left from."
            ),
            reverse("amazon-stock-list") + f"?show={StockShow.BELOW_ZERO}",
            gettext("Stock below zero"),
        )
    ]


def not_shown(accounts: Sequence[AmazonAccount], now: datetime) -> list[Problem]:
    """Return the packages that Amazon took and does not show."""
    shipments = Shipment.objects.filter(order__account__in=accounts)
    count = shipments.not_shown(now).capped_count()
    if not count:
        return []
    text = ngettext(
        "%(count)d package was accepted by Amazon and is not shown with its order.",
        "%(count)d packages were accepted by Amazon and are not shown with their "
        "orders.",
        count,
    )
    return [
        Problem(
            "warning",
            text % {"count": count},
            gettext("Open the order in Seller Central: it must not stay unshipped."),
            reverse("amazon-shipment-board"),
            gettext("Late shipments"),
        )
    ]


def endpoints(accounts: Sequence[AmazonAccount]) -> list[Problem]:
    """Return the stores whose address takes no messages."""
    failing = StoreEndpoint.objects.filter(
        store__in={account.store_id for account in accounts},
        is_active=True,
        failing_since__isnull=False,
    )
    return [
        Problem(
            "warning",
            gettext("The address of %(store)s takes no messages: %(why)s")
            % {"store": row.store, "why": translated(row.error_message)},
            gettext("What waits is sent as soon as it answers."),
            reverse("amazon-store-endpoint"),
            gettext("Messages to the store"),
        )
        for row in failing.defer("secret").select_related("store")
    ]


def last_reports(accounts: Sequence[AmazonAccount]) -> list[Problem]:
    """Return what the newest health report of each account found beyond all this."""
    newest = HealthReport.objects.filter(
        account=OuterRef("pk"), state=HealthReport.State.DONE
    ).order_by("-pk")
    reports = AmazonAccount.objects.filter(
        pk__in=[account.pk for account in accounts]
    ).annotate(newest=Subquery(newest.values("pk")[:1]))
    first_causes = HealthFinding.objects.filter(
        report__in=reports.values("newest"), consequence_of=""
    ).exclude(level=HealthFinding.Level.OK)
    counted = first_causes.exclude(_SAID_HERE).order_by("report_id")
    by_pk = {account.pk: account for account in accounts}
    return [
        Problem(
            "error" if row["worst"] else "warning",
            ngettext(
                "The last health check of %(account)s found %(count)d more thing.",
                "The last health check of %(account)s found %(count)d more things.",
                row["count"],
            )
            % {"account": by_pk[row["report__account_id"]], "count": row["count"]},
            gettext("It says what each is, and what to do."),
            reverse("amazon-health-report", args=[row["report_id"]]),
            gettext("Health check"),
        )
        for row in counted.values("report_id", "report__account_id").annotate(
            count=Count("pk"),
            worst=Count("pk", filter=Q(level=HealthFinding.Level.ERROR)),
        )
    ]
