"""Which fault explains which: the first cause leads, its echoes follow; rules layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase


class Severity(StrEnum):
    """How bad a fault is, the worst first."""

    ERROR = "error"
    WARNING = "warning"
    OK = "ok"


_SEVERITIES = tuple(Severity)

# What cannot be done, or is done late, while nothing comes from Amazon or goes to it.
_SYNC = (
    "sync.no_progress",
    "queue.backlog",
    "orders.ship_late",
    "orders.gap",
)
# The road to Amazon carries everything that is asked of it.
_ROAD = (
    "installation.behind",
    "amazon.outage",
    "lwa.outage",
    "notifications.silent",
    "quota.starved",
    *_SYNC,
)
# A proxy stands before every host, a resolver knows every name: the bank's, too.
_ALL_ROADS = ("notifications.unreachable", "price.rates_stale", *_ROAD)
# Without an authorisation nothing can be asked, and Amazon ends what it sends.
_AUTHORISATION = (
    "installation.behind",
    "permission.*",
    "marketplace.*",
    "notifications.subscription_missing",
    "notifications.silent",
    "shipment.not_shown",
    "orders.ship_late",
    "orders.gap",
)
# What our own processes do not do while they, or what they need, are not there.
_WORK = (
    "queue.backlog",
    "data.retention_overdue",
    "price.rates_stale",
    "orders.ship_late",
    "orders.gap",
)

# What stands still in a paused database, or is done by another one meanwhile: jobs and
# their leases, events, confirmations and what is read back of them. What its rows say
# of themselves (a ledger, a SKU, a quarantine, a refusal) was so before the pause.
_INSTALLATION = (
    "installation.behind",
    "queue.backlog",
    "queue.worker_stuck",
    "notifications.silent",
    "orders.ship_late",
    "shipment.not_shown",
    "stock.drift",
)

# (cause, what it explains), the more basic cause first: the order is the ranking too.
EXPLAINS: tuple[tuple[str, tuple[str, ...]], ...] = (
    # This machine and this installation: nothing can be trusted that stands on them.
    ("host.disk_full", ("host.database", "queue.*", "job.failing", *_WORK)),
    ("host.database", ("queue.*", "job.failing", *_WORK)),
    ("installation.copy", _INSTALLATION),
    (
        "host.keys_differ",
        ("token.undecryptable", "token.expiring", "webhook.failing", *_AUTHORISATION),
    ),
    # A proxy stands before every host, a resolver knows every name: AWS's, too.
    ("network.dns", ("network.*", *_ALL_ROADS)),
    ("network.proxy", ("network.*", *_ALL_ROADS)),
    ("network.captive_portal", ("network.*", *_ALL_ROADS)),
    ("network.connect", ("network.*", *_ROAD)),
    ("network.tls", _ROAD),
    ("network.timeout", _ROAD),
    ("network.read", _ROAD),
    ("clock.skewed", ()),
    ("clock.not_utc", ()),
    ("client.secret_invalid", ("client.secret_expiring", *_AUTHORISATION)),
    ("token.undecryptable", ("token.expiring", *_AUTHORISATION)),
    ("token.revoked", ("token.expiring", *_AUTHORISATION)),
    ("token.foreign_client", ("token.expiring", *_AUTHORISATION)),
    ("account.wrong_region", ("amazon.access_denied", *_AUTHORISATION)),
    ("account.individual_plan", ("permission.*", "amazon.access_denied")),
    ("lwa.outage", _SYNC),
    ("amazon.outage", ("notifications.silent", *_SYNC)),
    ("token.expiring", ()),
    ("store.plan", ()),
    # The application has the role, this authorisation not yet.
    (
        "permission.reauthorize_needed",
        ("permission.*", "orders.gap", "orders.ship_late"),
    ),
    # confirmShipment needs the same role as the orders.
    (
        "permission.orders_missing",
        ("installation.behind", "orders.gap", "orders.ship_late"),
    ),
    ("permission.shipping_missing", ("permission.personal_data_missing",)),
    ("permission.*", ("orders.gap",)),
    (
        "queue.broker_unreachable",
        (
            "queue.no_worker",
            "installation.behind",
            "queue.worker_stuck",
            "queue.schedule_missing",
            "sync.no_progress",
            *_WORK,
        ),
    ),
    (
        "queue.no_worker",
        (
            "installation.behind",
            "queue.worker_stuck",
            "queue.schedule_missing",
            "sync.no_progress",
            *_WORK,
        ),
    ),
    ("queue.worker_stuck", _WORK),
    (
        "queue.schedule_missing",
        ("data.retention_overdue", "price.rates_stale", "orders.gap"),
    ),
    ("queue.backlog", ("installation.behind", "orders.gap", "orders.ship_late")),
    # Orders are read late, and no quantity is raised; packages are confirmed as ever.
    ("installation.behind", ("orders.gap", "stock.drift")),
    ("queue.*", ("orders.gap",)),
    # What cannot be read is missing; the jobs that fail by it name it themselves.
    ("sync.no_progress", ("orders.gap", "orders.ship_late")),
    ("marketplace.suspended_listings", ("marketplace.refused",)),
    # Tokens that another application spends are missing to everything that is read.
    ("quota.starved", ("queue.backlog", "orders.gap", "orders.ship_late")),
    (
        "notifications.not_configured",
        (
            "notifications.subscription_missing",
            "notifications.silent",
            "orders.gap",
        ),
    ),
    (
        "notifications.credentials",
        ("notifications.consumer_down", "notifications.silent", "orders.gap"),
    ),
    (
        "notifications.unreachable",
        ("notifications.consumer_down", "notifications.silent", "orders.gap"),
    ),
    ("notifications.consumer_down", ("notifications.silent", "orders.gap")),
    ("notifications.subscription_missing", ("notifications.silent", "orders.gap")),
    ("notifications.silent", ("orders.gap",)),
    ("stock.ledger", ("stock.below_zero", "stock.oversold")),
    ("stock.below_zero", ("stock.oversold",)),
    ("orders.set_aside", ("orders.ship_late",)),
    ("orders.gap", ()),
)

# Of an error it says that all is paused; of a warning, that another reader takes single
# events, which the sweep brings all the same: that explains nothing else.
_PAUSE = "installation.copy"

# What goes on by itself and ends by itself: nobody is needed for it while it is alone.
ENDS_BY_ITSELF = frozenset({"installation.behind"})


@dataclass(frozen=True, slots=True)
class RankedFault:
    """What a check found, as far as its rank depends on it.

    `because` is the code of another fault that the check itself blames, "" for none.
    `is_past` says that it is over, and only told.
    """

    code: str
    level: Severity
    because: str = ""
    is_past: bool = False


@dataclass(frozen=True, slots=True)
class FaultPlace:
    """Where a fault goes: its index in what was given, and its first cause's code."""

    index: int
    consequence_of: str = ""


def arrange(faults: Sequence[RankedFault]) -> list[FaultPlace]:
    """Return the faults in the order to show them: each cause, then its echoes.

    A cause is as bad as the worst that follows from it. First causes are ordered by how
    bad they are, then what burns before what is over, then what needs somebody before
    what ends by itself, then by how basic they are.
    """
    causes = {index: _root(index, faults) for index in range(len(faults))}
    trees: dict[int, list[int]] = {}
    for index, cause in causes.items():
        trees.setdefault(cause, []).append(index)
    firsts = sorted(trees, key=lambda first: _rank_of_tree(first, trees[first], faults))
    places: list[FaultPlace] = []
    for first in firsts:
        places.append(FaultPlace(first))
        echoes = [index for index in trees[first] if index != first]
        echoes.sort(key=lambda index: (*_rank(faults[index]), index))
        places += [FaultPlace(index, faults[first].code) for index in echoes]
    return places


def _root(index: int, faults: Sequence[RankedFault]) -> int:
    """Follow the causes of a fault up to the first; of a circle, take one."""
    seen = {index}
    while True:
        cause = _cause(index, faults)
        if cause is None:
            return index
        if cause in seen:
            return min(seen)
        seen.add(cause)
        index = cause


def _cause(index: int, faults: Sequence[RankedFault]) -> int | None:
    fault = faults[index]
    if fault.level is Severity.OK:
        return None
    for i, other in enumerate(faults):
        if fault.because and other.code == fault.because and i != index:
            return i
    best: tuple[int, int] | None = None
    for i, other in enumerate(faults):
        if i == index or not _may_explain(other, fault):
            continue
        # What the check blames may itself follow from something that was found.
        rows = [_explained_at(other.code, code) for code in (fault.code, fault.because)]
        found = [row for row in rows if row is not None]
        if found and (best is None or (min(found), i) < best):
            best = (min(found), i)
    return best[1] if best else None


def _may_explain(cause: RankedFault, fault: RankedFault) -> bool:
    """Tell whether the one may be behind the other at all.

    What is over explains nothing that still burns.
    """
    if cause.level is Severity.OK or cause.code == fault.code:
        return False
    if cause.code == _PAUSE and cause.level is not Severity.ERROR:
        return False
    return fault.is_past or not cause.is_past


def _explained_at(cause: str, code: str) -> int | None:
    """Return the row of the table by which `cause` explains `code`."""
    if not code:
        return None
    for row, (pattern, explained) in enumerate(EXPLAINS):
        if fnmatchcase(cause, pattern):
            hit = any(fnmatchcase(code, one) for one in explained)
            return row if hit else None
    return None


def _rank_of_tree(
    first: int, members: Sequence[int], faults: Sequence[RankedFault]
) -> tuple[int, bool, bool, int, int]:
    worst = min(_SEVERITIES.index(faults[index].level) for index in members)
    _level, is_past, row = _rank(faults[first])
    return worst, is_past, faults[first].code in ENDS_BY_ITSELF, row, first


def _rank(fault: RankedFault) -> tuple[int, bool, int]:
    rows = [
        row for row, (code, _) in enumerate(EXPLAINS) if fnmatchcase(fault.code, code)
    ]
    level = _SEVERITIES.index(fault.level)
    return level, fault.is_past, min(rows, default=len(EXPLAINS))
