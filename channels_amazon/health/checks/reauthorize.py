"""Would a new authorisation bring a permission that is missing? health layer.

An authorisation holds the roles that the application had when it was given. Amazon has
no call that lists them: that the application has one is proven where another account,
which authorised it later, is let in by it.
"""

from __future__ import annotations

from collections import Counter

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, NotChecked, well
from channels_amazon.health.registry import Cost, check
from channels_amazon.models import (
    AmazonAccount,
    MarketplaceParticipation,
    Permission,
    label,
)
from channels_amazon.services.accounts.permission_probes import is_refused_everywhere
from channels_amazon.wording import listed, sentence

Name = Permission.Name
State = Permission.State


@check(
    "reauthorize",
    group="permissions",
    order=5,
    title=gettext_lazy("Roles of the authorisation"),
    cost=Cost.CALLS,
)
def run(context: CheckContext) -> list[Finding]:
    """Look for missing permissions that a later account of the application has."""
    context.require_token()
    answers = context.probes()
    if is_refused_everywhere(answers):
        raise NotChecked(
            "account.wrong_region",
            sentence("Amazon refuses every operation in this region."),
        )
    missing = {one.name for one in answers if one.state == State.MISSING}
    proven = [name for name in Name.values if name in missing & _elsewhere(context)]
    if not proven:
        return [
            well(
                sentence("No missing permission is known to be one of the application.")
            )
        ]
    first = next(one for one in answers if one.name == proven[0] and one.error)
    return [
        Finding(
            code="permission.reauthorize_needed",
            cause=sentence(
                "The application has these roles by now, but this authorisation is "
                "older: %(names)s.",
                names=listed([label(Name(name).label) for name in proven]),
            ),
            fix=sentence(
                "Authorise the account again: the new authorisation holds every role "
                "that the application has. Nothing is lost."
            ),
            fix_action="amazon-connect",
            evidence={
                "permissions": proven,
                "authorised_at": context.account.authorized_at,
                "operation": first.operation,
                "status": first.status,
                "request_id": first.request_id,
            },
        )
    ]


def _elsewhere(context: CheckContext) -> set[str]:
    """Return what a later authorisation of the same application has in every site.

    That is in each of one account's sites that are synchronised.
    """
    account = context.account
    later: QuerySet[AmazonAccount] = AmazonAccount.objects.filter(
        application=account.application_id,
        state=AmazonAccount.State.CONNECTED,
        authorized_at__gt=account.authorized_at,
    )
    # The newest ones know best: however many accounts there are, a few are asked.
    newest = list(later.order_by("-authorized_at").values_list("pk", flat=True)[:20])
    sites = Counter(
        MarketplaceParticipation.objects.filter(
            account__in=newest, is_selected=True, is_participating=True
        ).values_list("account", flat=True)
    )
    granted = Counter(
        Permission.objects.filter(
            participation__account__in=newest,
            participation__is_selected=True,
            participation__is_participating=True,
            state=State.GRANTED,
        ).values_list("participation__account", "name")
    )
    return {name for (pk, name), count in granted.items() if count == sites[pk]}
