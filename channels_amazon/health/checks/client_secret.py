"""When must the application's client secret be rotated? health layer."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, Level, unproven, well
from channels_amazon.health.registry import Cost, check
from channels_amazon.wording import sentence

# Amazon's deadline for rotating a secret; its own reminders start 90 days before.
LASTS = timedelta(days=180)
REMIND_BEFORE = timedelta(days=30)


@check(
    "client_secret",
    group="token",
    order=3,
    title=gettext_lazy("Age of the client secret"),
    cost=Cost.HOST,
)
def run(context: CheckContext) -> list[Finding]:
    """Compare the newest secret's age with Amazon's 180 days; it is never read."""
    secrets = context.account.application.client_secrets
    row = secrets.values("since", "expires_at").order_by("-since", "-pk").first()
    if row is None:
        return [
            unproven(
                sentence(
                    "The client secret comes from the settings; its age is not known."
                )
            )
        ]
    since: datetime = row["since"]
    ends: datetime = row["expires_at"] or since + LASTS
    shown = {"since": since, "ends_at": ends, "days_left": (ends - context.now).days}
    date = f"{ends:%Y-%m-%d}"
    if ends - context.now > REMIND_BEFORE:
        text = sentence(
            "The client secret need not be rotated before %(date)s.", date=date
        )
        return [well(text, **shown)]
    return [
        Finding(
            code="client.secret_expiring",
            level=Level.ERROR if ends <= context.now else Level.WARNING,
            cause=sentence(
                "The application's client secret must be rotated by %(date)s; Amazon "
                "then refuses the old one for every account.",
                date=date,
            ),
            fix=sentence(
                "In Amazon's Solution Provider Portal open the application's LWA "
                "credentials and rotate the client secret; set the new one as "
                "LWA_CLIENT_SECRET and restart. The old one works for 7 more days."
            ),
            evidence=shown,
        )
    ]
