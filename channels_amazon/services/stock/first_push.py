"""Says what an account would send to Amazon once it is live; services layer.

The quantities are kept all the time (`publication.py`); while an account is not live
nobody sends them, and the seller goes on changing Amazon's own numbers by hand. So what
goes out first is whatever differs from what Amazon shows, not only what changed here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import BooleanField, ExpressionWrapper, F, Q
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce, Greatest

from channels_amazon.models import AmazonAccount, DriftState, Listing
from channels_amazon.models.listing import ListingQuerySet
from channels_amazon.services.stock.dry_run import DryRunRow, DryRunSummary, summary

# Listings that one statement changes.
_BATCH = 500


@dataclass(frozen=True, slots=True)
class FirstPush:
    """What would be sent, in figures, and what of the account would not.

    `unchanged` are as Amazon shows them already. Not to be said yet: `unlinked` have no
    variant, of `uncounted` nobody counted the units. `silent` are listings of which a
    rule says that no quantity of ours is sent.
    """

    summary: DryRunSummary
    unchanged: int
    unlinked: int
    uncounted: int
    silent: int


@dataclass(frozen=True, slots=True)
class SinceLive:
    """What was sent since an account went live, and what is not yet."""

    sent: int
    waiting: int
    refused: int


def pending(account: AmazonAccount) -> ListingQuerySet:
    """Return what would be sent if the account went live now, with what is `shown`."""
    return _known(account).filter(_differs())


def first_push(account: AmazonAccount) -> FirstPush:
    """Return in figures what going live would send."""
    merchants: ListingQuerySet = Listing.objects.filter(account=account, is_mfn=True)
    unsaid = merchants.linked().filter(desired_quantity=None)
    # While nobody counted a variant there are no reasons either.
    uncounted = Q(desired_why={})
    return FirstPush(
        summary=summary(rows_of(pending(account))),
        unchanged=_known(account).exclude(_differs()).count(),
        unlinked=merchants.filter(variant=None).count(),
        uncounted=unsaid.filter(uncounted).count(),
        silent=unsaid.exclude(uncounted).count(),
    )


def rows_of(listings: ListingQuerySet) -> list[DryRunRow]:
    """Return the listings as rows of a dry run: what is `shown`, what would be."""
    waits = ExpressionWrapper(
        Q(desired_why__has_key="part"), output_field=BooleanField()
    )
    rows = listings.annotate(
        decided_by=KT("desired_why__sharing__decided_by"), waits=waits
    ).order_by("seller_sku", "pk")
    columns = ("pk", "account_id", "seller_sku", "shown", "desired_quantity")
    found = rows.values_list(*columns, "decided_by", "waits")
    return [
        DryRunRow(pk, account_id, sku, shown, desired, decided_by or "", waits)
        for pk, account_id, sku, shown, desired, decided_by, waits in found
    ]


def queue_first_push(account: AmazonAccount) -> int:
    """Have all that differs from what Amazon shows sent; return how much it is.

    To be called within a transaction.
    """
    # In the order in which everybody locks listings.
    rows = pending(account).select_for_update(no_key=True).order_by("pk")
    keys = list(rows.values_list("pk", flat=True))
    for begin in range(0, len(keys), _BATCH):
        part = Listing.objects.filter(pk__in=keys[begin : begin + _BATCH])
        # A difference that was told before is a new one: it is sent, then read back.
        part.update(
            push_due=True,
            push_after=None,
            drift_state=DriftState.NONE,
            drift_since=None,
            # Somebody may have raised it there: other accounts' parts wait for that.
            may_show_quantity=Greatest(
                Coalesce("may_show_quantity", "acknowledged_quantity", 0),
                Coalesce("observed_quantity", 0),
            ),
        )
    return len(keys)


def sent_since(account: AmazonAccount, since: datetime) -> ListingQuerySet:
    """Return the listings whose quantity Amazon accepted since then."""
    rows: ListingQuerySet = Listing.objects.filter(account=account)
    return rows.published().filter(acknowledged_at__gte=since)


def since_live(account: AmazonAccount, since: datetime) -> SinceLive:
    """Return what was sent since the account went live, in figures."""
    own: ListingQuerySet = Listing.objects.filter(account=account)
    return SinceLive(
        sent=sent_since(account, since).count(),
        waiting=own.to_push().push_open().count(),
        refused=own.push_refused().count(),
    )


def _known(account: AmazonAccount) -> ListingQuerySet:
    rows: ListingQuerySet = Listing.objects.filter(account=account)
    return rows.linked().filter(desired_quantity__isnull=False).with_shown()


def _differs() -> Q:
    """Return the condition for what is to be sent, of listings with `shown`."""
    same = Q(shown__isnull=False, shown=F("desired_quantity"))
    return Q(push_due=True) | ~same
