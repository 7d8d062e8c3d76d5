"""Counts what needs a person, by statements made once a process; services layer.

One is of the accounts and one of their stores, whatever their number. Of what a page
names besides its number they say only that it is there: few accounts have any of it,
and its rows are read for those alone (`services/health/attention.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, Value

from channels_amazon.models import (
    AmazonAccount,
    HealthFinding,
    HealthReport,
    Listing,
    Order,
    Parcel,
    Permission,
    Shipment,
    StockLevel,
    Store,
    StoreEndpoint,
    SyncJob,
)
from channels_amazon.models.account import AccountQuerySet
from channels_amazon.models.prepared import GivenKeys, Prepared, given_time
from channels_amazon.models.scope import CappedCount, StoreQuerySet
from channels_amazon.rules.health.attention import FOUND_AS, Need
from channels_amazon.services.health.set_aside import (
    ownerless_parcels,
    quarantined_messages,
    unread_reports,
)
from channels_amazon.services.installation import guard
from channels_amazon.services.jobs import reading_issues, status
from channels_amazon.services.jobs.reading_issues import CODES, Cause
from channels_amazon.services.orders import refused_search

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


class There(StrEnum):
    """What an account or a store can have that a page names row by row."""

    TROUBLED_JOBS = "troubled_jobs"
    READING_ISSUES = "reading_issues"
    MISSING_PERMISSIONS = "missing_permissions"
    UNREAD_REPORTS = "unread_reports"
    FINDINGS = "findings"
    FAILING_ENDPOINT = "failing_endpoint"
    # These are told without their rows.
    FIRST_PULL = "first_pull"
    REFUSED_SEARCH = "refused_search"


@dataclass(frozen=True, slots=True)
class Counted:
    """The rows that need somebody, up to COUNT_CAP, and what else there is."""

    needs: Mapping[Need, int]
    there: frozenset[There]
    to_ship: int = 0


NOTHING = Counted({}, frozenset())


def counted_by_account(
    account_ids: Collection[int], now: datetime
) -> dict[int, Counted]:
    """Return what each account has at `now` (aware UTC), all by one query."""
    return _of_accounts().ask(account_ids, now)


def counted_by_store(store_ids: Collection[int], now: datetime) -> dict[int, Counted]:
    """Return what the accounts of each store share, all by one query."""
    return _of_stores().ask(store_ids, now)


def missing_permissions() -> QuerySet[Permission]:
    """Return the capabilities that an account lacks, a row for each country site."""
    rows: QuerySet[Permission] = Permission.objects.filter(
        state=Permission.State.MISSING
    )
    return rows


def failing_endpoints() -> QuerySet[StoreEndpoint]:
    """Return the stores' addresses that take no message."""
    rows: QuerySet[StoreEndpoint] = StoreEndpoint.objects.filter(
        is_active=True, failing_since__isnull=False
    )
    return rows


def found_by_check() -> QuerySet[HealthFinding]:
    """Return what health reports found that no row says, consequences left out."""
    rows: QuerySet[HealthFinding] = HealthFinding.objects.filter(consequence_of="")
    return rows.exclude(level=HealthFinding.Level.OK).exclude(_SAID_BY_ROWS)


def newest_report(account: Any) -> Subquery:
    """Return the key of the newest report of a query's account."""
    done = HealthReport.objects.filter(account=account, state=HealthReport.State.DONE)
    return Subquery(done.order_by("-pk").values("pk")[:1])


def _not_live() -> AccountQuerySet:
    """Return the accounts that have something to send, and are not live."""
    linked = Listing.objects.linked().filter(account=OuterRef("pk"))
    rows: AccountQuerySet = AmazonAccount.objects.not_live()
    return rows.filter(Exists(linked))


@dataclass(frozen=True, slots=True)
class _Statement:
    """A statement whose columns are the key, what is to ship, counts, and signs."""

    prepared: Prepared
    needs: tuple[Need, ...]
    signs: tuple[There, ...]

    @classmethod
    def of(
        cls,
        rows: QuerySet[Any, Any],
        counts: Mapping[Need, StoreQuerySet[Any]],
        signs: Mapping[There, QuerySet[Any, Any]],
        to_ship: Any = None,
    ) -> _Statement:
        columns = [
            Value(0) if to_ship is None else CappedCount(to_ship),
            *map(CappedCount, counts.values()),
            *(Exists(one.order_by()) for one in signs.values()),
        ]
        asked = rows.filter(pk__in=GivenKeys("keys")).order_by()
        prepared = Prepared.of(asked.values_list("pk", *columns))
        return cls(prepared, tuple(counts), tuple(signs))

    def ask(self, keys: Collection[int], now: datetime) -> dict[int, Counted]:
        """Return what each of these keys has."""
        found = {}
        for pk, to_ship, *told in self.prepared.rows(keys=keys, now=now):
            signs = told[len(self.needs) :]
            found[pk] = Counted(
                needs=dict(zip(self.needs, told, strict=False)),
                there=frozenset(
                    name for name, is_so in zip(self.signs, signs, strict=True) if is_so
                ),
                to_ship=to_ship,
            )
        return found


@cache
def _of_accounts() -> _Statement:
    now, account = given_time("now"), OuterRef("pk")
    orders = Order.objects.filter(account=account)
    shipments = Shipment.objects.filter(order__account=account)
    listings = Listing.objects.filter(account=account)
    jobs = SyncJob.objects.filter(account=account)
    return _Statement.of(
        AmazonAccount.objects.all(),
        {
            Need.LATE: orders.late(now),
            Need.DUE_SOON: orders.due_soon(now),
            Need.CANCEL_ASKED: orders.asking_to_cancel(),
            Need.UNMATCHED: orders.unmatched(),
            Need.SHORTAGE: orders.with_shortage(),
            Need.ORDER_QUARANTINED: orders.in_quarantine(),
            Need.MESSAGE_QUARANTINED: quarantined_messages().filter(account=account),
            Need.SHIPMENT_REFUSED: shipments.refused(),
            Need.NOT_SHOWN: shipments.not_shown(now),
            Need.PUSH_REFUSED: listings.push_refused(),
            Need.DRIFT: listings.drifting(),
            Need.NOT_LIVE: _not_live().filter(pk=account),
        },
        {
            There.TROUBLED_JOBS: jobs.filter(status.TROUBLED),
            There.FIRST_PULL: status.first_pull_jobs().filter(account=account),
            There.REFUSED_SEARCH: refused_search.refused_jobs().filter(account=account),
            There.READING_ISSUES: reading_issues.faults().filter(account=account),
            There.MISSING_PERMISSIONS: missing_permissions().filter(
                participation__account=account
            ),
            There.UNREAD_REPORTS: unread_reports(now).filter(account=account),
            There.FINDINGS: found_by_check().filter(
                report=newest_report(OuterRef(account))
            ),
        },
        to_ship=orders.to_ship(),
    )


@cache
def _of_stores() -> _Statement:
    now, store = given_time("now"), OuterRef("pk")
    refused = Parcel.objects.filter(state=Parcel.State.REFUSED)
    levels = StockLevel.objects.filter(variant__store=store)
    return _Statement.of(
        Store.objects.all(),
        {
            Need.PARCEL_REFUSED: refused.filter(store=store),
            Need.PARCEL_UNKNOWN: ownerless_parcels(now).filter(store=store),
            Need.BELOW_ZERO: levels.below_zero(),
        },
        {There.FAILING_ENDPOINT: failing_endpoints().filter(store=store)},
    )
