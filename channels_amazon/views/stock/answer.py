"""The stock page's sentence: whether what is published is right; views layer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from channels_amazon.forms.filters import OrderShow
from channels_amazon.forms.stock_filter import StockShow
from channels_amazon.models import AmazonAccount, Listing, SyncJob
from channels_amazon.models.listing import ListingQuerySet
from channels_amazon.models.scope import capped
from channels_amazon.rules.health.attention import Need
from channels_amazon.services.health.attention import AttentionRows
from channels_amazon.views.attention import attention_rows
from channels_amazon.views.standstill import Standstill, quantity_standstill_of


@dataclass(frozen=True, slots=True)
class Waiting:
    """So many quantities that are not sent now, and why; 0: none waits yet."""

    count: int
    standstill: Standstill


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with the stock beside its quantities, and where that is shown."""

    text: str
    link: str
    link_text: str


def stock_answer(
    request: HttpRequest, accounts: Sequence[AmazonAccount], *, works: bool
) -> dict[str, Any]:
    """Return what the sentence is made of; it is calm where all of this is empty.

    What needs somebody is asked where every page asks it. `works`: a worker is there.
    """
    listings: ListingQuerySet = Listing.objects.filter(account__in=accounts)
    stuck = {
        account: why
        for account in accounts
        if (why := quantity_standstill_of(account, is_worker_alive=works)) is not None
    }
    flowing = listings.exclude(account__in=list(stuck)) if stuck else listings
    return {
        "waiting": flowing.waiting_for_push().capped_count(),
        "stuck": _waiting(stuck, listings),
        "refused": listings.push_refused().capped_count(),
        "held": flowing.push_held().capped_count(),
        "differs": listings.shown_otherwise().capped_count(),
        "published": listings.published().exists(),
        "troubles": _troubles(attention_rows(request)),
    }


def _waiting(
    stuck: Mapping[AmazonAccount, Standstill], listings: ListingQuerySet
) -> list[Waiting]:
    """Return how many quantities wait for what, the accounts of one reason together.

    The page that helps is that of the first of them. A reason for which none waits is
    one all the same: the next change would.
    """
    together: dict[str, list[AmazonAccount]] = defaultdict(list)
    for account, why in stuck.items():
        together[why.text].append(account)
    return [
        Waiting(
            listings.filter(account__in=those).push_open().capped_count(),
            stuck[those[0]],
        )
        for those in together.values()
    ]


def _troubles(rows: AttentionRows) -> list[Trouble]:
    needed = rows.attention()
    found = []
    if below := needed.count(Need.BELOW_ZERO):
        text = ngettext(
            "%(number)s stock level is below zero.",
            "%(number)s stock levels are below zero.",
            below,
        )
        address = f"{reverse('amazon-stock-list')}?show={StockShow.BELOW_ZERO}"
        found.append(_trouble(text, below, address))
    if short := needed.count(Need.SHORTAGE):
        text = ngettext(
            "%(number)s order has less stock than was ordered.",
            "%(number)s orders have less stock than was ordered.",
            short,
        )
        address = f"{reverse('amazon-order-list')}?show={OrderShow.BACKORDER}"
        found.append(_trouble(text, short, address))
    return found + _failing_jobs(rows)


def _failing_jobs(rows: AttentionRows) -> list[Trouble]:
    """Return the accounts whose quantities fail to go out, or are not read back."""
    kind = SyncJob.Kind
    kinds = {kind.STOCK_PUSH, kind.READ_BACK, kind.LISTINGS, kind.FBA_STOCK}
    return [
        Trouble(
            gettext("Stock of %(account)s is not synchronised: a job fails.")
            % {"account": rows.accounts[pk]},
            f"{reverse('amazon-status', args=[pk])}#jobs",
            gettext("Connection status"),
        )
        for pk, jobs in rows.jobs.items()
        if any(job.kind in kinds for job in jobs)
    ]


def _trouble(text: str, number: int, address: str) -> Trouble:
    return Trouble(text % {"number": capped(number)}, address, gettext("Show them"))
