"""Takes over a store's own catalogue; services layer."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from channels_amazon.models import (
    AmazonAccount,
    Category,
    Product,
    StockMovement,
    Store,
    Translation,
    Variant,
    Warehouse,
)
from channels_amazon.services.catalog import listings
from channels_amazon.services.stock import ledger
from channels_amazon.services.stock.publication import refresh_product
from channels_amazon.storefronts.catalogue import CatalogueItem, Rejected
from channels_amazon.wording import Sentence, sentence

# A warehouse code and a category's name have room for this much.
_LONGEST_CODE = 50
_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """What an import may do beside adding and updating variants.

    `only_new` leaves every variant alone that the store has already;
    `creates_warehouses` opens a warehouse for each new name.
    """

    actor: str = ""
    only_new: bool = False
    creates_warehouses: bool = False


@dataclass(slots=True)
class ImportResult:
    """How many variants were added and updated, and the rows that were not taken."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    counted: int = 0
    rejected: list[Rejected] = field(default_factory=list)


class _Unacceptable(Exception):
    """One row cannot be taken over, for a reason that the store's rows give."""

    def __init__(self, reason: Sentence) -> None:
        super().__init__(reason)
        self.reason = reason


def import_catalogue(
    store: Store, items: Iterable[CatalogueItem | Rejected], options: ImportOptions
) -> ImportResult:
    """Take over the items one by one, then link new SKUs to Amazon's listings.

    Each is a short transaction: an import that breaks off can simply be repeated. A
    row that cannot be taken is reported, and the rest goes on. A stock figure is a
    count: the level becomes what the row says.
    """
    work = _Import(store, options)
    result = work.result
    for item in items:
        if isinstance(item, Rejected):
            result.rejected.append(item)
            continue
        try:
            with transaction.atomic():
                work.take(item)
        except _Unacceptable as error:
            result.rejected.append(Rejected(item.line, item.sku, error.reason))
    if result.created:
        accounts = AmazonAccount.objects.not_disconnected()
        for account in accounts.filter(store=store):
            listings.link_by_sku(account)
    return result


class _Import:
    """One import: the store's categories and warehouses, and what was done so far."""

    def __init__(self, store: Store, options: ImportOptions) -> None:
        self.store = store
        self.options = options
        self.result = ImportResult()
        self._key = uuid.uuid4().hex

    def take(self, item: CatalogueItem) -> None:
        """Add or update one variant; raises _Unacceptable."""
        variant = self._variants().filter(sku=item.sku).first()
        if variant is not None and self.options.only_new:
            self.result.unchanged += 1
            return
        warehouse = self._warehouse(item) if item.stock is not None else None
        is_new = variant is None
        is_changed = False
        if variant is None:
            variant = self._create(item)
        else:
            is_changed = self._update(variant, item)
        is_changed = self._translate(variant, item) or is_changed
        if warehouse is not None and item.stock is not None:
            ledger.set_on_hand(
                variant,
                warehouse,
                item.stock,
                actor=self.options.actor,
                key=f"import:{self._key}:{variant.pk}:{warehouse.pk}",
                reason=StockMovement.Reason.IMPORT,
            )
            self.result.counted += 1
        if is_new:
            self.result.created += 1
        elif is_changed:
            self.result.updated += 1
        else:
            self.result.unchanged += 1

    def _variants(self) -> Any:
        rows = Variant.objects.filter(store=self.store)
        return rows.select_related("product__category")

    def _create(self, item: CatalogueItem) -> Variant:
        product = Product.objects.create(
            store=self.store, title=item.title, category=self._category(item.category)
        )
        variant: Variant = Variant.objects.create(
            store=self.store,
            product=product,
            sku=item.sku,
            barcode=item.barcode,
            price=item.price,
            currency=item.currency or self.store.currency,
        )
        return variant

    def _update(self, variant: Variant, item: CatalogueItem) -> bool:
        """Write what the row says; an empty field says nothing."""
        changed = _assign(
            variant,
            {"barcode": item.barcode, "price": item.price, "currency": item.currency},
        )
        product = variant.product
        before = product.category_id
        facts = {"title": item.title, "category": self._category(item.category)}
        changed = _assign(product, facts) or changed
        if product.category_id != before:
            refresh_product(product)
        return changed

    def _category(self, path: str) -> Category | None:
        names = [name.strip() for name in path.split(">") if name.strip()]
        if not names:
            return None
        if len(names[-1]) > _LONGEST_NAME:
            raise _Unacceptable(
                sentence(
                    "category has a name of more than %(longest)d characters",
                    longest=_LONGEST_NAME,
                )
            )
        row: Category = Category.objects.get_or_create(
            store=self.store, path=" > ".join(names), defaults={"name": names[-1]}
        )[0]
        return row

    def _warehouse(self, item: CatalogueItem) -> Warehouse:
        rows = Warehouse.objects.filter(store=self.store)
        if not item.warehouse:
            return ledger.default_warehouse(self.store)
        known: Warehouse | None = (
            rows.filter(code=item.warehouse).first()
            or rows.filter(name=item.warehouse).first()
        )
        if known is not None:
            return known
        if not self.options.creates_warehouses:
            raise _Unacceptable(
                sentence("the store has no warehouse “%(name)s”", name=item.warehouse)
            )
        opened: Warehouse = Warehouse.objects.create(
            store=self.store,
            name=item.warehouse,
            code=self._free_code(item.warehouse),
            is_default=not rows.filter(is_default=True).exists(),
        )
        return opened

    def _free_code(self, name: str) -> str:
        code = slugify(name)[:_LONGEST_CODE] or "warehouse"
        taken = set(
            Warehouse.objects.filter(store=self.store).values_list("code", flat=True)
        )
        numbered = (
            f"{code[: _LONGEST_CODE - 5]}-{n}" for n in range(2, len(taken) + 3)
        )
        return (
            code if code not in taken else next(c for c in numbered if c not in taken)
        )

    def _translate(self, variant: Variant, item: CatalogueItem) -> bool:
        """Store the texts by language; return whether any changed."""
        known = {row.language: row for row in variant.translations.all()}
        changed = False
        for language, text in item.texts:
            facts = {"title": text.title or item.title, "url": text.url}
            row = known.get(language)
            if row is None:
                Translation.objects.create(variant=variant, language=language, **facts)
                changed = True
            else:
                changed = _assign(row, facts) or changed
        return changed


def _assign(row: Any, facts: dict[str, Any]) -> bool:
    """Write the values that say something new; return whether there were any."""
    new = {
        name: value
        for name, value in facts.items()
        if value not in {None, ""} and getattr(row, name) != value
    }
    for name, value in new.items():
        setattr(row, name, value)
    if new:
        row.save(update_fields=list(new))
    return bool(new)
