"""What the checks look at, each read or asked for once a report; health layer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar, cast

from django.conf import settings

from channels_amazon.errors import ShoplinkError
from channels_amazon.health.finding import NotChecked
from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.models import AmazonAccount, Permission
from channels_amazon.services.accounts import permission_probes
from channels_amazon.services.accounts.permission_probes import (
    ProbeResult,
    combined,
    is_refused_everywhere,
)
from channels_amazon.services.amazon_client.factory import client_for, endpoint
from channels_amazon.services.health.applying import ObservedAccount
from channels_amazon.services.installation import guard
from channels_amazon.spapi import network_probe
from channels_amazon.spapi.apis import sellers
from channels_amazon.spapi.client import SpApiClient
from channels_amazon.spapi.errors import (
    AuthorizationLost,
    CaptivePortal,
    ClientSecretInvalid,
    ServiceUnavailable,
)
from channels_amazon.spapi.network_probe import ProbedRoute
from channels_amazon.spapi.operations import LWA_TOKEN
from channels_amazon.spapi.tokens import InMemoryTokens

Fact = TypeVar("Fact")

# Seconds. A person waits for the report: a hanging call ends earlier than in a job.
CALL_SECONDS = 5.0
TOKEN_SECONDS = 4.0
# Seconds to wait for quota: the buckets of the probes refill a token in half a second,
# and in one and a half after Amazon refused a call.
QUOTA_SECONDS = 2.0

AMAZON, LOGIN = "amazon", "login"


@dataclass(frozen=True, slots=True)
class MarketplaceState:
    """One country site as the checks see it."""

    id: str
    name: str
    country: str
    is_participating: bool
    has_suspended_listings: bool
    is_selected: bool


@dataclass(frozen=True, slots=True)
class MarketplaceStates:
    """The account's sites; `error` is why Amazon did not tell them just now.

    With an error the sites are those of our rows, seen last at `seen_at`.
    """

    sites: tuple[MarketplaceState, ...]
    seen_at: datetime
    error: ShoplinkError | None = None

    @property
    def active(self) -> tuple[MarketplaceState, ...]:
        """Return the sites that are synchronised."""
        return tuple(s for s in self.sites if s.is_participating and s.is_selected)


@dataclass
class CheckContext:
    """One report's account and moment (aware UTC), and what was seen so far."""

    account: AmazonAccount
    now: datetime
    _seen: dict[str, Any] = field(default_factory=dict)

    @property
    def account_id(self) -> int:
        """Return the account's key."""
        return int(self.account.pk)

    @property
    def store_id(self) -> int:
        """Return the key of the account's store."""
        return int(self.account.store_id)

    @property
    def client(self) -> SpApiClient:
        """Return a client that gives up soon; raises NeedsMerchant without a secret."""
        return self._once("client", self._make_client)

    @property
    def is_known_lost(self) -> bool:
        """Tell whether Amazon refuses the authorisation, as far as is known or seen.

        Nobody is asked: the hourly look at the rows calls no one.
        """
        token, account = self._seen.get("token"), self.account
        if token is True:
            return False
        is_known = not account.is_connected and not account.is_disconnected
        return is_known or isinstance(token, AuthorizationLost)

    def require_token(self) -> None:
        """Get a new access token, to see that Amazon still gives one; keep it here.

        Raises AuthorizationLost, ClientSecretInvalid, LwaUnavailable, NetworkError.
        """
        self._once("token", self._refresh)

    def sites(self) -> MarketplaceStates:
        """Return the country sites, from Amazon if it says, else from our rows.

        Raises what makes every call to Amazon moot.
        """
        return self._once("sites", self._ask_sites)

    def probes(self) -> list[ProbeResult]:
        """Return what the permission probes say; raises what they raise."""
        return self._once("probes", self._ask_permissions)

    def routes(self) -> dict[str, ProbedRoute]:
        """Return the ways to Amazon's API and to Login with Amazon, step by step.

        Raises InstallationPaused where nobody may be called.
        """
        guard.require_running()
        return self._once("routes", self._walk)

    def observed(self) -> ObservedAccount:
        """Return what was seen of the account, as far as this report looked at all."""
        authorized_at = self.account.authorized_at
        token, probes = self._seen.get("token"), self._seen.get("probes")
        if isinstance(token, AuthorizationLost):
            return ObservedAccount(authorized_at, lost=token)
        answers: list[ProbeResult] = probes if isinstance(probes, list) else []
        if token is not True or not answers or is_refused_everywhere(answers):
            return ObservedAccount(authorized_at)
        sites = [site.id for site in self.sites().active]
        return ObservedAccount(
            authorized_at,
            is_open=any(one.state != Permission.State.UNKNOWN for one in answers),
            permissions=tuple(one for site in sites for one in combined(answers, site)),
            sites_differ=self._sites_differ(),
        )

    def blame(self, error: ShoplinkError) -> ShoplinkError:
        """Return the error under the code of the fault that is behind it.

        A call that failed on the way tells only that it failed; where the way itself
        is broken, or which of the two services is down, is seen from the routes.
        """
        if not isinstance(error, ServiceUnavailable) or isinstance(
            error, CaptivePortal
        ):
            return error
        is_login = error.operation == LWA_TOKEN.name
        routes = self.routes()
        broken = routes[LOGIN if is_login else AMAZON].broken
        other_is_broken = routes[AMAZON if is_login else LOGIN].broken is not None
        if broken and (broken.name != "http" or not is_login or other_is_broken):
            return NotChecked(f"network.{broken.fault}", error.message)
        if is_login:
            return NotChecked("lwa.outage", error.message)
        return error

    def _once(self, name: str, look: Callable[[], Fact]) -> Fact:
        """Call `look` once a report: return or raise again what it did then."""
        if name not in self._seen:
            try:
                self._seen[name] = look()
            except ShoplinkError as error:
                self._seen[name] = error
        seen = self._seen[name]
        if isinstance(seen, ShoplinkError):
            raise seen
        return cast(Fact, seen)

    def _make_client(self) -> SpApiClient:
        client = client_for(self.account, max_wait=QUOTA_SECONDS)
        lwa = replace(client.tokens.lwa, timeout=TOKEN_SECONDS, budget=CALL_SECONDS)
        # An empty token store: the authorisation is to be tested, not our cache.
        tokens = replace(client.tokens, lwa=lwa, store=InMemoryTokens())
        return replace(client, tokens=tokens, budget=CALL_SECONDS)

    def _refresh(self) -> bool:
        client = self.client
        return bool(client.tokens.get(client.subject))

    def _ask_sites(self) -> MarketplaceStates:
        self.require_token()
        rows = {row.marketplace_id: row for row in self.account.participations.all()}
        deselected = {id_ for id_, row in rows.items() if not row.is_selected}
        try:
            listed = sellers.get_marketplace_participations(self.client).sites
        except (AuthorizationLost, ClientSecretInvalid):
            raise
        except ShoplinkError as error:
            known = tuple(
                MarketplaceState(
                    id=row.marketplace_id,
                    name=row.name,
                    country=row.country_code,
                    is_participating=row.is_participating,
                    has_suspended_listings=row.has_suspended_listings,
                    is_selected=row.is_selected,
                )
                for row in rows.values()
            )
            seen = max((row.seen_at for row in rows.values()), default=self.now)
            return MarketplaceStates(known, seen, error)
        return MarketplaceStates(
            tuple(
                MarketplaceState(
                    id=one.marketplace_id,
                    name=one.name,
                    country=one.country_code,
                    is_participating=one.is_participating,
                    has_suspended_listings=one.has_suspended_listings,
                    is_selected=one.marketplace_id not in deselected,
                )
                for one in listed
                # Amazon also lists its test and partner shops.
                if one.marketplace_id in MARKETPLACES
            ),
            self.now,
        )

    def _sites_differ(self) -> bool:
        known = self.sites()
        rows = self.account.participations.values_list(
            "marketplace_id", "is_participating", "has_suspended_listings"
        )
        told = {
            (site.id, site.is_participating, site.has_suspended_listings)
            for site in known.sites
        }
        return known.error is None and told != set(rows)

    def _ask_permissions(self) -> list[ProbeResult]:
        ids = [site.id for site in self.sites().active]
        return permission_probes.probe(self.client, ids)

    def _walk(self) -> dict[str, ProbedRoute]:
        return {
            AMAZON: network_probe.probe(endpoint(self.account.region)),
            LOGIN: network_probe.probe(settings.LWA_TOKEN_URL),
        }
