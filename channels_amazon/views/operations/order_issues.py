"""Words the needs that are counted rows: orders, parcels, stock, messages; views layer.

How each is counted is said in `services/health/attention.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, ngettext_lazy

from channels_amazon.models import AmazonAccount
from channels_amazon.rules.health.attention import Need


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: what, what to do, and where."""

    level: str
    text: str
    fix: str
    link: str
    link_text: str


@dataclass(frozen=True, slots=True)
class CountWords:
    """How one need is said with its number, and the page that lists the rows."""

    text: Promise
    fix: Promise
    url_name: str
    show: str
    link_text: Promise

    def problem(self, level: str, count: int, account: AmazonAccount | None) -> Problem:
        """Return the need as a line of a page, of one account's if it is named."""
        filters = {"show": self.show} if self.show else {}
        if account is not None:
            filters["account"] = str(account.pk)
        query = f"?{urlencode(filters)}" if filters else ""
        return Problem(
            level,
            str(self.text % {"count": count}),
            str(self.fix),
            reverse(self.url_name) + query,
            str(self.link_text),
        )


COUNTED: Mapping[Need, CountWords] = {
    Need.LATE: CountWords(
        ngettext_lazy(
            "%(count)d order is past its latest ship time.",
            "%(count)d orders are past their latest ship time.",
            "count",
        ),
        gettext_lazy("Ship them first; what left already, confirm at once."),
        "amazon-shipment-board",
        "overdue",
        gettext_lazy("Late shipments"),
    ),
    Need.DUE_SOON: CountWords(
        ngettext_lazy(
            "%(count)d order must be shipped within 24 hours.",
            "%(count)d orders must be shipped within 24 hours.",
            "count",
        ),
        gettext_lazy("The board shows the most pressing first, and what hinders."),
        "amazon-shipment-board",
        "",
        gettext_lazy("Late shipments"),
    ),
    Need.CANCEL_ASKED: CountWords(
        ngettext_lazy(
            "The buyer of %(count)d order asks to cancel it.",
            "The buyers of %(count)d orders ask to cancel them.",
            "count",
        ),
        gettext_lazy(
            "Cancel in Seller Central, or decline on the order's page and ship."
        ),
        "amazon-order-list",
        "cancel",
        gettext_lazy("Buyer asks to cancel"),
    ),
    Need.SHORTAGE: CountWords(
        ngettext_lazy(
            "%(count)d order promises more units than there are.",
            "%(count)d orders promise more units than there are.",
            "count",
        ),
        gettext_lazy("Count or restock the variants, or cancel in time."),
        "amazon-order-list",
        "backorder",
        gettext_lazy("Backorders"),
    ),
    Need.UNMATCHED: CountWords(
        ngettext_lazy(
            "%(count)d order has a SKU that no variant owns: no stock is held for it.",
            "%(count)d orders have a SKU that no variant owns: no stock is held for "
            "them.",
            "count",
        ),
        gettext_lazy("Add a variant with the SKU, or link the listing."),
        "amazon-order-list",
        "unmatched",
        gettext_lazy("Orders that need a match"),
    ),
    Need.BELOW_ZERO: CountWords(
        ngettext_lazy(
            "%(count)d stock level is below zero: more units left than were counted.",
            "%(count)d stock levels are below zero: more units left than were counted.",
            "count",
        ),
        gettext_lazy("Count the variant again in the warehouse that it left from."),
        "amazon-stock-list",
        "below",
        gettext_lazy("Stock below zero"),
    ),
    Need.SHIPMENT_REFUSED: CountWords(
        ngettext_lazy(
            "Amazon refused %(count)d package.",
            "Amazon refused %(count)d packages.",
            "count",
        ),
        gettext_lazy("The order says why: correct the package, and it is sent again."),
        "amazon-shipment-board",
        "",
        gettext_lazy("Late shipments"),
    ),
    Need.NOT_SHOWN: CountWords(
        ngettext_lazy(
            "%(count)d package was accepted by Amazon and is not shown with its order.",
            "%(count)d packages were accepted by Amazon and are not shown with their "
            "orders.",
            "count",
        ),
        gettext_lazy("Open the order in Seller Central: it must not stay unshipped."),
        "amazon-shipment-board",
        "",
        gettext_lazy("Late shipments"),
    ),
    Need.PARCEL_REFUSED: CountWords(
        ngettext_lazy(
            "%(count)d parcel of the store became no package.",
            "%(count)d parcels of the store became no package.",
            "count",
        ),
        gettext_lazy("Each row says why and what to do."),
        "amazon-parcel-list",
        "refused",
        gettext_lazy("Parcels"),
    ),
    Need.PARCEL_UNKNOWN: CountWords(
        ngettext_lazy(
            "%(count)d parcel waits for an order that nobody knows.",
            "%(count)d parcels wait for orders that nobody knows.",
            "count",
        ),
        gettext_lazy("Correct the order id, or discard the parcel."),
        "amazon-parcel-list",
        "",
        gettext_lazy("Parcels"),
    ),
    Need.ORDER_QUARANTINED: CountWords(
        ngettext_lazy(
            "%(count)d order of Amazon's could not be read and is in quarantine.",
            "%(count)d orders of Amazon's could not be read and are in quarantine.",
            "count",
        ),
        gettext_lazy("Each is tried again by itself; look at it in Seller Central."),
        "amazon-quarantine-list",
        "",
        gettext_lazy("Quarantine"),
    ),
    Need.MESSAGE_QUARANTINED: CountWords(
        ngettext_lazy(
            "%(count)d message of Amazon's is in quarantine.",
            "%(count)d messages of Amazon's are in quarantine.",
            "count",
        ),
        gettext_lazy("Replay or discard them; the sweep brings the orders meanwhile."),
        "amazon-quarantine-list",
        "",
        gettext_lazy("Quarantine"),
    ),
    Need.REPORT_ROWS: CountWords(
        ngettext_lazy(
            "%(count)d row of the last day's order reports could not be read.",
            "%(count)d rows of the last day's order reports could not be read.",
            "count",
        ),
        gettext_lazy("The list of reconciliations says which report it was."),
        "amazon-reconciliation-list",
        "",
        gettext_lazy("Reconciliations"),
    ),
    Need.DRIFT: CountWords(
        ngettext_lazy(
            "Amazon goes on showing another quantity of %(count)d listing.",
            "Amazon goes on showing other quantities of %(count)d listings.",
            "count",
        ),
        gettext_lazy(
            "It accepted ours twice: look who changes it, then send ours again or "
            "take Amazon's."
        ),
        "amazon-stock-list",
        "differs",
        gettext_lazy("Show them"),
    ),
    Need.PUSH_REFUSED: CountWords(
        ngettext_lazy(
            "Amazon refused the quantity of %(count)d listing.",
            "Amazon refused the quantity of %(count)d listings.",
            "count",
        ),
        gettext_lazy("Each row says why; it is sent again by itself."),
        "amazon-stock-list",
        "refused",
        gettext_lazy("Show them"),
    ),
}
