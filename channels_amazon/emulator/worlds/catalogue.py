"""The independent store's own catalogue, matching the emulator's listings (data).

The store sells what the Amazon sellers sell, under the same SKUs, apart from a few
rows on either side that must be found by a person: the store spells some SKUs in
another way and has some products that Amazon does not know.
"""

import csv
import random
from pathlib import Path
from typing import TextIO

from ..model.titles import LANGUAGES, DemoProduct, products

COLUMNS = (
    "sku",
    *(f"title_{language}" for language in LANGUAGES),
    "barcode",
    "price",
    "currency",
    "category",
    "stock",
    "warehouse",
    *(f"url_{language}" for language in LANGUAGES),
)
STORE_URL = "https://alderwick.example"
WAREHOUSES = ("Hamburg", "Leipzig")
# Every 17th product has its SKU spelt differently in the store, to try SKU matching.
RESPELT_EVERY = 17
# Every 23rd product is missing in the store: it is sold on Amazon only.
AMAZON_ONLY_EVERY = 23
STORE_ONLY = (
    ("ALD-GIFT-25", "Gift Card 25"),
    ("ALD-GIFT-50", "Gift Card 50"),
    ("ALD-WRAP", "Gift Wrapping"),
)


def store_catalogue(seed: int = 1) -> list[dict[str, str]]:
    """Return the store's products as rows with the keys of `COLUMNS`."""
    rng = random.Random(f"catalogue:{seed}")
    rows = [
        _row(number, product, rng)
        for number, product in enumerate(products(), 1)
        if number % AMAZON_ONLY_EVERY
    ]
    return rows + [_store_only_row(sku, title) for sku, title in STORE_ONLY]


def write_catalogue(file: TextIO, seed: int = 1) -> int:
    """Write the catalogue as CSV and return the number of rows."""
    rows = store_catalogue(seed)
    writer = csv.DictWriter(file, COLUMNS)
    writer.writeheader()
    writer.writerows(rows)
    return len(rows)


def write_catalogue_file(path: Path, seed: int = 1) -> int:
    """Write the catalogue to a file (UTF-8) and return the number of rows."""
    with path.open("w", encoding="utf-8", newline="") as file:
        return write_catalogue(file, seed)


def _row(number: int, product: DemoProduct, rng: random.Random) -> dict[str, str]:
    sku = product.sku
    if not number % RESPELT_EVERY:
        sku = sku.lower().replace("-", "_")
    return {
        "sku": sku,
        **{f"title_{language}": product.titles[language] for language in LANGUAGES},
        "barcode": product.barcode,
        "price": str(product.price_eur),
        "currency": "EUR",
        "category": product.category,
        "stock": str(rng.randint(0, 6) if not number % 11 else rng.randint(8, 90)),
        "warehouse": WAREHOUSES[number % len(WAREHOUSES)],
        **{f"url_{language}": _url(language, product.sku) for language in LANGUAGES},
    }


def _store_only_row(sku: str, title: str) -> dict[str, str]:
    return {
        "sku": sku,
        **{f"title_{language}": "" for language in LANGUAGES},
        "title_en": title,
        "barcode": "",
        "price": "25.00",
        "currency": "EUR",
        "category": "Services",
        "stock": "100",
        "warehouse": WAREHOUSES[0],
        **{f"url_{language}": _url(language, sku) for language in LANGUAGES},
    }


def _url(language: str, sku: str) -> str:
    return f"{STORE_URL}/{language}/products/{sku.lower()}"
