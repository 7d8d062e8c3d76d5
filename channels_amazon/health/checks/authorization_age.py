"""How much of the authorisation's year is left? health layer."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy, gettext_noop

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, Level, unproven, well
from channels_amazon.health.registry import check
from channels_amazon.health.signs import Signs
from channels_amazon.wording import sentence


@check(
    "authorization_age",
    group="token",
    order=2,
    title=gettext_lazy("Age of the authorisation"),
    signs=Signs(here=lambda context: context.account.is_to_renew(context.now)),
)
def run(context: CheckContext) -> list[Finding]:
    """Compare the authorisation's age with the year it lasts."""
    account = context.account
    ends = account.authorization_ends_at
    is_over = ends <= context.now
    shown = {
        "authorised_at": account.authorized_at,
        "ends_at": ends,
        "age_days": (context.now - account.authorized_at).days,
        "days_left": max((ends - context.now).days, 0),
    }
    if not account.is_to_renew(context.now):
        return [_young(context, shown)]
    pattern = (
        gettext_noop("The authorisation's year ended on %(date)s.")
        if is_over
        else gettext_noop(
            "The authorisation ends on %(date)s; after that nothing is exchanged."
        )
    )
    return [
        Finding(
            code="token.expiring",
            level=Level.ERROR if is_over else Level.WARNING,
            cause=sentence(pattern, date=ends),
            fix=sentence("Renew it now: authorise the account again. Nothing is lost."),
            fix_action="amazon-connect",
            evidence=shown,
        )
    ]


def _young(context: CheckContext, shown: dict[str, Any]) -> Finding:
    """Tell of an authorisation whose year is not over, as far as that says anything."""
    account = context.account
    if account.is_disconnected:
        text = sentence(
            "The account was disconnected here: the age of its authorisation says "
            "nothing."
        )
        return unproven(text, **shown)
    if context.is_known_lost:
        text = sentence(
            "Its year is not over, but Amazon does not accept the authorisation: its "
            "age says nothing."
        )
        return unproven(text, **shown)
    ends = account.authorization_ends_at
    return well(sentence("The authorisation lasts until %(date)s.", date=ends), **shown)
