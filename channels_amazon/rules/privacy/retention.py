"""How long personal data, logs and figures are kept: the one home; rules layer.

Amazon's Data Protection Policy: personal data goes 30 days after delivery, and where
the delivery is not known 30 days after shipping, which is earlier. A delivery that is
known only after the days of shipping have ended prolongs nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

# Buyer, recipient and destination, after the order was delivered or ended.
PERSONAL_DATA_KEPT = timedelta(days=30)
# The same of an order that nobody ever ended: it must not keep its buyer for ever.
OPEN_PERSONAL_DATA_KEPT = timedelta(days=90)

# The purge passes over all stores every hour: once a day would keep personal data up
# to a day too long.
PURGE_INTERVAL = timedelta(hours=1)
# What is overdue for longer than this was left or forgotten: three passes had it.
PURGE_GRACE = timedelta(hours=3)
# A store gets a proof once a day even if nothing went; two hours are for the pass.
PROOF_INTERVAL = timedelta(hours=26)

RETENTION_INTERVAL = timedelta(days=1)
# Runs, calls, log entries, health reports and notifications, in days, unless the
# installation sets LOG_RETENTION_DAYS. SQS keeps a message for 14 days at most, so a
# notification whose row is gone cannot come a second time.
LOG_DAYS = 30
# Who saw, searched and deleted personal data, who signed in and who failed to, what was
# refused to whom, what became of rights, accounts and stores: Amazon asks for 12 months
# at least. So long are kept the audit log, the sign-ins and some of the log entries:
AUDIT_KEPT = timedelta(days=400)
# those whose codes begin so,
AUDIT_PREFIXES = ("oauth.", "personal_data.")
# and these.
AUDIT_CODES = frozenset(
    {
        "account.connected",
        "account.disconnected",
        "account.identity_unproven",
        "account.not_an_owner",
        "account.other_seller",
        "account.reauthorized",
        "account.seller_elsewhere",
        "account.seller_id_refused",
        "account.subscriptions_deleted",
        "account.subscriptions_left",
        "installation.decided",
        "installation.restored",
        "keys.rotated",
        "notifications.subscribed",
        "store.endpoint_set",
        "store.secret_rotated",
    }
)

# Exchange rates of the bank by their day, rates by hand after they were ended.
RATES_KEPT = timedelta(days=90)

# The hourly figures of how long each step of an order took: the page shows a month.
LATENCY_KEPT = timedelta(days=31)


def personal_data_due_at(starts_at: datetime, *, is_ended: bool) -> datetime:
    """Return when personal data must be gone whose days count from `starts_at`."""
    return starts_at + (PERSONAL_DATA_KEPT if is_ended else OPEN_PERSONAL_DATA_KEPT)


# What was published and why: pages tell it for any moment of these days.
NUMBERS_KEPT = timedelta(days=90)
# Dry runs of rules, saved or not, and previews of stock-takes.
DRY_RUNS_KEPT = timedelta(days=7)
