"""Sentences of earlier releases that rows in place still hold; no layer.

`make messages` drops what no code says. The rows that say these stay in the log and on
store orders until retention removes them, and are read in any language like the others.
"""

from __future__ import annotations

from django.utils.translation import gettext_noop

FORMER_SENTENCES = (
    gettext_noop(
        "Open the quarantine: replay what can be read now, discard what cannot "
        "matter. Correct the order id of a parcel, or discard it."
    ),
    gettext_noop(
        "It would raise Amazon's quantity: it is sent once all orders since the "
        "restore or the standstill are read."
    ),
    gettext_noop(
        "The message was put aside in the inbox; the sweep brings the order all the "
        "same."
    ),
    gettext_noop("A message that was put aside (%(code)s) was discarded."),
    gettext_noop(
        "Connect the account, or end its subscription at Amazon. Its messages are put "
        "aside in the inbox; this is said once an hour."
    ),
    gettext_noop("The FBA rule “%(rule)s” was saved; it is switched on."),
    gettext_noop("The FBA rule “%(rule)s” was saved; it is switched off."),
    gettext_noop("The FBA rule “%(rule)s” was deleted."),
    gettext_noop(
        "No FBA rule covers the destination, and the store's own stock holds every "
        "line."
    ),
    gettext_noop(
        "The store's own stock does not hold every line (%(skus)s), and no FBA rule "
        "covers the destination."
    ),
    gettext_noop(
        "Rule “%(rule)s” offers it to FBA: the pool %(pool)s holds every line, and a "
        "slower speed than promised will do."
    ),
    gettext_noop(
        "Rule “%(rule)s” offers it to FBA: the pool %(pool)s holds every line and "
        "Amazon ships in time."
    ),
    gettext_noop("FBA is not possible, and the store's own stock holds every line."),
    gettext_noop("Store orders at FBA"),
    gettext_noop(
        "%(count)d orders changed since %(time)s, and no event told of any: the "
        "queue's policy seems to keep Amazon out."
    ),
    gettext_noop(
        "The report “%(purpose)s” of %(start)s to %(end)s UTC shows %(count)s orders "
        "that were missing here, in %(number)s hours: %(hours)s. They are taken over."
    ),
    gettext_noop(
        "The ship date lies before the order. Ship these units again with the time at "
        "which they left, in UTC."
    ),
    gettext_noop("ship date %(old)s → %(new)s UTC"),
    gettext_noop(
        "Amazon had %(count)d orders that were missing here until %(time)s UTC; "
        "%(fetched)d of them are complete now."
    ),
    gettext_noop(
        "Amazon says that its search answers up to %(time)s UTC only, which was read "
        "before."
    ),
    gettext_noop("Login with Amazon denied access"),
    gettext_noop("Login with Amazon answered something else than a token"),
)
