"""The report of all listings: its columns, and what a row says."""

from __future__ import annotations

import csv
import gzip
import re

import pytest

from channels_amazon.emulator.reports.listing_file import ALL_LISTINGS, COLUMNS
from channels_amazon.emulator.server import Emulator
from tests.emulator.feeds.scene import ask_store
from tests.emulator.listings.scene import some_listing
from tests.emulator.operations.scene import ask, made

from ..caller import CA, DE, US, Caller, sign_in


def rows(caller: Caller, *sites: str) -> dict[str, dict[str, str]]:
    """Return the rows of a report by SKU."""
    report = made(caller, reportType=ALL_LISTINGS, marketplaceIds=list(sites))
    path = f"/reports/2021-06-30/documents/{report['reportDocumentId']}"
    stored = ask_store(caller.emulator, "GET", caller.get(path).json["url"])
    lines = gzip.decompress(stored.content).decode().splitlines()
    found = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    return {row["seller-sku"]: row for row in found}


def test_report_without_its_role_is_forbidden(emulator: Emulator) -> None:
    emulator.control("roles", only=["Finance and Accounting"])

    assert ask(sign_in(emulator), reportType=ALL_LISTINGS).status == 403


def test_row_shows_the_merchants_listing(emulator: Emulator) -> None:
    listing = some_listing(emulator)
    row = rows(sign_in(emulator), US)[listing.sku]

    assert tuple(row) == COLUMNS
    assert (row["quantity"], row["price"]) == (
        str(listing.quantity),
        str(listing.offers[US].price),
    )
    assert (row["fulfillment-channel"], row["status"]) == ("DEFAULT", "Active")
    assert (row["asin1"], row["item-name"]) == (
        listing.asin,
        listing.offers[US].title,
    )


def test_row_of_amazons_stock_has_no_quantity(emulator: Emulator) -> None:
    listing = some_listing(emulator, is_fba=True)
    row = rows(sign_in(emulator), US)[listing.sku]

    assert (row["fulfillment-channel"], row["quantity"]) == ("AMAZON_NA", "")


def test_row_of_what_cannot_be_bought_is_inactive(emulator: Emulator) -> None:
    listing = some_listing(emulator)
    emulator.control("stock", sku=listing.sku, quantity=0)

    row = rows(sign_in(emulator), US)[listing.sku]

    assert (row["status"], row["quantity"]) == ("Inactive", "0")


@pytest.mark.parametrize(
    ("region", "site", "form"),
    [
        ("na", US, r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d P[SD]T"),
        ("eu", DE, r"\d\d/\d\d/\d{4} \d\d:\d\d:\d\d CES?T"),
    ],
)
def test_date_names_the_zone_of_its_marketplace(
    emulator: Emulator, region: str, site: str, form: str
) -> None:
    found = rows(sign_in(emulator, region), site)

    assert found
    assert all(re.fullmatch(form, row["open-date"]) for row in found.values())


def test_only_the_first_marketplace_counts(emulator: Emulator) -> None:
    listing = some_listing(emulator)
    del listing.offers[CA]

    assert listing.sku in rows(sign_in(emulator), US, CA)
    assert listing.sku not in rows(sign_in(emulator), CA, US)


def test_columns_come_and_go(emulator: Emulator) -> None:
    emulator.control("reports", sparse=True, extra_column=True)

    found = next(iter(rows(sign_in(emulator), US).values()))

    assert not {"status", "asin1", "image-url"} & set(found)
    assert "Minimum order quantity" in found
