"""Draws the orders of each hour and marketplace, and what was not read; views layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels_amazon.forms.local_times import as_words
from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.models import AmazonAccount, SyncJob
from channels_amazon.rules.local_times import TO_THE_MINUTE
from channels_amazon.services.health.attention import AttentionRows
from channels_amazon.services.orders.hourly import (
    HourlyOrders,
    SiteHours,
    hourly_orders,
)
from channels_amazon.views.local_time import local
from channels_amazon.views.standstill import why_halted

HEIGHT = 40
_COLUMN, _GAP = 9, 2
_STEP = _COLUMN + _GAP
_SWEEP = SyncJob.Kind.ORDER_SWEEP
# So many hours lie between two that are named below the columns.
_NAMED_EVERY = 6
# So many accounts that were not read are named, of however many there are.
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Bar:
    """An hour of a drawing: where, how high, what it says; `is_unread` is dashed."""

    x: int
    y: int
    height: int
    title: str
    is_unread: bool


@dataclass(frozen=True, slots=True)
class SiteRow:
    """A marketplace: its drawing and the same in words and numbers.

    `cells` has what each hour says, for the table that is read aloud.
    """

    country: str
    marketplace_id: str
    bars: list[Bar]
    total: int
    most: int
    most_at: str
    cells: list[str]
    says: str


def hours_part(rows: AttentionRows, now: datetime) -> dict[str, Any]:
    """Return what the overview shows of the last day's orders by the hour."""
    live = [row for row in rows.accounts.values() if not row.is_disconnected]
    works = rows.facts.is_worker_alive and not rows.facts.is_paused
    found = hourly_orders(live, now, works=works, told=_told(rows))
    labels = [_label(hour) for hour in found.hours]
    unread = _unread_accounts(found, live, rows)
    return {
        "hour_sites": [_row(site, labels, found.hours[0]) for site in found.sites],
        "hour_labels": labels,
        "hour_orders": found.total,
        "hour_since": found.hours[0],
        "hour_zone": as_words(timezone.get_current_timezone()),
        "hour_unread": unread[:_MOST_NAMED],
        "hour_unread_more": len(unread[_MOST_NAMED:]),
        "hour_width": len(labels) * _STEP,
        "hour_height": HEIGHT,
        "hour_marks": [
            {"x": place * _STEP, "text": labels[place]}
            for place in range(0, len(labels), _NAMED_EVERY)
        ],
    }


def _told(rows: AttentionRows) -> frozenset[int]:
    """Return the accounts of whose orders events tell, and somebody listens."""
    facts = rows.facts
    if not facts.is_queue_configured or not facts.is_consumer_alive:
        return frozenset()
    return frozenset(one.account_id for one in facts.accounts if one.is_subscribed)


def _label(hour: datetime) -> str:
    return f"{timezone.localtime(hour):%H:%M}"


def _unread_accounts(
    found: HourlyOrders, live: Sequence[AmazonAccount], rows: AttentionRows
) -> list[dict[str, Any]]:
    """Return the accounts of which hours are unread: since when, and why.

    Since None is: nothing of these hours is proven to be read. One that only waits for
    its next sweep has nothing wrong.
    """
    unread: list[dict[str, Any]] = []
    for account in live:
        since = found.unread.get(account.pk)
        if since is not None:
            is_whole = since < found.hours[0]
            unread.append(
                {
                    "account": account,
                    "since": None if is_whole else since,
                    "is_waiting": account.pk in found.waiting,
                    "why": _why(account, rows),
                }
            )
    # Where something is wrong comes first: not all of them are named.
    unread.sort(key=lambda one: one["is_waiting"])
    return unread


def is_pulling(account: AmazonAccount, rows: AttentionRows) -> bool:
    """Tell whether not everything of the account was read once."""
    return any(
        one.is_pulling for one in rows.facts.accounts if one.account_id == account.pk
    )


def _why(account: AmazonAccount, rows: AttentionRows) -> str:
    if why := why_halted(account, is_worker_alive=rows.facts.is_worker_alive):
        return why
    sweep = [job for job in rows.jobs.get(account.pk, []) if job.kind == _SWEEP]
    if any(job.blocked_code for job in sweep):
        return _("its order sweep is stopped")
    if any(job.attempts for job in sweep):
        return _("its order sweep fails again and again")
    if is_pulling(account, rows):
        return _("its first pull is still running")
    return _("its order sweep is behind")


def _row(site: SiteHours, labels: Sequence[str], since: datetime) -> SiteRow:
    most = max(site.counts)
    cells = [
        _cell(count, is_unread=unread)
        for count, unread in zip(site.counts, site.unread, strict=True)
    ]
    known = MARKETPLACES.get(site.marketplace_id)
    return SiteRow(
        country=known.country_code if known else site.marketplace_id,
        marketplace_id=site.marketplace_id,
        bars=_bars(site, labels, cells),
        total=site.total,
        most=most,
        most_at=labels[site.counts.index(most)] if most else "",
        cells=cells,
        says=_says(site, since),
    )


def _bars(site: SiteHours, labels: Sequence[str], cells: Sequence[str]) -> list[Bar]:
    highest = max(site.counts) or 1
    bars = []
    for place, (count, is_unread) in enumerate(
        zip(site.counts, site.unread, strict=True)
    ):
        if not count and not is_unread:
            continue
        # One order is seen beside a thousand, too.
        height = max(2, round(count / highest * HEIGHT)) if count else 0
        title = f"{labels[place]}: {cells[place]}"
        bars.append(Bar(place * _STEP, HEIGHT - height, height, title, is_unread))
    return bars


def _cell(count: int, *, is_unread: bool) -> str:
    orders = ngettext("%(count)d order", "%(count)d orders", count) % {"count": count}
    if not is_unread:
        return orders
    if not count:
        return _("not read yet")
    return _("%(orders)s, not read to its end yet") % {"orders": orders}


def _says(site: SiteHours, since: datetime) -> str:
    """Return what the drawing shows, for who does not see it."""
    text = ngettext(
        "%(count)d order since %(time)s", "%(count)d orders since %(time)s", site.total
    ) % {"count": site.total, "time": local(since, TO_THE_MINUTE)}
    unread = sum(site.unread)
    if not unread:
        return text
    more = ngettext(
        "%(count)d hour not read yet", "%(count)d hours not read yet", unread
    ) % {"count": unread}
    return f"{text}; {more}"
