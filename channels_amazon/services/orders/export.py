"""Writes the list of orders as CSV, part by part; services layer.

No name, address or other personal data of a buyer is in it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from django.utils.translation import get_language, gettext, override

from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.models import Order, StoreOrder
from channels_amazon.services.diagnostics.audit import Audited, audit
from channels_amazon.services.diagnostics.export import BYTE_ORDER_MARK, csv_cell
from channels_amazon.services.mcf.commitments import placed_by_us
from channels_amazon.services.orders.status_words import flags_of, status_word
from channels_amazon.wording import sentence

# A column's name in the file, and what stands there for an order at a time.
COLUMNS: Mapping[str, Callable[[Order, datetime], Any]] = {
    "order_id": lambda order, _now: order.amazon_order_id,
    "account": lambda order, _now: order.account.seller_id,
    "marketplace": lambda order, _now: _country(order),
    "marketplace_id": lambda order, _now: order.marketplace_id,
    "fulfilled_by": lambda order, _now: order.get_fulfilled_by_display(),
    "status": lambda order, _now: str(status_word(order)),
    "needs": lambda order, now: _needs(order, now),
    "ship_by": lambda order, _now: order.ship_by if order.awaits_parcel else None,
    "units": lambda order, _now: sum(one.quantity for one in order.lines.all()),
    "lines": lambda order, _now: _lines(order),
    "total": lambda order, _now: order.total,
    "currency": lambda order, _now: order.currency,
    "ordered_at": lambda order, _now: order.ordered_at,
}
# The order of the store that we placed at Amazon as this one.
PLACED = "store_order"


def csv_parts(
    parts: Iterable[Sequence[Order]], now: datetime, *, cut_note: str = ""
) -> Iterator[str]:
    """Return the CSV file of the orders, a text for each part of them; times are UTC.

    Where it does not hold all that was asked for, its last row says `cut_note` alone.
    Words are in the language that is active now, not when the file is read. What is
    late is so at `now`.
    """
    texts = _texts(parts, now, get_language() or "en")
    return chain(texts, [_csv([[csv_cell(cut_note)]])] if cut_note else [])


def keep_export(*, actor: str, store_ids: Iterable[int | None]) -> None:
    """Keep in the audit log that these stores' orders were downloaded; None: of all."""
    for store_id in store_ids:
        audit(
            Audited(
                code="access.exported",
                message=sentence("The list of orders was downloaded."),
                reference="orders",
                actor=actor,
                store_id=store_id,
            )
        )


def _texts(
    parts: Iterable[Sequence[Order]], now: datetime, language: str
) -> Iterator[str]:
    yield BYTE_ORDER_MARK + _csv([[*COLUMNS, PLACED]])
    for orders in parts:
        ours = placed_by_us(orders)
        with override(language):
            text = _csv(_row(order, now, ours.get(order.pk)) for order in orders)
        yield text


def _row(order: Order, now: datetime, placed: StoreOrder | None) -> list[str]:
    values = [value(order, now) for value in COLUMNS.values()]
    return [csv_cell(one) for one in (*values, placed.number if placed else None)]


def _csv(rows: Iterable[Sequence[str]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue()


def _country(order: Order) -> str:
    known = MARKETPLACES.get(order.marketplace_id)
    return known.country_code if known else ""


def _needs(order: Order, now: datetime) -> str:
    words = [gettext("late")] if order.is_late(now) else []
    return ", ".join([*words, *(word for _kind, word in flags_of(order))])


def _lines(order: Order) -> str:
    return "; ".join(
        f"{line.quantity} × {line.seller_sku or line.asin or '?'}"
        for line in order.lines.all()
    )
