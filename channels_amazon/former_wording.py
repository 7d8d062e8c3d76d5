"""Sentences of earlier releases that rows in place still hold; no layer.

`make messages` drops what no code says. The rows that say these stay in the log and on
store orders until retention removes them, and are read in any language like the others.
"""

from __future__ import annotations

from django.utils.translation import gettext_noop

FORMER_SENTENCES = (
    gettext_noop(
        "No order is past its latest ship time, or near it; %(count)d must be "
        "shipped within %(hours)d hours."
    ),
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
    # Of these the newer ones have a form for one and a form for many.
    gettext_noop(
        "Due jobs pile up: %(count)d wait, the oldest for %(minutes)d minutes."
    ),
    gettext_noop(
        "%(count)d stock levels are below zero: more units left a warehouse than "
        "were counted there."
    ),
    gettext_noop(
        "%(count)d authorisations were begun since %(time)s and none came back from "
        "Amazon. An application that is still a draft is refused on the consent page "
        "(MD1000) unless it is marked as one."
    ),
    gettext_noop(
        "Personal data of %(count)d orders is kept past its limit; the first of it "
        "had to go by %(date)s."
    ),
    gettext_noop(
        "The database is not up to date with this version of Shoplink: %(count)d "
        "migrations are missing."
    ),
    gettext_noop(
        "Of %(count)s orders that changed since %(time)s no event came here, though "
        "events of later changes did: another reader seems to take messages from the "
        "queue, such as a copy of this installation."
    ),
    gettext_noop("%(count)d stock levels are not the sum of their movements."),
    gettext_noop(
        "Amazon finds faults with %(count)d offers; %(hidden)d of them it does not "
        "show to buyers."
    ),
    gettext_noop(
        "%(count)d packages were accepted by Amazon over an hour ago, and it does "
        "not show them with their orders."
    ),
    gettext_noop("Buyers ask to cancel: %(count)d orders."),
    gettext_noop("Amazon refused %(count)d packages."),
    gettext_noop("%(count)d parcels of the store became no package."),
    gettext_noop("Amazon refused the quantity of %(count)d listings."),
    gettext_noop("%(count)d orders promise more units than there are (backorders)."),
    gettext_noop(
        "%(count)d orders are past their latest ship time and not confirmed as shipped."
    ),
    gettext_noop(
        "%(count)d orders must be confirmed as shipped within %(hours)d hours."
    ),
    gettext_noop(
        "%(count)d orders have a SKU that no variant of the store owns, %(open)d of "
        "them are open: no stock is held for these lines."
    ),
    gettext_noop(
        "Rule “%(rule)s”: the pool %(pool)s does not hold every line with %(kept)s "
        "units kept back (%(skus)s), and an order is not split."
    ),
    gettext_noop(
        "%(count)s rows of the report “%(purpose)s” could not be read. Where an "
        "order's id could be, the order is fetched by itself."
    ),
    gettext_noop(
        "%(count)s rows of the report “%(purpose)s” were taken without a detail that "
        "cannot be read, such as line %(line)s (order %(order)s): %(reason)s."
    ),
    gettext_noop(
        "%(count)s secrets were encrypted anew with the first of FERNET_KEYS; "
        "%(left)s are left that no key opens."
    ),
    gettext_noop(
        "Buyer and recipient of %(count)d orders were deleted: their time was over."
    ),
    gettext_noop(
        "The parcel has more units of %(sku)s than the %(left)d that are left."
    ),
    gettext_noop("%(sku)s: %(count)s units are not planned."),
    gettext_noop(
        "Amazon named a page as the next one that it had given before, after "
        "%(pages)d pages."
    ),
    gettext_noop(
        "Amazon gave the same rows again and again, each time with another next "
        "page, after %(pages)d pages."
    ),
    gettext_noop(
        "Amazon gave %(pages)d pages in a row that were empty, each time with "
        "another next page."
    ),
    gettext_noop("Amazon refused the token of the next page %(times)d times."),
    gettext_noop(
        "The process that ran the job “%(job)s” died %(times)s times in a row. The "
        "job is tried again more and more rarely."
    ),
    gettext_noop(
        "The job “%(job)s” failed %(times)s times in a row, last with %(code)s: "
        "%(reason)s"
    ),
    gettext_noop(
        "The store's address at %(host)s has taken no message for %(minutes)d "
        "minutes: %(why)s"
    ),
    gettext_noop(
        "%(count)d of the last %(all)d orders to ship came without a recipient, "
        "although it was asked for."
    ),
    gettext_noop(
        "%(count)d of the last %(all)d orders to ship have no recipient: it is not "
        "asked for, since Amazon says that the role for it is missing."
    ),
    gettext_noop("%(units)d returned units of %(sku)s were booked into the stock."),
    gettext_noop("%(units)d returned units of %(sku)s were booked as not to be sold."),
    gettext_noop("the row has %(found)s fields instead of %(expected)s"),
    gettext_noop("No reconciliation of the orders was due yet."),
    gettext_noop("The last reconciliation found every order of Amazon's here."),
)
