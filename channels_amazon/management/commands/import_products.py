"""`manage.py import_products`: takes over a catalogue file; management layer."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from channels_amazon.models import Store
from channels_amazon.rules.pasted_ids import tidy
from channels_amazon.services.catalog.product_import import (
    ImportOptions,
    ImportResult,
    import_catalogue,
)
from channels_amazon.storefronts.catalogue import StorefrontError
from channels_amazon.storefronts.csv_file import read_file

# On a terminal; the JSON names every one.
_SHOWN = 50


class Command(BaseCommand):
    """Add and update a store's variants from a CSV file."""

    help = (
        "Imports a CSV file (UTF-8) with the columns sku, title, barcode, price, "
        "currency, category, stock, warehouse, and title_xx, url_xx by language. "
        "Bad rows are reported by line; the rest is taken over."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the store, the file and what the import may do."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--store", required=True, help="The store's short name.")
        parser.add_argument(
            "--create-warehouses",
            action="store_true",
            help="Open a warehouse for each name the store does not have.",
        )
        parser.add_argument(
            "--only-new", action="store_true", help="Leave known SKUs as they are."
        )
        parser.add_argument("--json", action="store_true", help="Answer as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import the file; raises CommandError when it cannot be read at all."""
        store = find_store(options["store"])
        wanted = ImportOptions(
            actor="import_products",
            only_new=options["only_new"],
            creates_warehouses=options["create_warehouses"],
        )
        try:
            result = import_catalogue(store, read_file(options["file"]), wanted)
        except StorefrontError as error:
            raise CommandError(f"{error.message} {error.fix}".strip()) from error
        if options["json"]:
            self.stdout.write(json.dumps(asdict(result), ensure_ascii=False))
        else:
            self._tell(result)

    def _tell(self, result: ImportResult) -> None:
        self.stdout.write(
            f"{result.created} added, {result.updated} updated, {result.unchanged} "
            f"unchanged, {result.counted} counted, {len(result.rejected)} rejected."
        )
        for row in result.rejected[:_SHOWN]:
            name = f" ({row.sku})" if row.sku else ""
            self.stderr.write(f"Line {row.line}{name}: {row.reason}.")
        if len(result.rejected) > _SHOWN:
            self.stderr.write(f"… and {len(result.rejected) - _SHOWN} more.")


def find_store(name: str) -> Store:
    """Return the store with that short name or name; raises CommandError."""
    name = tidy(name)
    rows = Store.objects.filter(slug=name) or Store.objects.filter(name=name)
    found = list(rows[:2])
    if not found:
        slugs = ", ".join(Store.objects.values_list("slug", flat=True)[:20])
        raise CommandError(f"There is no store {name!r}. Stores: {slugs or 'none'}.")
    if len(found) > 1:
        raise CommandError(f"Several stores are named {name!r}: give the short name.")
    store: Store = found[0]
    return store
