"""Both OAuth workflows: from a signed, single-use state to a connected account.

The state is what ties Amazon's callback to the user, the session and the store that
asked; it is checked before anything else of the callback is believed. Services layer.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.core import signing
from django.utils import timezone

from channels_amazon.errors import NeedsMerchant, ShoplinkError
from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.models import (
    AmazonAccount,
    AuthorizationAttempt,
    DeveloperApplication,
    Store,
)
from channels_amazon.services.accounts import connection
from channels_amazon.services.accounts.connection import AccountGrant
from channels_amazon.services.accounts.seller_identity import (
    confirm_seller_id,
    storefront_name,
)
from channels_amazon.services.amazon_client.applications import current_application
from channels_amazon.services.amazon_client.factory import (
    client_before_connecting,
    lwa_client,
)
from channels_amazon.services.amazon_client.stores import DatabaseTokens
from channels_amazon.services.diagnostics.entries import entry_for, record
from channels_amazon.spapi.apis import sellers
from channels_amazon.spapi.client import SpApiClient
from channels_amazon.spapi.errors import Evidence, SpApiError, UnexpectedResponse
from channels_amazon.spapi.operations import LWA_CODE
from channels_amazon.wording import sentence

logger = logging.getLogger(__name__)

# As long as a merchant may take on Amazon's page; the state is of no use afterwards.
STATE_LIFETIME = timedelta(minutes=10)
# Attempts that ended longer ago than this are deleted when another one begins.
_KEPT = timedelta(days=1)
_SALT = "channels_amazon.authorization"
_CONFIRM = "/apps/authorize/confirm/"


class StateInvalid(NeedsMerchant):
    """The callback does not belong to an authorisation that this session began."""


class NotAnOwner(NeedsMerchant):
    """The user may not connect the store's accounts, or no longer."""


class AuthorizationDenied(NeedsMerchant):
    """The seller did not authorise the application."""


class CallbackIncomplete(NeedsMerchant):
    """Amazon led the merchant back without a code or a seller."""


class CallbackAddressInvalid(NeedsMerchant):
    """The address that Amazon is said to wait at is not Amazon's."""


@dataclass(frozen=True, slots=True)
class Requester:
    """Who asks: a user in one session of the browser; `name` for the log.

    `may_connect` tells whether the user may connect accounts of a store now.
    """

    user_id: int
    session_key: str = field(repr=False)
    may_connect: Callable[[Store], bool] = field(repr=False)
    name: str = ""


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What to authorise: the region and sites of a store, or an account anew."""

    store: Store
    region: str
    marketplace_ids: tuple[str, ...] = ()
    account: AmazonAccount | None = None


@dataclass(frozen=True, slots=True)
class OAuthCallback:
    """What Amazon's redirect brought along; `error` when the seller refused."""

    state: str = field(repr=False)
    code: str = field(default="", repr=False)
    seller_id: str = ""
    error: str = ""


def begin(wanted: AuthorizationRequest, requester: Requester) -> str:
    """Return the address of Amazon's consent page, good for ten minutes.

    Raises PlanExcludesAmazon, or NeedsMerchant when no application is configured.
    """
    connection.require_plan(wanted.store)
    application = current_application()
    base = str(getattr(settings, f"SELLER_CENTRAL_URL_{wanted.region.upper()}"))
    query = {"application_id": application.app_id}
    state = _new_state(wanted, requester)
    return _with_query(f"{base}/apps/authorize/consent", application, query, state)


def begin_at_amazon(
    store: Store, requester: Requester, *, callback_uri: str, amazon_state: str
) -> str:
    """Return where to go on when the merchant began at Amazon (Appstore workflow).

    The region is that of the Seller Central which waits at `callback_uri`. Raises
    NeedsMerchant when no application is configured, CallbackAddressInvalid and
    PlanExcludesAmazon.
    """
    application = current_application()
    region = appstore_region(callback_uri, application)
    connection.require_plan(store)
    query = {"amazon_state": amazon_state}
    state = _new_state(AuthorizationRequest(store, region), requester)
    return _with_query(callback_uri.partition("?")[0], application, query, state)


def appstore_region(callback_uri: str, application: DeveloperApplication) -> str:
    """Return the region of the Seller Central that waits at `callback_uri`.

    Only the very page that confirms this application passes, on a host of the table
    or a configured one: all else could lead the merchant anywhere. Raises
    CallbackAddressInvalid.
    """
    address = callback_uri.partition("?")[0]
    for base, region in _seller_centrals().items():
        if address == f"{base}{_CONFIRM}{application.app_id}":
            return region
    raise CallbackAddressInvalid(
        "oauth.callback_address_invalid",
        sentence("The address to go on at is not a page of Seller Central."),
        fix=sentence("Open the application in Seller Central and start again there."),
    )


def redeem(callback: OAuthCallback, requester: Requester) -> AmazonAccount:
    """Exchange what Amazon's redirect brought for tokens, and connect the account.

    The state is used up, whatever becomes of the rest. Raises StateInvalid, NotAnOwner,
    AuthorizationDenied, CallbackIncomplete, SellerElsewhere, SellerIdRefused,
    SellerIdUnproven and what LwaClient raises; then no token was stored.
    """
    attempt = _claim(callback.state, requester)
    try:
        return _redeem(callback, attempt, requester)
    except ShoplinkError as error:
        entry = entry_for(error)
        record(replace(entry, store=attempt.store, actor=requester.name))
        raise


def _redeem(
    callback: OAuthCallback, attempt: AuthorizationAttempt, requester: Requester
) -> AmazonAccount:
    # Minutes have passed at Amazon: the right may have been taken away meanwhile.
    if not requester.may_connect(attempt.store):
        raise NotAnOwner(
            "account.not_an_owner",
            sentence("Only an owner of the store can connect its accounts."),
            fix=sentence("Ask an owner of the store to authorise the account."),
        )
    _check(callback, attempt)
    application = current_application()
    tokens = lwa_client(application).exchange_code(
        callback.code, application.redirect_uri
    )
    if not tokens.refresh_token:
        raise UnexpectedResponse(
            sentence("Login with Amazon answered without a refresh token."),
            Evidence(LWA_CODE.name, 200),
        )
    client = client_before_connecting(application, attempt.region, tokens.refresh_token)
    client.tokens.store.save(client.subject, tokens.access_token, tokens.expires_at)
    grant = AccountGrant(
        region=attempt.region,
        seller_id=callback.seller_id,
        name=_confirmed_name(client, attempt.region, callback.seller_id),
        refresh_token=tokens.refresh_token,
        marketplace_ids=tuple(attempt.marketplace_ids),
    )
    account = connection.connect_account(
        attempt.store, grant=grant, application=application, actor=requester.name
    )
    DatabaseTokens().save(account.quota_subject, tokens.access_token, tokens.expires_at)
    return account


def _check(callback: OAuthCallback, attempt: AuthorizationAttempt) -> None:
    """Raise what forbids to use the callback's code, before it is used up."""
    if callback.error:
        raise AuthorizationDenied(
            "oauth.denied",
            sentence("The seller did not authorise the application."),
            fix=sentence("Start again, and approve on Amazon's page."),
        )
    if not callback.code or not callback.seller_id:
        raise CallbackIncomplete(
            "oauth.answer_incomplete",
            sentence("Amazon led you back without an authorisation code."),
            fix=sentence("Start the authorisation again."),
        )
    known = attempt.account
    if known is not None and known.seller_id != callback.seller_id:
        raise NeedsMerchant(
            "account.other_seller",
            sentence("Another seller authorised than the one of this account."),
            fix=sentence(
                "Sign in to Seller Central as the account's own seller, or connect "
                "the other one as a new account."
            ),
        )
    connection.require_free(attempt.store, callback.seller_id, attempt.region)


def _new_state(wanted: AuthorizationRequest, requester: Requester) -> str:
    now = timezone.now()
    AuthorizationAttempt.objects.filter(expires_at__lt=now - _KEPT).delete()
    state = signing.dumps(secrets.token_urlsafe(24), salt=_SALT)
    AuthorizationAttempt.objects.create(
        store=wanted.store,
        user_id=requester.user_id,
        session_hash=_hash(requester.session_key),
        state_hash=_hash(state),
        region=wanted.region,
        marketplace_ids=list(wanted.marketplace_ids),
        account=wanted.account,
        expires_at=now + STATE_LIFETIME,
    )
    return state


def _claim(state: str, requester: Requester) -> AuthorizationAttempt:
    """Use the state up; raises StateInvalid unless it is this requester's and fresh."""
    try:
        signing.loads(state, salt=_SALT, max_age=STATE_LIFETIME)
    except signing.BadSignature as error:
        raise _state_invalid() from error
    now = timezone.now()
    mine = AuthorizationAttempt.objects.filter(
        state_hash=_hash(state),
        session_hash=_hash(requester.session_key),
        user_id=requester.user_id,
    )
    if not mine.filter(used_at__isnull=True, expires_at__gt=now).update(used_at=now):
        raise _state_invalid()
    attempt: AuthorizationAttempt = mine.select_related("store", "account").get()
    return attempt


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _state_invalid() -> StateInvalid:
    return StateInvalid(
        "oauth.state_invalid",
        sentence(
            "This answer does not belong to an authorisation that you have begun in "
            "this browser within the last ten minutes."
        ),
        fix=sentence("Start again from the store."),
    )


def _seller_centrals() -> dict[str, str]:
    """Return the region of each base address of Seller Central we may lead to."""
    known = {site.seller_central: site.region for site in MARKETPLACES.values()}
    configured = {
        str(getattr(settings, f"SELLER_CENTRAL_URL_{region.upper()}")): region
        for region in AmazonAccount.Region.values
    }
    return known | configured


def _with_query(
    address: str, application: DeveloperApplication, query: dict[str, str], state: str
) -> str:
    query = query | {"state": state}
    if application.redirect_uri:
        query["redirect_uri"] = application.redirect_uri
    if application.is_draft:
        query["version"] = "beta"
    return f"{address}?{urlencode(query)}"


def _confirmed_name(client: SpApiClient, region: str, seller_id: str) -> str:
    """Return the seller's name, once the client's tokens are known to be that seller's.

    Only the name may be missing: the first pull asks for it again.
    """
    sites: tuple[sellers.Participation, ...] = ()
    try:
        sites = sellers.get_marketplace_participations(client).sites
    except SpApiError as error:
        logger.info("no name yet seller=%s code=%s", seller_id, error.code)
    confirm_seller_id(client, region, seller_id, sites)
    return storefront_name(sites)
