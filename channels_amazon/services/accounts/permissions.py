"""Keeps what the permission probes said; services layer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from channels_amazon.models import (
    AmazonAccount,
    MarketplaceParticipation,
    Permission,
    SyncJob,
)
from channels_amazon.services.accounts.permission_probes import ProbeResult
from channels_amazon.services.diagnostics.entries import Entry, record
from channels_amazon.services.jobs import lifecycle
from channels_amazon.services.orders import data_sets
from channels_amazon.wording import sentence

State = Permission.State

PERMISSION_FIX = sentence(
    "Enable the role for the application in Seller Central, then authorise the "
    "account again."
)


@dataclass(frozen=True, slots=True)
class SitePermissions:
    """A marketplace and its permissions, in the order of Permission.Name.

    None stands for a permission that was never probed.
    """

    participation: MarketplaceParticipation
    permissions: list[Permission | None]


def missing_code(name: str) -> str:
    """Return the fault's code when the permission `name` is missing."""
    return f"permission.{name.replace('-', '_')}_missing"


def upsert_permissions(account: AmazonAccount, results: Iterable[ProbeResult]) -> int:
    """Store the results and return how many permissions changed.

    A probe that proved nothing leaves what was known. A permission that is there frees
    the jobs it had blocked; one that went is told of.
    """
    sites = {row.marketplace_id: row for row in account.participations.all()}
    changed = 0
    came: set[str] = set()
    gone: dict[str, ProbeResult] = {}
    found: dict[str, set[str]] = {}
    with transaction.atomic():
        for result in results:
            before, after = _store(sites[result.marketplace_id], result)
            changed += before != after
            found.setdefault(result.name, set()).add(result.state)
            if before == State.MISSING and after == State.GRANTED:
                came.add(result.name)
            elif after == State.MISSING != before:
                gone.setdefault(result.name, result)
    for result in gone.values():
        _log_missing(account, sites[result.marketplace_id], result)
    if Permission.Name.SHIPPING in came:
        data_sets.read_people_again(account)
    there = [name for name, states in found.items() if states == {State.GRANTED}]
    lifecycle.unblock_from(account, [missing_code(name) for name in there])
    return changed


def _store(site: MarketplaceParticipation, result: ProbeResult) -> tuple[str, str]:
    """Write one result; return the state before ("" for none) and after."""
    row = Permission.objects.filter(participation=site, name=result.name).first()
    before = row.state if row is not None else ""
    if result.state == State.UNKNOWN and before:
        return before, before
    Permission.objects.update_or_create(
        participation=site,
        name=result.name,
        defaults={
            "state": result.state,
            "operation": result.operation[:60],
            "status": result.status,
            "amazon_code": result.amazon_code[:80],
            "request_id": result.request_id[:80],
            "checked_at": timezone.now(),
        },
    )
    return before, result.state


def _log_missing(
    account: AmazonAccount, site: MarketplaceParticipation, result: ProbeResult
) -> None:
    record(
        Entry(
            code=missing_code(result.name),
            account=account,
            request_id=result.request_id,
            message=sentence(
                "Amazon refused the probe of %(name)s in %(site)s.",
                name=result.name,
                site=site.country_code,
            ),
            fix=PERMISSION_FIX,
        )
    )


def blocks_jobs(account: AmazonAccount) -> bool:
    """Tell whether a job of the account stands still for a missing permission."""
    codes = [missing_code(name) for name in Permission.Name.values]
    blocked = SyncJob.objects.filter(account=account, blocked_code__in=codes)
    return bool(blocked.exists())


def permission_rows(account: AmazonAccount) -> list[SitePermissions]:
    """Return each marketplace of the account with its four permissions."""
    rows = []
    for site in account.participations.prefetch_related("permissions"):
        by_name = {item.name: item for item in site.permissions.all()}
        found = [by_name.get(name) for name in Permission.Name.values]
        rows.append(SitePermissions(site, found))
    return rows
