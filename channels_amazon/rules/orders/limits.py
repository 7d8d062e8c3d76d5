"""What an id and a number of Amazon's orders may be at most; pure, rules layer.

An id that is longer than its column is refused, never cut: cut, it would be another
one's. Titles and words for people may be cut.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeGuard

from channels_amazon.rules.pasted_ids import ORDER_ID

# Amazon's own limit of a SKU is 40 characters; our columns hold this many.
LONGEST_SKU = 80
LONGEST_ITEM_ID = 40
LONGEST_MARKETPLACE_ID = 20
LONGEST_ASIN = 12
# The most units of an order line or a package: more is damaged data, not a sale.
MOST_UNITS = 1_000_000
# Years that an order can be of. Another one is damaged data: as the time of a change it
# would make everything told later look old, for ever.
_FIRST_YEAR, _LAST_YEAR = 1990, 2199
# Two clocks of Amazon's differ by no more: what is told of happened before the telling.
_CLOCKS_DIFFER = timedelta(days=1)


def is_order_id(text: object) -> TypeGuard[str]:
    """Tell whether this is the id of an order at Amazon, as 123-1234567-1234567."""
    return isinstance(text, str) and ORDER_ID.fullmatch(text) is not None


def is_possible_time(time: datetime) -> bool:
    """Tell whether an order can have this time."""
    return _FIRST_YEAR <= time.year <= _LAST_YEAR


def is_told_before(time: datetime, told_at: datetime | None) -> bool:
    """Tell whether it happened only long after Amazon told of it, which cannot be."""
    return told_at is not None and time > told_at + _CLOCKS_DIFFER
