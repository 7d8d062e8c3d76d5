"""Reads the facts by which every page says what needs a person; services layer.

The number of queries is the same for any number of accounts, and none of them reads
more rows of an account than are counted (COUNT_CAP). What the facts mean is said by
`rules/health/attention.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.fields.json import KT

from channels_amazon.models import (
    AmazonAccount,
    HealthFinding,
    HealthReport,
    Listing,
    Order,
    Parcel,
    Permission,
    ReadingIssue,
    Shipment,
    StockLevel,
    Store,
    StoreEndpoint,
    SyncJob,
)
from channels_amazon.models.account import AccountQuerySet
from channels_amazon.models.scope import CappedCount
from channels_amazon.rules.health.attention import (
    FOUND_AS,
    AccountFacts,
    Attention,
    Facts,
    Need,
    Needed,
    Standing,
    attention,
    shared,
)
from channels_amazon.rules.health.liveness import Process
from channels_amazon.rules.installation.behind import BehindCause
from channels_amazon.services.health.processes import is_alive
from channels_amazon.services.health.set_aside import (
    ownerless_parcels,
    quarantined_messages,
    unread_reports,
    unread_rows,
)
from channels_amazon.services.installation import catching_up, guard
from channels_amazon.services.installation.catching_up import CatchUp
from channels_amazon.services.jobs import reading_issues, registry
from channels_amazon.services.jobs.key_holders import KeyHolder, holders_lacking
from channels_amazon.services.jobs.reading_issues import CODES, Cause
from channels_amazon.services.jobs.status import FAILING_AFTER, in_first_pull
from channels_amazon.services.orders import refused_search

Row = TypeVar("Row", SyncJob, ReadingIssue)

# Of the last report: what the rows themselves say now, whether or not a check has run
# since.
_SAID_BY_ROWS = (
    Q(code__in=[code for codes in FOUND_AS.values() for code in codes])
    & ~Q(code=guard.CODE, evidence__about="reader")
    | Q(check_id="permissions", code__endswith="_missing")
    | Q(code__in=(CODES[Cause.NO_PROGRESS], CODES[Cause.FAULTY]), check_id="reading")
    # That no subscription was made. One that Amazon lost is an error.
    | Q(code="notifications.subscription_missing", level=HealthFinding.Level.WARNING)
)
# That the queue gives no sign of life, while its supervisor does. Other stuck work has
# the same code, and is known to the check alone.
_SILENT_QUEUE = ("queue.worker_stuck", "queue")


@dataclass(frozen=True, slots=True)
class MissingPermission:
    """A capability that an account lacks, with the countries where it does."""

    name: str
    countries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AttentionRows:
    """The facts, and the rows by which a page puts them into words.

    All mappings are by the account's key but `endpoints`, which is by the store's.
    `reports` is the key of the newest report that found more; `to_ship` how many orders
    wait for a parcel, which needs nobody before one of them is due.
    """

    accounts: Mapping[int, AmazonAccount]
    facts: Facts = field(default_factory=lambda: Facts(accounts=()))
    jobs: Mapping[int, list[SyncJob]] = field(default_factory=dict)
    issues: Mapping[int, list[ReadingIssue]] = field(default_factory=dict)
    missing: Mapping[int, list[MissingPermission]] = field(default_factory=dict)
    late: Mapping[int, CatchUp] = field(default_factory=dict)
    reports: Mapping[int, int] = field(default_factory=dict)
    endpoints: Mapping[int, StoreEndpoint] = field(default_factory=dict)
    lacking: Sequence[KeyHolder] = ()
    to_ship: Mapping[int, int] = field(default_factory=dict)

    def attention(self) -> Attention:
        """Return what all the accounts together need."""
        return attention(self.facts)

    def attention_of(self, account: AmazonAccount) -> Attention:
        """Return what one account needs, its store and the installation included."""
        return attention(self.facts.of(account.pk))

    def shared(self) -> frozenset[Needed]:
        """Return what several accounts have in common: it is said at each of them."""
        return shared(self.facts)


def read_attention(accounts: Sequence[AmazonAccount], now: datetime) -> AttentionRows:
    """Return the facts of these accounts at `now` (aware UTC)."""
    by_pk = {account.pk: account for account in accounts}
    live = [account for account in accounts if not account.is_disconnected]
    if not live:
        return AttentionRows(by_pk, Facts(accounts=tuple(map(_ended, accounts))))
    state = guard.state()
    troubled = _troubled_jobs(live)
    rows = AttentionRows(
        accounts=by_pk,
        jobs=troubled,
        issues=_by_account(reading_issues.faults(live)),
        missing=_missing_permissions(live),
        late={
            pk: late
            for pk, late in catching_up.catch_ups(live).items()
            # What stops a single account's sweep has its own sentence.
            if state.may_work
            and not (
                late.cause == BehindCause.NOT_READ
                and _is_stopped(by_pk[pk], troubled.get(pk, ()))
            )
        },
        endpoints=_failing_endpoints(live),
        lacking=holders_lacking(now),
    )
    found = _FoundByCheck.of(live)
    stores = {account.store_id for account in live}
    counted, to_ship = _counted(live, now)
    facts = Facts(
        accounts=_accounts(accounts, rows, found, counted, now),
        stores={
            pk: counts | {Need.ENDPOINT_FAILING: int(pk in rows.endpoints)}
            for pk, counts in _counted_in_stores(stores, now).items()
        },
        is_paused=not state.may_work,
        is_worker_alive=is_alive(Process.QUEUE, now),
        is_consumer_alive=is_alive(Process.CONSUMER, now),
        is_queue_configured=bool(settings.SQS_QUEUE_URL),
        have_keys_differ=bool(rows.lacking),
    )
    return replace(rows, facts=facts, reports=found.reports, to_ship=to_ship)


def _is_stopped(account: AmazonAccount, troubled: Iterable[SyncJob]) -> bool:
    """Tell whether the account's sweep stands still, so that it reads nothing."""
    sweep = SyncJob.Kind.ORDER_SWEEP
    blocked = any(job.kind == sweep and job.blocked_code for job in troubled)
    return blocked or not account.is_connected


def counted_rows(account: AmazonAccount, now: datetime) -> dict[Need, int]:
    """Count one account's rows that need somebody, and its store's; none once ended."""
    if account.is_disconnected:
        return {}
    own = _counted([account], now)[0][account.pk]
    return own | _counted_in_stores({account.store_id}, now)[account.store_id]


def _ended(account: AmazonAccount) -> AccountFacts:
    return AccountFacts(
        account_id=account.pk,
        store_id=account.store_id,
        standing=Standing.DISCONNECTED,
        is_subscribed=False,
    )


def _accounts(
    accounts: Sequence[AmazonAccount],
    rows: AttentionRows,
    found: _FoundByCheck,
    counted: Mapping[int, Mapping[Need, int]],
    now: datetime,
) -> tuple[AccountFacts, ...]:
    live = [account for account in accounts if not account.is_disconnected]
    unread = _report_rows(live, now)
    refused = refused_search.refused_since(live)
    pulling = {account.pk for account in in_first_pull(live)}
    facts = []
    for account in accounts:
        if account.is_disconnected:
            facts.append(_ended(account))
            continue
        pk = account.pk
        jobs = rows.jobs.get(pk, [])
        blocked = sum(bool(job.blocked_code) for job in jobs)
        worse = {
            Need.AUTHORIZATION_ENDS: account.authorization_ends_at <= now,
            Need.CHECK: found.errors.get(pk, 0) > 0,
        }
        counts = {
            **counted.get(pk, {}),
            Need.REPORT_ROWS: unread.get(pk, 0),
            Need.JOB_BLOCKED: blocked,
            Need.JOB_FAILING: len(jobs) - blocked,
            Need.UNREAD: len(rows.issues.get(pk, [])),
            Need.SEARCH_REFUSED: int(pk in refused),
            Need.PERMISSION_MISSING: len(rows.missing.get(pk, [])),
            Need.BEHIND: int(pk in rows.late),
            Need.AUTHORIZATION_ENDS: int(account.is_to_renew(now)),
            Need.CHECK: found.counts.get(pk, 0),
        }
        facts.append(
            AccountFacts(
                account_id=pk,
                store_id=account.store_id,
                standing=Standing(account.state),
                is_subscribed=bool(account.subscription_id),
                is_pulling=pk in pulling,
                counts=counts,
                errors=frozenset(need for need, is_so in worse.items() if is_so),
            )
        )
    return tuple(facts)


def _counted(
    live: Sequence[AmazonAccount], now: datetime
) -> tuple[dict[int, dict[Need, int]], dict[int, int]]:
    """Count each account's rows that need somebody, and those to ship: one query."""
    orders = Order.objects.filter(account=OuterRef("pk"))
    shipments = Shipment.objects.filter(order__account=OuterRef("pk"))
    rows = {
        Need.LATE: orders.late(now),
        Need.DUE_SOON: orders.due_soon(now),
        Need.CANCEL_ASKED: orders.asking_to_cancel(),
        Need.UNMATCHED: orders.unmatched(),
        Need.SHORTAGE: orders.with_shortage(),
        Need.ORDER_QUARANTINED: orders.in_quarantine(),
        Need.MESSAGE_QUARANTINED: quarantined_messages().filter(account=OuterRef("pk")),
        Need.SHIPMENT_REFUSED: shipments.refused(),
        Need.NOT_SHOWN: shipments.not_shown(now),
        Need.PUSH_REFUSED: Listing.objects.filter(
            account=OuterRef("pk")
        ).push_refused(),
        Need.NOT_LIVE: _not_live().filter(pk=OuterRef("pk")),
    }
    counted = AmazonAccount.objects.filter(
        pk__in=[account.pk for account in live]
    ).order_by()
    values = list(
        counted.annotate(
            n_to_ship=CappedCount(orders.to_ship()),
            **{f"n_{need}": CappedCount(one) for need, one in rows.items()},
        ).values_list("pk", "n_to_ship", *(f"n_{need}" for need in rows))
    )
    needs = {pk: dict(zip(rows, numbers, strict=True)) for pk, _n, *numbers in values}
    return needs, {pk: to_ship for pk, to_ship, *_numbers in values}


def _not_live() -> AccountQuerySet:
    """Return the accounts that have something to send, and are not live."""
    linked = Listing.objects.linked().filter(account=OuterRef("pk"))
    rows: AccountQuerySet = AmazonAccount.objects.not_live()
    return rows.filter(Exists(linked))


def _counted_in_stores(
    store_ids: Collection[int], now: datetime
) -> dict[int, dict[Need, int]]:
    """Count what the accounts of a store share, all by one query."""
    refused = Parcel.objects.filter(state=Parcel.State.REFUSED)
    shared = {
        Need.PARCEL_REFUSED: refused.filter(store=OuterRef("pk")),
        Need.PARCEL_UNKNOWN: ownerless_parcels(now).filter(store=OuterRef("pk")),
        Need.BELOW_ZERO: StockLevel.objects.below_zero().filter(
            variant__store=OuterRef("pk")
        ),
    }
    stores = Store.objects.filter(pk__in=store_ids).order_by()
    values = stores.annotate(
        **{f"n_{need}": CappedCount(one) for need, one in shared.items()}
    ).values_list("pk", *(f"n_{need}" for need in shared))
    return {pk: dict(zip(shared, numbers, strict=True)) for pk, *numbers in values}


def _troubled_jobs(live: Sequence[AmazonAccount]) -> dict[int, list[SyncJob]]:
    """Return the jobs that are stopped or fail again and again; most have none."""
    connected = [account for account in live if account.is_connected]
    rows = SyncJob.objects.filter(account__in=connected).filter(
        ~Q(blocked_code="") | Q(attempts__gte=FAILING_AFTER)
    )
    order = registry.kinds()
    found = sorted(
        rows, key=lambda job: order.index(job.kind) if job.kind in order else len(order)
    )
    return _by_account(found)


def _report_rows(live: Sequence[AmazonAccount], now: datetime) -> dict[int, int]:
    found = unread_rows(unread_reports(now).filter(account__in=live))
    return {pk: one.rows for pk, one in found.items()}


def _missing_permissions(
    live: Sequence[AmazonAccount],
) -> dict[int, list[MissingPermission]]:
    rows = Permission.objects.filter(
        participation__account__in=live, state=Permission.State.MISSING
    ).order_by()
    found: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for pk, name, country in rows.values_list(
        "participation__account_id", "name", "participation__country_code"
    ):
        found[pk][name].append(country)
    return {
        pk: [
            MissingPermission(name, tuple(sorted(names[name])))
            for name in Permission.Name.values
            if name in names
        ]
        for pk, names in found.items()
    }


def _failing_endpoints(live: Sequence[AmazonAccount]) -> dict[int, StoreEndpoint]:
    rows = StoreEndpoint.objects.filter(
        store__in={account.store_id for account in live},
        is_active=True,
        failing_since__isnull=False,
    )
    return {row.store_id: row for row in rows.defer("secret").select_related("store")}


@dataclass(frozen=True, slots=True)
class _FoundByCheck:
    """What the newest health report of each account found that no row here says."""

    reports: Mapping[int, int]
    counts: Mapping[int, int]
    errors: Mapping[int, int]

    @classmethod
    def of(cls, live: Sequence[AmazonAccount]) -> _FoundByCheck:
        """Read it by one query; consequences of something else do not count."""
        newest = HealthReport.objects.filter(
            account=OuterRef("pk"), state=HealthReport.State.DONE
        ).order_by("-pk")
        kept = AmazonAccount.objects.filter(pk__in=[one.pk for one in live]).annotate(
            newest=Subquery(newest.values("pk")[:1])
        )
        rows = (
            HealthFinding.objects.filter(
                report__in=kept.values("newest"), consequence_of=""
            )
            .exclude(level=HealthFinding.Level.OK)
            .exclude(_SAID_BY_ROWS)
            .order_by()
        )
        reports: dict[int, int] = {}
        counts: dict[int, int] = defaultdict(int)
        errors: dict[int, int] = defaultdict(int)
        for pk, report, level, code, about in rows.annotate(
            about=KT("evidence__about")
        ).values_list("report__account_id", "report_id", "level", "code", "about"):
            if (code, about) == _SILENT_QUEUE:
                continue
            reports[pk] = report
            counts[pk] += 1
            errors[pk] += level == HealthFinding.Level.ERROR
        return cls(reports, counts, errors)


def _by_account(rows: Iterable[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.account_id].append(row)
    return found
