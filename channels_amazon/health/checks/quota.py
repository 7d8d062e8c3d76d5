"""Does another application spend this account's quota? health layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, Level, well
from channels_amazon.health.registry import check
from channels_amazon.health.signs import Signs, Subject
from channels_amazon.models import ApiCall
from channels_amazon.wording import sentence

LOOK_BACK = timedelta(hours=1)
# The newest calls to look at: the cost is the same however busy the account is.
MOST_CALLS = 1000
# Three refusals are how a limit is learnt that Amazon set lower; more in an hour, and
# more than a few in a thousand, are tokens that somebody else took.
ENOUGH = 5
LEAST_SHARE = 0.02
REFUSED = 429


def _sent(account: Any, now: Any) -> QuerySet[ApiCall]:
    """Return the last calls for each of which our own count had a token left."""
    sent: QuerySet[ApiCall] = ApiCall.objects.filter(
        account=account, started_at__gte=now - LOOK_BACK, tokens_left__isnull=False
    )
    return sent


def _signs(of: Subject) -> Sequence[QuerySet[Any, Any]]:
    return [_sent(of.account, of.now).filter(status=REFUSED)]


@check(
    "quota",
    group="queue",
    order=9,
    title=gettext_lazy("Quota"),
    signs=Signs(rows=_signs),
)
def run(context: CheckContext) -> list[Finding]:
    """Count Amazon's answers 429 to calls for which our own count had a token left."""
    calls = _sent(context.account, context.now)
    rows = list(
        calls.order_by("-pk").values_list("operation", "status", "rate_limit")[
            :MOST_CALLS
        ]
    )
    refused = Counter(name for name, status, _rate in rows if status == REFUSED)
    made = Counter(name for name, status, _rate in rows if status != REFUSED)
    starved = {
        name: n
        for name, n in refused.most_common()
        if n >= ENOUGH and n >= LEAST_SHARE * (n + made[name])
    }
    if not starved:
        return [
            well(
                sentence("Amazon grants the calls that the quota allows."),
                calls=len(rows),
                refused=sum(refused.values()),
            )
        ]
    rates = {name: rate for name, _status, rate in reversed(rows) if rate}
    return [
        Finding(
            code="quota.starved",
            level=Level.WARNING,
            cause=sentence(
                "Amazon refuses %(operations)s for quota that we have not used: "
                "another application of this account seems to share it.",
                operations=", ".join(starved),
            ),
            fix=sentence(
                "In Seller Central under Apps and Services, Manage Your Apps, look "
                "which other application reads this account, and have it read less."
            ),
            evidence={
                "refused_calls": [f"{name}: {n}" for name, n in starved.items()],
                "granted_calls": [f"{name}: {made[name]}" for name in starved],
                "rate_limits": [
                    f"{name}: {rates[name]:g}/s" for name in starved if name in rates
                ],
                "minutes": LOOK_BACK // timedelta(minutes=1),
            },
        )
    ]
