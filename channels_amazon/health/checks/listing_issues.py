"""Does Amazon find faults with offers, or hide them? health layer."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.utils.translation import gettext_lazy

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, Level, well
from channels_amazon.health.registry import Cost, check
from channels_amazon.models import Offer
from channels_amazon.models.scope import COUNT_CAP
from channels_amazon.wording import counted, sentence

SHOWN = 10
# What Amazon does to an offer when it takes it off its pages, of its enforcements.
_HIDES = frozenset({"SEARCH_SUPPRESSED", "LISTING_SUPPRESSED", "CATALOG_ITEM_REMOVED"})


@check(
    "listing_issues",
    group="stock",
    order=4,
    title=gettext_lazy("Faults of listings"),
    cost=Cost.MANY_ROWS,
)
def run(context: CheckContext) -> list[Finding]:
    """Look at what Amazon says of the account's offers, as listings were read last."""
    offers = Offer.objects.filter(listing__account=context.account).exclude(issues=[])
    rows = offers.order_by("pk").values_list(
        "listing__seller_sku", "marketplace_id", "issues"
    )
    faulty, hidden = 0, 0
    lines: list[str] = []
    codes: Counter[str] = Counter()
    for sku, site, issues in rows[:COUNT_CAP]:
        wrong = [issue for issue in issues if _is_fault(issue)]
        if not wrong:
            continue
        faulty += 1
        hidden += any(_is_hidden(issue) for issue in wrong)
        codes.update(str(issue.get("code", "")) for issue in wrong)
        if len(lines) < SHOWN:
            lines.append(_line(sku, site, wrong[0]))
    if not faulty:
        return [well(sentence("Amazon finds no fault that keeps an offer back."))]
    return [
        Finding(
            code="listing.issues",
            level=Level.WARNING,
            cause=counted(
                "Amazon finds faults with %(count)d offer; not shown to "
                "buyers: %(hidden)d.",
                "Amazon finds faults with %(count)d offers; not shown to "
                "buyers: %(hidden)d.",
                faulty,
                hidden=hidden,
            ),
            fix=sentence(
                "Correct the field that each line names, in Seller Central under "
                "Manage all inventory, “Fix issues”. The next reading takes it over."
            ),
            fix_action="amazon-stock-list",
            evidence={
                "offers": faulty,
                "hidden": hidden,
                "issue_codes": [f"{code}: {n}" for code, n in codes.most_common(SHOWN)],
                "issues": lines,
            },
        )
    ]


def _is_fault(issue: dict[str, Any]) -> bool:
    return issue.get("severity") == "ERROR" or _is_hidden(issue)


def _is_hidden(issue: dict[str, Any]) -> bool:
    return not _HIDES.isdisjoint(issue.get("enforcements") or ())


def _line(sku: str, site: str, issue: dict[str, Any]) -> str:
    fields = ", ".join(issue.get("attributes") or ())
    place = f" [{fields}]" if fields else ""
    return f"{sku} @ {site}{place}: {issue.get('code', '')} {issue.get('message', '')}"
