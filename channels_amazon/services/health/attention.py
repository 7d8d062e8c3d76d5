"""Reads the facts by which every page says what needs a person; services layer.

The number of queries is the same for any number of accounts, and none of them reads
more rows of an account than are counted (COUNT_CAP). Two of them, made once a process,
count and say what else there is (`counts.py`): where nothing is wrong, no other one
follows but that for our processes. What the facts mean is said by
`rules/health/attention.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from django.conf import settings
from django.db.models import OuterRef
from django.db.models.fields.json import KT

from channels_amazon.models import (
    AmazonAccount,
    HealthFinding,
    Permission,
    ReadingIssue,
    StoreEndpoint,
    SyncJob,
)
from channels_amazon.rules.health.attention import (
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
from channels_amazon.services.health import counts
from channels_amazon.services.health.counts import NOTHING, Counted, There
from channels_amazon.services.health.set_aside import unread_reports, unread_rows
from channels_amazon.services.installation import catching_up, guard
from channels_amazon.services.installation.catching_up import CatchUp
from channels_amazon.services.jobs import (
    heartbeats,
    key_holders,
    reading_issues,
    registry,
)
from channels_amazon.services.jobs.key_holders import KeyHolder
from channels_amazon.services.jobs.status import TROUBLED

Row = TypeVar("Row", SyncJob, ReadingIssue)

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
    counted = counts.counted_by_account([account.pk for account in live], now)
    in_stores = counts.counted_by_store({account.store_id for account in live}, now)
    state = guard.state()
    beats = heartbeats.beating(now)
    working = {account.pk for account in live if account.is_connected}
    troubled = _troubled_jobs(_having(There.TROUBLED_JOBS, counted) & working)
    found = _FoundByCheck.of(_having(There.FINDINGS, counted))
    rows = AttentionRows(
        accounts=by_pk,
        jobs=troubled,
        issues=_issues(_having(There.READING_ISSUES, counted)),
        missing=_missing_permissions(_having(There.MISSING_PERMISSIONS, counted)),
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
        reports=found.reports,
        endpoints=_failing_endpoints(_having(There.FAILING_ENDPOINT, in_stores)),
        lacking=key_holders.lacking(
            key_holders.holders_of(b for b in beats if not heartbeats.has_ended(b))
        ),
        to_ship={pk: one.to_ship for pk, one in counted.items()},
    )
    facts = Facts(
        accounts=_accounts(accounts, rows, found, counted, now),
        stores={
            pk: {**one.needs, Need.ENDPOINT_FAILING: int(pk in rows.endpoints)}
            for pk, one in in_stores.items()
        },
        is_paused=not state.may_work,
        is_worker_alive=any(beat.kind == Process.QUEUE for beat in beats),
        is_consumer_alive=any(beat.kind == Process.CONSUMER for beat in beats),
        is_queue_configured=bool(settings.SQS_QUEUE_URL),
        have_keys_differ=bool(rows.lacking),
    )
    return replace(rows, facts=facts)


def _having(sign: There, counted: Mapping[int, Counted]) -> set[int]:
    """Return the keys of the accounts or stores that have something of the kind."""
    return {pk for pk, one in counted.items() if sign in one.there}


def _is_stopped(account: AmazonAccount, troubled: Iterable[SyncJob]) -> bool:
    """Tell whether the account's sweep stands still, so that it reads nothing."""
    sweep = SyncJob.Kind.ORDER_SWEEP
    blocked = any(job.kind == sweep and job.blocked_code for job in troubled)
    return blocked or not account.is_connected


def counted_rows(account: AmazonAccount, now: datetime) -> dict[Need, int]:
    """Count one account's rows that need somebody, and its store's; none once ended."""
    if account.is_disconnected:
        return {}
    own = counts.counted_by_account([account.pk], now)
    shared = counts.counted_by_store([account.store_id], now)
    return {
        need: count
        for counted in (own, shared)
        for one in counted.values()
        for need, count in one.needs.items()
    }


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
    counted: Mapping[int, Counted],
    now: datetime,
) -> tuple[AccountFacts, ...]:
    unread = _report_rows(_having(There.UNREAD_REPORTS, counted), now)
    facts = []
    for account in accounts:
        if account.is_disconnected:
            facts.append(_ended(account))
            continue
        pk = account.pk
        own = counted.get(pk, NOTHING)
        jobs = rows.jobs.get(pk, [])
        blocked = sum(bool(job.blocked_code) for job in jobs)
        worse = {
            Need.AUTHORIZATION_ENDS: account.authorization_ends_at <= now,
            Need.CHECK: found.errors.get(pk, 0) > 0,
        }
        counts = {
            **own.needs,
            Need.REPORT_ROWS: unread.get(pk, 0),
            Need.JOB_BLOCKED: blocked,
            Need.JOB_FAILING: len(jobs) - blocked,
            Need.UNREAD: len(rows.issues.get(pk, [])),
            Need.SEARCH_REFUSED: int(There.REFUSED_SEARCH in own.there),
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
                is_pulling=account.is_connected and There.FIRST_PULL in own.there,
                counts=counts,
                errors=frozenset(need for need, is_so in worse.items() if is_so),
            )
        )
    return tuple(facts)


def _troubled_jobs(account_ids: Collection[int]) -> dict[int, list[SyncJob]]:
    """Return the jobs that are stopped or fail again and again; most have none."""
    if not account_ids:
        return {}
    rows = SyncJob.objects.filter(TROUBLED, account__in=account_ids)
    order = registry.kinds()
    found = sorted(
        rows, key=lambda job: order.index(job.kind) if job.kind in order else len(order)
    )
    return _by_account(found)


def _issues(account_ids: Collection[int]) -> dict[int, list[ReadingIssue]]:
    if not account_ids:
        return {}
    return _by_account(reading_issues.faults().filter(account__in=account_ids))


def _report_rows(account_ids: Collection[int], now: datetime) -> dict[int, int]:
    if not account_ids:
        return {}
    found = unread_rows(unread_reports(now).filter(account__in=account_ids))
    return {pk: one.rows for pk, one in found.items()}


def _missing_permissions(
    account_ids: Collection[int],
) -> dict[int, list[MissingPermission]]:
    if not account_ids:
        return {}
    rows = counts.missing_permissions().filter(participation__account__in=account_ids)
    found: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for pk, name, country in rows.order_by().values_list(
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


def _failing_endpoints(store_ids: Collection[int]) -> dict[int, StoreEndpoint]:
    if not store_ids:
        return {}
    rows = counts.failing_endpoints().filter(store__in=store_ids)
    return {row.store_id: row for row in rows.defer("secret").select_related("store")}


@dataclass(frozen=True, slots=True)
class _FoundByCheck:
    """What the newest health report of each account found that no row here says."""

    reports: Mapping[int, int]
    counts: Mapping[int, int]
    errors: Mapping[int, int]

    @classmethod
    def of(cls, account_ids: Collection[int]) -> _FoundByCheck:
        """Read it by one query; consequences of something else do not count."""
        reports: dict[int, int] = {}
        found: dict[int, int] = defaultdict(int)
        errors: dict[int, int] = defaultdict(int)
        for pk, report, level, code, about in _findings(account_ids):
            if (code, about) == _SILENT_QUEUE:
                continue
            reports[pk] = report
            found[pk] += 1
            errors[pk] += level == HealthFinding.Level.ERROR
        return cls(reports, found, errors)


def _findings(account_ids: Collection[int]) -> Iterable[tuple[int, int, str, str, str]]:
    if not account_ids:
        return ()
    newest = AmazonAccount.objects.filter(pk__in=account_ids).annotate(
        newest=counts.newest_report(OuterRef("pk"))
    )
    rows = counts.found_by_check().filter(report__in=newest.values("newest")).order_by()
    return rows.annotate(about=KT("evidence__about")).values_list(
        "report__account_id", "report_id", "level", "code", "about"
    )


def _by_account(rows: Iterable[Row]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.account_id].append(row)
    return found
