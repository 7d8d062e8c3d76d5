"""The invented products of the emulator's world, in seven languages (data)."""

import csv
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "de", "fr", "it", "es", "ja", "zh")
BRAND = "Alderwick"
# GS1 keeps prefix 952 for demonstrations, so no barcode here is a real product's.
BARCODE_PREFIX = "952000"

_VARIANTS: dict[str, tuple[str, ...]] = {
    "black": ("Black", "Schwarz", "Noir", "Nero", "Negro", "ブラック", "黑色"),
    "white": ("White", "Weiß", "Blanc", "Bianco", "Blanco", "ホワイト", "白色"),
    "sage": (
        "Sage Green",
        "Salbeigrün",
        "Vert sauge",
        "Verde salvia",
        "Verde salvia",
        "セージグリーン",
        "鼠尾草绿",
    ),
    "navy": (
        "Navy",
        "Marineblau",
        "Bleu marine",
        "Blu navy",
        "Azul marino",
        "ネイビー",
        "藏青色",
    ),
    "grey": ("Grey", "Grau", "Gris", "Grigio", "Gris", "グレー", "灰色"),
    "terracotta": (
        "Terracotta",
        "Terrakotta",
        "Terre cuite",
        "Terracotta",
        "Terracota",
        "テラコッタ",
        "陶土色",
    ),
    "small": ("Small", "Klein", "Petit", "Piccolo", "Pequeño", "小", "小号"),
    "medium": ("Medium", "Mittel", "Moyen", "Medio", "Mediano", "中", "中号"),
    "large": ("Large", "Groß", "Grand", "Grande", "Grande", "大", "大号"),
    "set": (
        "Set of 3",
        "3er-Set",
        "Lot de 3",
        "Set da 3",
        "Juego de 3",
        "3点セット",
        "三件套",
    ),
}
_FACTORS = {
    "small": Decimal("0.8"),
    "large": Decimal("1.3"),
    "set": Decimal("2.4"),
}


@dataclass(frozen=True)
class DemoProduct:
    """One invented product in one variant, as its maker describes it."""

    sku: str
    asin: str
    barcode: str
    category: str
    product_type: str
    price_eur: Decimal
    titles: dict[str, str]

    def title(self, language: str) -> str:
        """Return the title in a language, in English where there is none."""
        return self.titles.get(language, self.titles["en"])


@cache
def products() -> tuple[DemoProduct, ...]:
    """Return every product, always in the same order."""
    source = Path(__file__).with_name("products.csv")
    with source.open(encoding="utf-8", newline="") as file:
        rows = [
            (row, variant)
            for row in csv.DictReader(file)
            for variant in row["variants"].split()
        ]
    return tuple(
        _product(number, row, variant) for number, (row, variant) in enumerate(rows, 1)
    )


def _product(number: int, row: dict[str, str], variant: str) -> DemoProduct:
    price = Decimal(row["price_eur"]) * _FACTORS.get(variant, Decimal(1))
    return DemoProduct(
        sku=f"ALD-{row['key']}-{variant[:3].upper()}",
        asin=f"B0EMU{number:05d}",
        barcode=_with_check_digit(f"{BARCODE_PREFIX}{number:06d}"),
        category=row["category"],
        product_type=row["product_type"],
        price_eur=price.quantize(Decimal("0.01")),
        titles={language: _title(row, variant, language) for language in LANGUAGES},
    )


def _title(row: dict[str, str], variant: str, language: str) -> str:
    word = _VARIANTS[variant][LANGUAGES.index(language)]
    if language in {"ja", "zh"}:
        return f"{BRAND} {row[language]} {word}"
    return f"{BRAND} {row[language]}, {word}"


def _with_check_digit(twelve: str) -> str:
    weighted = sum(int(digit) * (1 + 2 * (at % 2)) for at, digit in enumerate(twelve))
    return f"{twelve}{-weighted % 10}"
