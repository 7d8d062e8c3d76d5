"""Takes the orders of a search's pages in, as long as the pages get on; sync layer."""

from __future__ import annotations

from dataclasses import dataclass, field

from channels_amazon.services.orders import intake
from channels_amazon.services.orders.intake import UNREADABLE_DETAIL
from channels_amazon.spapi import operations
from channels_amazon.spapi.apis.orders import OrderPage, OrderSearch, search_orders
from channels_amazon.spapi.errors import InvalidRequest
from channels_amazon.spapi.orders import AmazonOrder, UnreadableOrder
from channels_amazon.sync.orders.intake import quarantine_unreadable, store_order
from channels_amazon.sync.runtime.context import RunContext
from channels_amazon.sync.runtime.page_trail import PageTrail
from channels_amazon.sync.runtime.unread_answer import check_next_page, tell_unread


@dataclass
class OrderPages:
    """A search that is read page by page within one run.

    `trail` is what is remembered of its pages; `order_ids` are those it has shown.
    """

    ctx: RunContext
    search: OrderSearch
    trail: PageTrail
    token: str | None = None
    read: int = 0
    order_ids: set[str] = field(default_factory=set)

    @property
    def has_next(self) -> bool:
        """Tell whether there is a page that was not read."""
        return not self.read or self.token is not None

    def take(self) -> OrderPage:
        """Read, store and return the next page.

        Raises Standstill where the pages go round, InvalidRequest where the search or
        the page's token is refused: the trail counts the tokens that were. Raises
        UnexpectedResponse, once the orders are stored, where the token is unreadable.
        """
        try:
            page = search_orders(self.ctx.client, self.search, self.token)
        except InvalidRequest:
            if self.token is not None:
                self.trail = self.trail.restarted()
            raise
        _store_page(self.ctx, page)
        self.read += 1
        self.order_ids |= {one.order_id for one in page.orders if one.order_id}
        check_next_page(operations.SEARCH_ORDERS, page.no_token)
        self.token = page.next_token
        self.trail = self.trail.follow(_versions(page), page.next_token)
        return page


def _store_page(ctx: RunContext, page: OrderPage) -> None:
    """Store the orders of a page; what cannot be read is quarantined."""
    for found in page.orders:
        if isinstance(found, UnreadableOrder):
            quarantine_unreadable(ctx, found)
        else:
            store_order(ctx, found, source=intake.SWEEP)
    tell_unread(ctx, UNREADABLE_DETAIL, operations.SEARCH_ORDERS, page.unread)


def _versions(page: OrderPage) -> list[str]:
    """Return what names each order of the page, and when it changed last."""
    return [_version(found) for found in page.orders]


def _version(found: AmazonOrder | UnreadableOrder) -> str:
    if isinstance(found, UnreadableOrder):
        return found.order_id or found.raw_redacted
    return f"{found.order_id}|{found.last_updated_time}"
