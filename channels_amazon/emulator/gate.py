"""What stands before every operation: token, region, role, quota; emulator."""

from __future__ import annotations

from .model.buckets import BucketKey
from .model.entities import EmulatedAccessToken
from .model.roles import may_call
from .model.state import World
from .protocol.calling import Caller, Refusal, Route, denied

MISSING = "Access token is missing in the request header."
EXPIRED = "The access token you provided has expired."
MALFORMED = "The access token you provided is revoked, malformed or invalid."


def unknown_path() -> Refusal:
    """Return the 403 the API gateway gives for a path or verb it does not know."""
    return Refusal(403, "MissingAuthenticationToken", "Missing Authentication Token")


def identify(
    world: World, route: Route, token_text: str, region: str | None, path: str
) -> Caller:
    """Check the token and the region; raises Refusal.

    `region` is None at the bare root, where the token's own region counts.
    """
    if not token_text:
        raise denied(MISSING)
    token = world.access_tokens.get(token_text)
    if token is None or token.application_id != world.application.application_id:
        raise denied(MALFORMED)
    if world.now() >= token.expires_at:
        raise denied(EXPIRED)
    if token.scope is not None:
        return _grantless(world, route, token, region)
    return _of_seller(world, route, token, region, path)


def _grantless(
    world: World, route: Route, token: EmulatedAccessToken, region: str | None
) -> Caller:
    if route.scope != token.scope:
        raise denied()
    return Caller(
        application_id=token.application_id,
        region=region or "na",
        token=token,
        seller=None,
        roles=frozenset(world.application.roles),
    )


def _of_seller(
    world: World,
    route: Route,
    token: EmulatedAccessToken,
    region: str | None,
    path: str,
) -> Caller:
    seller = world.sellers.get(token.seller_id or "")
    grant = world.authorizations.get(token.refresh_token or "")
    if seller is None or grant is None or grant.revoked:
        raise denied(MALFORMED)
    if region is not None and seller.region != region:
        raise denied(MALFORMED)
    if route.scope is not None:
        raise denied()
    _check_restriction(route, token, path)
    return Caller(
        application_id=token.application_id,
        region=seller.region,
        token=token,
        seller=seller,
        roles=frozenset(world.application.roles & grant.roles),
    )


def _check_restriction(route: Route, token: EmulatedAccessToken, path: str) -> None:
    """Restricted operations need a restricted token of that path, and only they."""
    if not token.restricted_to:
        if route.restricted:
            raise denied()
        return
    allowed = {f"{route.method} {path}", f"{route.method} {route.template}"}
    if not allowed & token.restricted_to:
        raise denied()


def check_role(route: Route, caller: Caller) -> None:
    """Refuse an operation none of the granted roles opens."""
    if caller.seller is None:
        return
    if not may_call(route.operation, set(caller.roles), caller.region):
        raise denied()


def take_token(world: World, route: Route, caller: Caller) -> BucketKey:
    """Take one request from the caller's quota and return which it was.

    Raises Refusal when it is used up.
    """
    key = BucketKey(
        operation=route.operation,
        application_id=caller.application_id,
        seller_id=caller.seller.seller_id if caller.seller else "",
        region=caller.region,
    )
    if not world.buckets.take(key, world.now()):
        raise exhausted()
    return key


def exhausted() -> Refusal:
    """Return Amazon's 429."""
    message = "You exceeded your quota for the requested resource."
    return Refusal(429, "QuotaExceeded", message)
