"""Does Amazon still accept the authorisation? health layer."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from channels_amazon.errors import NeedsMerchant
from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, evidence_of, well
from channels_amazon.health.registry import Cost, check
from channels_amazon.models import AmazonAccount, label
from channels_amazon.services.accounts.permission_probes import is_refused_everywhere
from channels_amazon.spapi.errors import (
    AuthorizationLost,
    ClientSecretInvalid,
    ServiceUnavailable,
    SpApiError,
)
from channels_amazon.wording import sentence

CONNECT = "amazon-connect"


@check(
    "token",
    group="token",
    order=1,
    title=gettext_lazy("Authorisation"),
    cost=Cost.CALLS,
)
def run(context: CheckContext) -> list[Finding]:
    """Fetch a new access token, and see that it is one of the account's region."""
    try:
        context.require_token()
    except AuthorizationLost as error:
        return [_lost(context, error)]
    except (ClientSecretInvalid, NeedsMerchant) as error:
        return [_secret(error)]
    try:
        probes = context.probes()
    except ServiceUnavailable:
        # The token was fetched, which is what this check is about.
        probes = []
    if is_refused_everywhere(probes):
        return [_wrong_region(context, probes[0].error)]
    return [
        well(
            sentence("Amazon gave a new access token for this account just now."),
            seen_at=context.now,
        )
    ]


def _lost(context: CheckContext, error: AuthorizationLost) -> Finding:
    shown = evidence_of(error) | {"authorised_at": context.account.authorized_at}
    if context.account.is_disconnected:
        return Finding(
            code=error.code,
            cause=sentence(
                "The account is disconnected here: its tokens were deleted."
            ),
            fix=sentence("Connect the account again."),
            fix_action=CONNECT,
            evidence={"disconnected_at": context.account.disconnected_at},
        )
    return Finding(
        code=error.code,
        cause=sentence(
            "Amazon no longer accepts the authorisation: the merchant removed it, or "
            "its year is over."
        ),
        fix=sentence(
            "Authorise the account again, as the seller account's primary user."
        ),
        fix_action=CONNECT,
        evidence=shown | {"amazon_says": error.message},
    )


def _secret(error: ClientSecretInvalid | NeedsMerchant) -> Finding:
    return Finding(
        code=error.code,
        cause=sentence(
            "Amazon does not accept the application's client id and secret: the "
            "secret was rotated, ran out, or is wrong. %(said)s",
            said=error.message,
        ),
        fix=sentence(
            "In Amazon's Solution Provider Portal open the application's LWA "
            "credentials, copy or rotate the client secret, set it as "
            "LWA_CLIENT_SECRET and restart Shoplink."
        ),
        evidence=evidence_of(error),
    )


def _wrong_region(context: CheckContext, error: SpApiError | None) -> Finding:
    region = label(AmazonAccount.Region(context.account.region).label)
    return Finding(
        code="account.wrong_region",
        cause=sentence(
            "Amazon gives tokens for this account, but refuses every operation in "
            "%(region)s: the authorisation belongs to another region.",
            region=region,
        ),
        fix=sentence(
            "Disconnect this account, then connect the seller under the region in "
            "which the authorisation was given."
        ),
        fix_action=CONNECT,
        evidence=(evidence_of(error) if error else {})
        | {"region": region, "amazon_says": error.details if error else ""},
    )
