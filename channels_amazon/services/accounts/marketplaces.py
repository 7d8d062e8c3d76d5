"""Keeps an account's country sites as Amazon reports them; services layer."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.models import AmazonAccount, MarketplaceParticipation
from channels_amazon.services.diagnostics.entries import (
    Entry,
    Level,
    record,
    record_once,
)
from channels_amazon.spapi.apis.sellers import (
    Participation,
    ParticipationList,
    UnreadableParticipation,
)
from channels_amazon.wording import listed, sentence

logger = logging.getLogger(__name__)

INDIVIDUAL = "INDIVIDUAL"
# Each reading finds the same fault again: it is logged once a day.
_LOG_AGAIN = timedelta(days=1)


def upsert_participations(
    account: AmazonAccount, participations: ParticipationList
) -> int:
    """Store the sites Amazon lists and return how many rows changed.

    A site that is listed no more counts as one without participation. One that cannot
    be read is listed: its row stays as it is, and where an entry does not even say
    which site it is about, all do. Sites outside Amazon's own table (its test and
    partner shops) are left out. Which sites are selected is the merchant's and stays.
    """
    now = timezone.now()
    known = {row.marketplace_id: row for row in account.participations.all()}
    changed = 0
    with transaction.atomic():
        for site in participations.sites:
            if site.marketplace_id in MARKETPLACES:
                row = known.pop(site.marketplace_id, None)
                changed += _store(account, site, row)
                if site.unread:
                    _tell_unread(account, site)
        for found in participations.unreadable:
            _log_unreadable(account, found, known.pop(found.marketplace_id, None))
            if not found.marketplace_id:
                known.clear()
        account.participations.filter(
            marketplace_id__in=known, is_participating=True
        ).update(is_participating=False, seen_at=now)
        for row in known.values():
            if row.is_participating:
                changed += 1
                _log_not_participating(account, row.name)
    return changed


def set_selling_plan(account: AmazonAccount, plan: str) -> None:
    """Store the selling plan Amazon names, and say so when it cannot work."""
    if account.selling_plan == plan:
        return
    account.selling_plan = plan
    account.save(update_fields=["selling_plan"])
    if plan == INDIVIDUAL:
        record(
            Entry(
                code="account.individual_plan",
                account=account,
                message=sentence(
                    "The account has the individual selling plan, which Amazon does "
                    "not let applications work with."
                ),
                fix=sentence(
                    "Upgrade to the professional selling plan in Seller Central."
                ),
            )
        )


def _store(
    account: AmazonAccount, site: Participation, row: MarketplaceParticipation | None
) -> bool:
    """Write one site; return whether anything but the time changed."""
    facts = {
        "name": site.name[:80],
        "country_code": site.country_code[:2],
        "currency": site.currency[:3],
        "language": site.language[:10],
        "domain": site.domain[:80],
        "store_name": site.store_name[:120],
        "is_participating": site.is_participating,
        "has_suspended_listings": site.has_suspended_listings,
    }
    now = timezone.now()
    if row is None:
        MarketplaceParticipation.objects.create(
            account=account, marketplace_id=site.marketplace_id, seen_at=now, **facts
        )
        _tell(account, site, was_participating=False, was_suspended=False)
        return True
    before = {name: getattr(row, name) for name in facts}
    MarketplaceParticipation.objects.filter(pk=row.pk).update(seen_at=now, **facts)
    _tell(
        account,
        site,
        was_participating=row.is_participating,
        was_suspended=row.has_suspended_listings,
    )
    return before != facts


def _tell(
    account: AmazonAccount,
    site: Participation,
    *,
    was_participating: bool,
    was_suspended: bool,
) -> None:
    if was_participating and not site.is_participating:
        _log_not_participating(account, site.name)
    if site.has_suspended_listings and not was_suspended:
        record(
            Entry(
                code="marketplace.suspended_listings",
                level=Level.WARNING,
                account=account,
                message=sentence(
                    "Amazon has suspended listings in %(site)s.", site=site.name
                ),
                fix=sentence(
                    "Open Performance, Account Health in Seller Central for this site."
                ),
            )
        )


def _log_unreadable(
    account: AmazonAccount,
    found: UnreadableParticipation,
    row: MarketplaceParticipation | None,
) -> None:
    logger.warning(
        "marketplace unreadable account=%s marketplace=%s",
        account.pk,
        found.marketplace_id or "?",
    )
    record_once(
        Entry(
            code="marketplace.unreadable",
            level=Level.WARNING,
            account=account,
            reference=found.marketplace_id,
            message=sentence(
                "What Amazon says of the marketplace %(site)s cannot be read: "
                "%(reason)s.",
                site=row.name if row else found.marketplace_id or "?",
                reason=found.reason,
            ),
            fix=sentence(
                "What was known of it stays, and the other marketplaces went on. "
                "Compare it with Seller Central, and report this with the log."
            ),
        ),
        _LOG_AGAIN,
    )


def _tell_unread(account: AmazonAccount, site: Participation) -> None:
    """Say, once a day, what of a marketplace cannot be read; the rest is stored."""
    record_once(
        Entry(
            code="marketplace.unreadable_detail",
            level=Level.WARNING,
            account=account,
            reference=site.marketplace_id,
            message=sentence(
                "A part of what Amazon says of the marketplace %(site)s cannot be read "
                "and is left out: %(reasons)s.",
                site=site.name,
                reasons=listed(list(dict.fromkeys(site.unread))),
            ),
            fix=sentence("Nothing is to be done: the marketplace itself is stored."),
        ),
        _LOG_AGAIN,
    )


def _log_not_participating(account: AmazonAccount, name: str) -> None:
    record(
        Entry(
            code="marketplace.not_participating",
            level=Level.WARNING,
            account=account,
            message=sentence("The account no longer sells in %(site)s.", site=name),
            fix=sentence("Enable the site in Seller Central under Sell globally."),
        )
    )
