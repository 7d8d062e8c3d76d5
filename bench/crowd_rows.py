"""Makes thousands of accounts of one that is connected; a process of the crowd.

Usage: python -m bench.crowd_rows COUNT TOKENS, with a file that holds the refresh
token of each new account; or: ... old-rows, for what the maintenance has to delete.

Every row of the one store is copied by the database itself: the copy's primary key,
and whatever points to it, is the original's and a multiple of STRIDE.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

# More than any table has rows of one account.
STRIDE = 1000
# Shared by all, or the story of the one account's past: an idle one needs none of it.
NOT_COPIED = {
    "accesstoken",
    "apicall",
    "auditentry",
    "clientsecret",
    "credential",
    "developerapplication",
    "diagnosticentry",
    "heartbeat",
    "installation",
    "installationhost",
    "maintenancetask",
    "quotabucket",
    "syncrun",
    "writeproof",
}
# What must differ though no foreign key does.
TOLD_APART = {
    ("store", "slug"),
    ("store", "name"),
    ("stockmovement", "idempotency_key"),
    ("amazonaccount", "subscription_id"),
}
SELLER = "A1EMULATORNA"
# The one account's seller is the second of its region, see emulator/worlds.
FIRST_NUMBER = 2
# Far beyond every retention time.
OLD = timedelta(days=400)


def main(arguments: list[str]) -> None:
    """Set Django up, then do what the arguments say."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shoplink.settings")
    django.setup()
    if arguments[0] == "old-rows":
        add_old_rows()
    else:
        multiply(int(arguments[0]), Path(arguments[1]).read_text("utf-8").split())


def multiply(count: int, tokens: Iterable[str]) -> None:
    """Copy the one account `count` times; each copy gets one of the refresh tokens."""
    _copy_all(count)
    _add_credentials(tokens)
    _spread_jobs()
    _mend_sequences()


def _models() -> list[Any]:
    from django.apps import apps

    models = apps.get_app_config("channels_amazon").get_models()
    return [model for model in models if model._meta.model_name not in NOT_COPIED]


def _copy_all(count: int) -> None:
    left = {model._meta.model_name: model for model in _models()}
    while left:
        for name, model in list(left.items()):
            targets = {
                field.related_model._meta.model_name
                for field in model._meta.concrete_fields
                if field.is_relation
            }
            if not (targets - {name}) & left.keys():
                _copy(left.pop(name), count)


def _copy(model: Any, count: int) -> None:
    """Insert `count` copies of each of the one account's rows."""
    from django.db import connection

    table = connection.ops.quote_name(model._meta.db_table)
    columns = [field.column for field in model._meta.concrete_fields]
    names = ", ".join(map(connection.ops.quote_name, columns))
    values = _expressions(model)
    chosen = ", ".join(values[column] for column in columns)
    # Only the first store's rows are originals: the copies' keys are far above.
    sql = (
        f"INSERT INTO {table} ({names}) "  # noqa: S608 - names of our own tables
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s) "
        f"SELECT {chosen} FROM {table} t CROSS JOIN n WHERE t.id < {STRIDE}"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [count])


def _expressions(model: Any) -> dict[str, str]:
    from django.db import connection

    copied = {other._meta.model_name for other in _models()}
    found = {}
    for field in model._meta.concrete_fields:
        column = f"t.{connection.ops.quote_name(field.column)}"
        points = field.is_relation and field.related_model._meta.model_name in copied
        if field.primary_key or points:
            column = f"{column} + n.i * {STRIDE}"
        elif (model._meta.model_name, field.name) in TOLD_APART:
            column = f"{column} || '-' || n.i"
        elif field.name == "seller_id":
            column = f"'{SELLER}' || (n.i + {FIRST_NUMBER})"
        found[field.column] = column
    return found


def _add_credentials(tokens: Iterable[str]) -> None:
    from channels_amazon.models import AmazonAccount, Credential

    accounts = AmazonAccount.objects.filter(pk__gte=STRIDE).order_by("pk")
    rows = [
        Credential(account=account, refresh_token=token)
        for account, token in zip(accounts, tokens, strict=True)
    ]
    Credential.objects.bulk_create(rows, batch_size=1000)


def _spread_jobs() -> None:
    """Let each job be due at a random moment of its own interval, as after a day."""
    from django.db.models import F

    from channels_amazon.models import SyncJob
    from channels_amazon.services.jobs import registry

    for job in SyncJob.objects.filter(pk__lt=STRIDE):
        _spread(job, registry.get(job.kind).interval)
        ahead = registry.head_start(job.kind)
        SyncJob.objects.filter(kind=job.kind).update(rank=F("due_at") - ahead)
    # The look at the one account was just now: its copies need not rest after it.
    SyncJob.objects.filter(kind=SyncJob.Kind.HEALTH).update(cursor={})


def _spread(job: Any, interval: timedelta) -> None:
    from django.db import connection

    seconds = interval.total_seconds()
    if connection.vendor == "postgresql":
        due = "now() + random() * interval '1 second' * %s"
    else:
        chance = "(random() / 18446744073709551616.0 + 0.5)"
        form = "%%Y-%%m-%%d %%H:%%M:%%f"
        # Six digits, as Django writes them: the texts are compared as they are.
        due = f"strftime('{form}000', 'now', ({chance} * %s) || ' seconds')"
    table = connection.ops.quote_name(job._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET due_at = {due}, rank = NULL WHERE kind = %s",  # noqa: S608
            [seconds, job.kind],
        )


def _mend_sequences() -> None:
    """Let new rows be numbered after the copies."""
    from django.core.management.color import no_style
    from django.db import connection

    statements = connection.ops.sequence_reset_sql(no_style(), _models())
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def add_old_rows() -> None:
    """Give each store a delivered order with personal data, and a log row, too old."""
    from django.utils import timezone

    from channels_amazon.models import (
        AmazonAccount,
        DiagnosticEntry,
        Order,
        OrderPersonalData,
    )

    then = timezone.now() - OLD
    accounts = list(AmazonAccount.objects.order_by("pk"))
    orders = Order.objects.bulk_create(
        [
            Order(
                account=account,
                amazon_order_id=f"OLD-{account.pk}",
                status=Order.Status.SHIPPED,
                fulfilled_by=Order.FulfilledBy.MERCHANT,
                ordered_at=then,
                shipped_at=then,
                delivered_at=then,
                completed_at=then,
            )
            for account in accounts
        ],
        batch_size=1000,
    )
    OrderPersonalData.objects.bulk_create(
        [
            OrderPersonalData(
                order=order, store_id=order.account.store_id, received_at=then
            )
            for order in orders
        ],
        batch_size=1000,
    )
    DiagnosticEntry.objects.bulk_create(
        [
            DiagnosticEntry(
                store_id=account.store_id,
                account=account,
                at=then,
                code="bench.old",
                level=DiagnosticEntry.Level.INFO,
                message="Too old.",
            )
            for account in accounts
        ],
        batch_size=1000,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
