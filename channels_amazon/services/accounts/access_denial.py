"""Finds out what Amazon's refusal of an operation (403) means; services layer.

A refusal is ambiguous: the role may be missing, or Amazon, a gateway or a firewall may
have had a bad minute. So the permission is probed before anybody is told that it is
missing, with a few calls of other operations that have plenty of quota.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from channels_amazon.models import AmazonAccount, Permission
from channels_amazon.services.accounts.permission_probes import combined, probe
from channels_amazon.services.accounts.permissions import upsert_permissions
from channels_amazon.services.amazon_client.quota_buckets import DatabaseBuckets
from channels_amazon.spapi.client import SpApiClient

State = Permission.State

# What a probe said counts for so long: jobs that are refused at the same time share it.
PROBE_PAUSE = timedelta(minutes=1)


def look_into(account: AmazonAccount, client: SpApiClient, permission: str) -> str:
    """Return whether the permission is missing, granted or unknown, as probed now.

    Within PROBE_PAUSE the last probe's answer is returned, also if another process
    asked. Stores what it finds. Raises what makes every probe moot, as `probe` does.
    """
    if not _may_probe(account, permission):
        return _as_known(account, permission)
    sites = account.participations.filter(is_participating=True, is_selected=True)
    ids = list(sites.order_by("country_code").values_list("marketplace_id", flat=True))
    answers = probe(client, ids, (permission,))
    upsert_permissions(account, [one for id_ in ids for one in combined(answers, id_)])
    return _together({answer.state for answer in answers})


def _may_probe(account: AmazonAccount, permission: str) -> bool:
    """Tell, once in PROBE_PAUSE for all processes, whether to ask Amazon.

    It is a bucket that holds one token, so that two who ask at once are told apart.
    """
    rate = 1 / PROBE_PAUSE.total_seconds()
    subject = f"probe:{account.pk}"
    return DatabaseBuckets().take(subject, permission, rate, 1).granted


def _as_known(account: AmazonAccount, permission: str) -> str:
    rows = Permission.objects.filter(
        participation__account=account,
        participation__is_participating=True,
        participation__is_selected=True,
        name=permission,
        checked_at__gt=timezone.now() - 2 * PROBE_PAUSE,
    )
    return _together(set(rows.values_list("state", flat=True)))


def _together(states: set[str]) -> str:
    """Return one state for all sites: missing outweighs, and granted must be all."""
    if State.MISSING in states:
        return State.MISSING
    return State.GRANTED if states == {State.GRANTED} else State.UNKNOWN
