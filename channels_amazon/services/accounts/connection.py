"""Connects, re-authorises and disconnects Amazon accounts; services layer."""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext

from channels_amazon.errors import NeedsMerchant
from channels_amazon.marketplaces import by_region
from channels_amazon.models import (
    AccessToken,
    AmazonAccount,
    Credential,
    DeveloperApplication,
    MarketplaceParticipation,
    Store,
)
from channels_amazon.rules.events.order_change import ORDER_CHANGE
from channels_amazon.services.accounts import unsubscribing
from channels_amazon.services.diagnostics.entries import Entry, Level, record
from channels_amazon.services.jobs import lifecycle, queue
from channels_amazon.services.notifications import quarantine
from channels_amazon.wording import sentence

logger = logging.getLogger(__name__)

State = AmazonAccount.State


@dataclass(frozen=True, slots=True)
class AccountGrant:
    """What a seller gave us: the refresh token of one account in one region.

    `marketplace_ids` are the sites to synchronise; none named means all.
    """

    region: str
    seller_id: str
    name: str
    refresh_token: str = field(repr=False)
    marketplace_ids: tuple[str, ...] = ()


class SellerElsewhere(NeedsMerchant):
    """The seller is connected to another store of this installation."""


class PlanExcludesAmazon(NeedsMerchant):
    """The store's plan does not include the Amazon channel."""


def connect_account(
    store: Store,
    *,
    grant: AccountGrant,
    application: DeveloperApplication,
    actor: str,
) -> AmazonAccount:
    """Store what the seller granted `application`, and start the first pull.

    A seller whom the store knows in this region keeps the account and its records and
    gets the new token; a live account stays live, a new one or one that was
    disconnected is not (`going_live.py`). `actor` is who did it. Raises
    PlanExcludesAmazon and SellerElsewhere; then nothing was stored.
    """
    require_plan(store)
    try:
        with transaction.atomic():
            # Not for a key: a run of the account may hold a job that we block or free,
            # and its row, which refers to the account, must still be committed.
            known = AmazonAccount.objects.select_for_update(no_key=True).filter(
                store=store, seller_id=grant.seller_id, region=grant.region
            )
            account: AmazonAccount | None = known.order_by("-pk").first()
            is_new = account is None
            if account is None:
                account = AmazonAccount(
                    store=store, region=grant.region, seller_id=grant.seller_id
                )
            account.application = application
            account.name = (grant.name or account.name or grant.seller_id)[:120]
            account.state = State.CONNECTED
            account.state_code = ""
            account.authorized_at = timezone.now()
            account.disconnected_at = None
            # What was not deleted at Amazon yet is used again.
            account.unsubscribe_at = None
            account.save()
            _keep_token(account, grant.refresh_token)
            select_marketplaces(account, grant.marketplace_ids)
            lifecycle.ensure_jobs(account)
            lifecycle.unblock(account)
            _log_connected(account, is_new=is_new, actor=actor)
            quarantine.replay_later(account)
            return account
    except IntegrityError as error:
        # The database lets one store at a time be connected to a seller in a region
        # (account_one_connected_per_seller_region): another one has it.
        raise _elsewhere() from error


def require_plan(store: Store) -> None:
    """Raise PlanExcludesAmazon unless the store's plan includes Amazon."""
    if not store.includes_amazon:
        raise PlanExcludesAmazon(
            "store.plan",
            sentence("The store's plan does not include Amazon."),
            fix=sentence("Change the store to the enterprise or the flagship plan."),
        )


def require_free(store: Store, seller_id: str, region: str) -> None:
    """Raise SellerElsewhere when another store is connected to this seller.

    Ask it before Amazon is asked: a code works once, and would be used up for nothing.
    """
    same = AmazonAccount.objects.not_disconnected().filter(
        seller_id=seller_id, region=region
    )
    if same.exclude(store=store).exists():
        raise _elsewhere()


def disconnect_account(account: AmazonAccount, *, actor: str) -> None:
    """Stop the account's jobs and delete its tokens; its records stay.

    A worker deletes its subscriptions at Amazon afterwards. An account that is
    disconnected already stays as it is.
    """
    with transaction.atomic():
        locked = AmazonAccount.objects.select_for_update(no_key=True)
        row: AmazonAccount = locked.get(pk=account.pk)
        if row.is_disconnected:
            account.refresh_from_db()
            return
        now = timezone.now()
        left = _subscriptions_of(row)
        AmazonAccount.objects.filter(pk=account.pk).update(
            state=State.DISCONNECTED,
            state_code="",
            disconnected_at=now,
            # Connected again, somebody has to look at what would be sent again.
            live_at=None,
            live_by="",
            subscription_id="",
            destination_id="",
            subscribed_at=None,
            subscriptions=left,
            unsubscribe_at=now if left else None,
        )
        if left:
            queue.enqueue(unsubscribing.TASK, account.pk)
        Credential.objects.filter(account=account).delete()
        AccessToken.objects.filter(subject=account.quota_subject).delete()
        # They stay with their runs and cursors; none is taken while disconnected.
        lifecycle.stop(
            account, "account.disconnected", sentence("The account is disconnected.")
        )
        record(
            Entry(
                code="account.disconnected",
                level=Level.INFO,
                account=account,
                message=sentence(
                    "The account was disconnected. Its tokens were deleted, its "
                    "orders, listings and logs were kept."
                ),
                fix=sentence(
                    "The authorisation itself stays at Amazon until the seller ends "
                    "it in Seller Central, at Apps and Services, Manage Your Apps."
                ),
                actor=actor,
            )
        )
    account.refresh_from_db()


def mark_needs_authorization(account: AmazonAccount, *, code: str) -> None:
    """Note that Amazon no longer accepts the authorisation; `code` says why."""
    changed = AmazonAccount.objects.filter(pk=account.pk, state=State.CONNECTED).update(
        state=State.NEEDS_AUTHORIZATION, state_code=code
    )
    if changed:
        AccessToken.objects.filter(subject=account.quota_subject).delete()
        account.state, account.state_code = State.NEEDS_AUTHORIZATION, code
        logger.warning("authorisation needed account=%s code=%s", account.pk, code)


def lose_authorization(account: AmazonAccount, *, code: str, message: str) -> None:
    """Stop the account and all its jobs, since Amazon refuses the authorisation."""
    with transaction.atomic():
        mark_needs_authorization(account, code=code)
        lifecycle.block_all(account, code, message)


def select_marketplaces(account: AmazonAccount, wanted: Collection[str]) -> None:
    """Synchronise these sites of the account's region alone; all when none is named.

    A site that is left out gets its row at once, so that the first pull finds it
    deselected.
    """
    if not wanted:
        account.participations.update(is_selected=True)
        return
    account.participations.filter(marketplace_id__in=wanted).update(is_selected=True)
    account.participations.exclude(marketplace_id__in=wanted).update(is_selected=False)
    MarketplaceParticipation.objects.bulk_create(
        [
            MarketplaceParticipation(
                account=account,
                marketplace_id=site.id,
                name=site.name,
                country_code=site.country_code,
                currency=site.currency,
                language=site.language,
                domain=site.domain,
                is_participating=False,
                has_suspended_listings=False,
                is_selected=False,
                seen_at=timezone.now(),
            )
            for site in by_region(account.region)
            if site.id not in wanted
        ],
        ignore_conflicts=True,
    )


def _subscriptions_of(account: AmazonAccount) -> dict[str, str]:
    """Return the ids of what was subscribed to, by type.

    An account that was subscribed by an earlier version knows that of its order events
    alone.
    """
    known: dict[str, str] = dict(account.subscriptions)
    if account.subscription_id:
        known[ORDER_CHANGE] = account.subscription_id
    return known


def _elsewhere() -> SellerElsewhere:
    return SellerElsewhere(
        "account.seller_elsewhere",
        gettext("This seller is already connected to another store."),
        fix=gettext(
            "Disconnect the account in the other store first, or authorise with "
            "another seller account."
        ),
    )


def _keep_token(account: AmazonAccount, refresh_token: str) -> None:
    # Replaced without being read: the key that encrypted the old one may be lost.
    rows = Credential.objects.filter(account=account)
    if not rows.update(refresh_token=refresh_token, updated_at=timezone.now()):
        Credential.objects.create(account=account, refresh_token=refresh_token)
    AccessToken.objects.filter(subject=account.quota_subject).delete()


def _log_connected(account: AmazonAccount, *, is_new: bool, actor: str) -> None:
    record(
        Entry(
            code="account.connected" if is_new else "account.reauthorized",
            level=Level.INFO,
            account=account,
            message=(
                sentence("The account was connected; its first pull has started.")
                if is_new
                else sentence(
                    "The account was authorised again; the token was replaced."
                )
            ),
            actor=actor,
        )
    )
