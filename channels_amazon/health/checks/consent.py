"""Do merchants come back from Amazon's consent page? health layer."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Max
from django.utils.translation import gettext_lazy

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, Level, well
from channels_amazon.health.registry import Cost, check
from channels_amazon.models import AuthorizationAttempt
from channels_amazon.wording import counted, sentence

LOOK_BACK = timedelta(days=1)
# One who does not come back may have thought better of it.
ENOUGH = 2


@check(
    "consent",
    group="token",
    order=4,
    title=gettext_lazy("Amazon's consent page"),
    cost=Cost.HOST,
)
def run(context: CheckContext) -> list[Finding]:
    """Count the authorisations that were begun and never came back from Amazon.

    Amazon shows the error on its own page, so this is all that can be seen of it.
    """
    account = context.account
    begun = AuthorizationAttempt.objects.filter(
        store=account.store_id, created_at__gte=context.now - LOOK_BACK
    )
    if account.application.is_draft:
        return [well(sentence("The consent page is opened as that of a draft."))]
    came_back = begun.aggregate(at=Max("used_at"))["at"]
    lost = begun.filter(used_at__isnull=True, expires_at__lt=context.now)
    since = max(filter(None, (came_back, account.authorized_at)))
    number = lost.filter(created_at__gt=since).count()
    if number < ENOUGH:
        return [well(sentence("No authorisations were begun that never came back."))]
    return [
        Finding(
            code="oauth.draft_needs_beta",
            level=Level.WARNING,
            cause=counted(
                "%(count)d authorisation was begun since %(time)s and did "
                "not come back from Amazon. An application that is still a "
                "draft is refused on the consent page (MD1000) unless it is "
                "marked as one.",
                "%(count)d authorisations were begun since %(time)s and none "
                "came back from Amazon. An application that is still a draft "
                "is refused on the consent page (MD1000) unless it is marked "
                "as one.",
                number,
                time=since,
            ),
            fix=sentence(
                "If the page showed MD1000, set SPAPI_APP_DRAFT=on and restart. If it "
                "showed “Invalid Redirect URI”, compare OAUTH_REDIRECT_URI with the "
                "application's in the Solution Provider Portal."
            ),
            fix_action="amazon-connect",
            evidence={
                "begun": number,
                "since": since,
                "draft": account.application.is_draft,
            },
        )
    ]
