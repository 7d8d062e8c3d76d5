"""A store's catalogue in plain values, whatever it was read from; storefronts layer."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from channels_amazon.errors import ShoplinkError


class StorefrontError(ShoplinkError):
    """The store's own system or file could not be read at all."""


@dataclass(frozen=True, slots=True)
class Text:
    """A variant's title and page address in one language; either may be empty."""

    title: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class CatalogueItem:
    """One variant as the store describes it.

    `line` is where it was read. `category` is a path such as "Kitchen > Mugs". A
    `stock` of None says nothing about stock; `warehouse` is a name or a code.
    """

    line: int
    sku: str
    title: str
    barcode: str = ""
    price: Decimal | None = None
    currency: str = ""
    category: str = ""
    stock: int | None = None
    warehouse: str = ""
    texts: tuple[tuple[str, Text], ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """One row that cannot be taken over, and why; the rest goes on."""

    line: int
    sku: str
    reason: str
