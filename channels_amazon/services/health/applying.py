"""Applies what a health check saw to the account and its jobs; services layer.

A check changes nothing; whoever ran the checks hands what they saw in here, so that the
account's card, the overview and the jobs say at once what the report says. What Amazon
proved by its answers is taken over, in both directions: a lost authorisation stops the
account, and what works again is taken back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from channels_amazon.models import AmazonAccount, Permission, SyncJob
from channels_amazon.services.accounts import connection
from channels_amazon.services.accounts.permission_probes import ProbeResult
from channels_amazon.services.accounts.permissions import upsert_permissions
from channels_amazon.services.amazon_client.authorization import note_accepted
from channels_amazon.services.diagnostics.entries import entry_for, record
from channels_amazon.services.jobs import lifecycle
from channels_amazon.spapi.errors import AuthorizationLost

State = AmazonAccount.State

# Amazon's own word that the authorisation is over. A token that no key opens is a fault
# of this host, and says nothing of Amazon.
LOST = frozenset({"token.revoked", "token.foreign_client"})
# What a new access token that opens the region disproves.
DISPROVED_BY_TOKEN = frozenset(
    {*LOST, "token.undecryptable", "client.secret_invalid", "account.wrong_region"}
)
# What is disproved where every capability is open; upsert_permissions itself frees what
# waited for one of them.
DISPROVED_BY_ALL = DISPROVED_BY_TOKEN | {"amazon.access_denied"}


@dataclass(frozen=True, slots=True)
class ObservedAccount:
    """What the checks of one report saw of an account at Amazon.

    `authorized_at` names the authorisation that they tried: what is said of it says
    nothing of a later one. `lost` is why Amazon no longer accepts it; `is_open` that
    it gave a token, with which the region's operations answer. `permissions` holds a
    result for each site and capability that was probed; `sites_differ` says that Amazon
    lists other country sites than our rows.
    """

    authorized_at: datetime
    lost: AuthorizationLost | None = None
    is_open: bool = False
    permissions: tuple[ProbeResult, ...] = ()
    sites_differ: bool = False


def apply_findings(account: AmazonAccount, seen: ObservedAccount) -> None:
    """Bring account, permissions and jobs to what was seen; do nothing if it is old."""
    if seen.lost is not None:
        if seen.lost.code in LOST:
            _lose(account, seen, seen.lost)
        return
    if not seen.is_open or not _regain(account, seen):
        return
    known = set(account.participations.values_list("marketplace_id", flat=True))
    results = [one for one in seen.permissions if one.marketplace_id in known]
    upsert_permissions(account, results)
    disproved = DISPROVED_BY_ALL if _are_all_open(results) else DISPROVED_BY_TOKEN
    lifecycle.unblock_from(account, disproved)
    if seen.sites_differ:
        lifecycle.wake(account.pk, SyncJob.Kind.PARTICIPATIONS)


def _lose(
    account: AmazonAccount, seen: ObservedAccount, error: AuthorizationLost
) -> None:
    with transaction.atomic():
        if not _is_same(account, seen) or not account.is_connected:
            return
        connection.lose_authorization(account, code=error.code, message=error.message)
        record(entry_for(error, account=account))


def _regain(account: AmazonAccount, seen: ObservedAccount) -> bool:
    """Connect an account again that was stopped for what is not so.

    Nobody has to authorise anew what Amazon accepts as it is. False where the account
    changed since it was looked at.
    """
    with transaction.atomic():
        if not _is_same(account, seen):
            return False
        if note_accepted(account.pk):
            account.state, account.state_code = State.CONNECTED, ""
        return account.is_connected


def _is_same(account: AmazonAccount, seen: ObservedAccount) -> bool:
    """Lock the account; tell whether its authorisation is the one that was tried."""
    # Not for a key: a run of the account may hold a job that we block or free, and its
    # row, which refers to the account, must still be committed.
    rows = AmazonAccount.objects.select_for_update(no_key=True).filter(pk=account.pk)
    row = rows.first()
    if row is None or row.authorized_at != seen.authorized_at:
        return False
    account.state, account.state_code = row.state, row.state_code
    return not account.is_disconnected


def _are_all_open(results: list[ProbeResult]) -> bool:
    """Tell whether every capability is open in every site."""
    is_open = all(one.state == Permission.State.GRANTED for one in results)
    return is_open and {one.name for one in results} == set(Permission.Name.values)
