"""What the rows of the page benchmark have in common: account, store, order id, age."""

from __future__ import annotations

DAY = 86_400
# The orders lie so far back, the log rows as long as they are kept.
ORDER_DAYS = 400
LOG_DAYS = 30
VARIANTS = 2000
# Each account's region, store and share of a thousand orders.
ACCOUNTS = (
    ("eu", 1, 500),
    ("na", 1, 200),
    ("fe", 1, 100),
    ("eu", 2, 100),
    ("na", 2, 99),
    ("fe", 3, 1),
)
SITES = {
    "eu": ("A1PA6795UKMFR9", "A13V1IB3VIYZZH", "APJ6JRA9NG5V4"),
    "na": ("ATVPDKIKX0DER",),
    "fe": ("A1VC38T7YXB528",),
}
OPERATIONS = ("searchOrders", "getOrder", "patchListingsItem", "getInventorySummaries")
# The account of row `i`, by its share of a thousand.
_PICKED = "((i * 7919) % 1000)"


def _by_account(place: int) -> str:
    """Return a CASE over _PICKED of what `ACCOUNTS` says of each; 0 is the key."""
    parts, until = [], 0
    for pk, (region, store_id, share) in enumerate(ACCOUNTS, 1):
        until += share
        told = pk if place == 0 else store_id
        if place == 2:
            sites = SITES[region]
            told = f"CASE i % {len(sites)} " + " ".join(
                f"WHEN {at} THEN '{site}'" for at, site in enumerate(sites)
            )
            told += " END"
        parts.append(f"WHEN {_PICKED} < {until} THEN {told}")
    return f"(CASE {' '.join(parts)} END)"


ACCOUNT, STORE, SITE = _by_account(0), _by_account(1), _by_account(2)
ORDER_ID = (
    "('900-' || substr(CAST(10000000 + i AS text), 2) || '-' || "
    "substr(CAST(10000000 + (i * 7907) % 10000000 AS text), 2))"
)
IS_FBA = "(i % 3 = 0)"


def age(count: int, days: int = ORDER_DAYS) -> str:
    """Return how many seconds old row `i` of `count` is."""
    return f"(({count} - i) * {days * DAY} / {count})"
