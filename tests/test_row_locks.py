"""Rows that others refer to are not locked for a key, unless they are deleted.

Whoever commits a new row locks, at its commit, the row that it refers to (PostgreSQL's
FOR KEY SHARE). A plain `select_for_update` of that row makes it wait, with all locks it
holds, though nobody changes the key.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db.models import Model

from channels_amazon.models import (
    Credential,
    FbaStock,
    Notification,
    OrderReport,
    QuotaBucket,
    StockLevel,
    StoreEndpoint,
)

APP = Path(settings.BASE_DIR) / "channels_amazon"
# These lock rows that nothing refers to.
PLAIN: dict[str, type[Model]] = {
    "services/amazon_client/factory.py": Credential,
    "services/amazon_client/quota_buckets.py": QuotaBucket,
    "services/mcf/commitments.py": FbaStock,
    "services/notifications/quarantine.py": Notification,
    "services/order_reports/requests.py": OrderReport,
    "services/stock/ledger.py": StockLevel,
    "services/stock/publication.py": StockLevel,
    "services/webhooks/endpoints.py": StoreEndpoint,
}
# It deletes the rows that it locks.
DELETES = "services/privacy/purge.py"


def plain_locks() -> Iterator[str]:
    """Yield the file of each `select_for_update` that locks for a key too."""
    for path in sorted(APP.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(attr="select_for_update")):
                    if all(one.arg != "no_key" for one in node.keywords):
                        yield path.relative_to(APP).as_posix()


def test_plain_locks_are_known() -> None:
    assert sorted(plain_locks()) == sorted([*PLAIN, DELETES])


@pytest.mark.parametrize("model", dict.fromkeys(PLAIN.values()))
def test_nothing_refers_to_a_row_with_a_plain_lock(model: type[Model]) -> None:
    assert model._meta.related_objects == ()
