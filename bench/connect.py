"""Connects many sellers at once, each to a store of its own; a process of the farm.

Usage: python -m bench.connect JSON, which prints the accounts' ids, where JSON is
{"sellers": [{"seller_id", "refresh_token", "skus"}]}; or: ... forget-quota.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import django

STOCK = 100_000


def main(argument: str) -> None:
    """Set Django up, then connect or forget."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shoplink.settings")
    django.setup()
    if argument == "forget-quota":
        from channels_amazon.models import QuotaBucket

        QuotaBucket.objects.all().delete()
        return
    sellers = json.loads(argument)["sellers"]
    print(json.dumps([_connect(number, row) for number, row in enumerate(sellers)]))


def _connect(number: int, granted: dict[str, Any]) -> int:
    """Make a store with the seller's SKUs and plenty of stock, and connect it."""
    from channels_amazon.models import Store
    from channels_amazon.services.accounts import going_live, subscriptions
    from channels_amazon.services.accounts.connection import AccountGrant
    from channels_amazon.services.accounts.private_app import connect_by_token
    from channels_amazon.services.catalog.product_import import (
        ImportOptions,
        import_catalogue,
    )
    from channels_amazon.storefronts.catalogue import CatalogueItem

    store = Store.objects.create(
        name=f"Farm {number}", slug=f"farm-{number}", plan=Store.Plan.FLAGSHIP
    )
    items = [
        CatalogueItem(
            line=line,
            sku=sku,
            title=sku,
            currency="USD",
            stock=STOCK,
            warehouse="Main",
        )
        for line, sku in enumerate(granted["skus"], 1)
    ]
    options = ImportOptions(actor="farm", creates_warehouses=True)
    result = import_catalogue(store, items, options)
    if result.rejected:
        raise SystemExit(str(result.rejected))
    grant = AccountGrant(
        region="na",
        seller_id=granted["seller_id"],
        name="",
        refresh_token=granted["refresh_token"],
    )
    account = connect_by_token(store, grant=grant, actor="farm")
    going_live.go_live(account, actor="farm", before_first_pull=True)
    trouble = subscriptions.subscribe(account, actor="farm")
    if trouble:
        raise SystemExit(trouble)
    return int(account.pk)


if __name__ == "__main__":
    main(sys.argv[1])
