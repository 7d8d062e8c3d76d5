"""The controls of feeds and listings: their names, bodies and words; emulator."""

from __future__ import annotations

from . import listing_actions as act
from .choices import MARKETPLACES, REGION, SELLER, fixed, switch
from .fields import Control, Field

_SKU = Field("sku", "text", "SKU", required=True)
_MARKETPLACE = Field("marketplace_id", "text", "Marketplace", None, MARKETPLACES)


def _switch(name: str, kind: str, label: str) -> Field:
    return Field(name, kind, label, current=switch(f"feeds.{name}"))


FEED_CONTROLS = (
    Control(
        "feeds",
        "Feeds",
        "How long feeds take, how they end, and how many Amazon takes.",
        (
            _switch("queue_seconds", "number", "A feed waits (seconds)"),
            _switch("seconds", "number", "A feed takes (seconds)"),
            _switch("gzip", "yes_no", "Compressed"),
            _switch("fail_next", "whole", "So many of the next fail"),
            _switch("fail_after", "whole", "They fail after so many messages"),
            _switch("skip_messages", "whole", "Messages left out of the next"),
            _switch("most_submissions", "whole", "Listing feeds taken at most"),
            _switch("submission_seconds", "number", "Within (seconds)"),
        ),
        act.change_feeds,
    ),
    Control(
        "drift",
        "Show another number",
        "Amazon accepts the next changes of a SKU and shows another number.",
        (
            REGION,
            _SKU,
            Field("quantity", "whole", "Quantity"),
            Field("price", "text", "Price"),
            Field("times", "whole", "How many times (0: always)", 1),
            SELLER,
        ),
        act.set_drift,
    ),
    Control(
        "offer",
        "Prices and offers at Amazon",
        "Amazon takes an offer down, or lets only some prices be sold at.",
        (
            REGION,
            _SKU,
            _MARKETPLACE,
            Field("suppressed", "yes_no", "Taken down"),
            Field(
                "category",
                "text",
                "Why",
                "INVALID_PRICE",
                fixed("INVALID_PRICE", "INVALID_IMAGE", "QUALIFICATION_REQUIRED"),
                in_form=False,
            ),
            Field("lowest_price", "text", "Lowest price"),
            Field("highest_price", "text", "Highest price"),
            SELLER,
        ),
        act.change_offer,
    ),
)
