"""Chooses which of Amazon's data sets of an order are asked for; services layer.

Buyer and recipient are asked for only where somebody may use them: Amazon leaves them
out in silence without the role, and asking for what one has no right to is a breach.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q
from django.utils import timezone

from channels_amazon.models import AmazonAccount, Order, Permission, SyncJob
from channels_amazon.services.jobs import lifecycle

# The status is in FULFILLMENT, deliveries are in PACKAGES.
FACTS = ("PROCEEDS", "CANCELLATION", "FULFILLMENT", "PACKAGES")
PERSONAL = ("BUYER", "RECIPIENT")
# So many orders at most are read again when the role comes back: each costs a token
# of getOrder.
MOST_AGAIN = 500


def data_sets(account: AmazonAccount) -> tuple[str, ...]:
    """Return the data sets to ask for when orders of all kinds may come."""
    return (*PERSONAL, *FACTS) if asks_for_people(account) else FACTS


def data_sets_for(order: Order, wanted: Sequence[str]) -> tuple[str, ...]:
    """Return what of `wanted` to ask for one order.

    Buyer and recipient are left out where Amazon ships: nobody here needs them.
    """
    if order.fulfilled_by != Order.FulfilledBy.AMAZON:
        return tuple(wanted)
    return tuple(name for name in wanted if name not in PERSONAL)


def asks_for_people(account: AmazonAccount) -> bool:
    """Tell whether the account has the role for personal data, or may have it.

    The role is the application's, not a site's: one site where it is there is enough.
    """
    states = set(
        Permission.objects.filter(
            participation__account=account, name=Permission.Name.SHIPPING
        ).values_list("state", flat=True)
    )
    has_it = Permission.State.GRANTED in states
    return has_it or Permission.State.MISSING not in states


def read_people_again(account: AmazonAccount) -> int:
    """Have orders to ship read again that have no recipient here; return how many.

    Call it when the role came back: Amazon then gives what it left out before.
    """
    nameless = Order.objects.to_ship().filter(
        Q(personal_data__isnull=True) | Q(personal_data__words__isnull=True),
        account=account,
        stale_since__isnull=True,
    )
    ids = list(nameless.order_by("ship_by").values_list("pk", flat=True)[:MOST_AGAIN])
    now = timezone.now()
    again = Order.objects.filter(pk__in=ids, stale_since__isnull=True)
    marked = int(again.update(stale_since=now, fetch_after=None, updated_at=now))
    if marked:
        lifecycle.wake(account.pk, SyncJob.Kind.ORDER_FETCH)
    return marked
