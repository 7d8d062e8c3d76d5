"""Is this server's clock right, and everything in UTC? health layer."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_lazy, gettext_noop

from channels_amazon.health.context import CheckContext
from channels_amazon.health.finding import Finding, Level, unproven, well
from channels_amazon.health.registry import Cost, check
from channels_amazon.models import ApiCall
from channels_amazon.wording import sentence

WARN_SECONDS = 30.0
ERROR_SECONDS = 120.0
LOOK_BACK = timedelta(hours=1)
LOOK_AT = 20
UTC_NAMES = frozenset({"UTC", "Etc/UTC", "Universal", "Zulu", "GMT", "Etc/GMT"})
LOCALTIME = Path("/etc/localtime")


@check(
    "clock",
    group="network",
    order=3,
    title=gettext_lazy("Clock and time zone"),
    cost=Cost.CALLS,
)
def run(context: CheckContext) -> list[Finding]:
    """Compare our clock with Amazon's Date header, and the zones with UTC."""
    skew = _skew(context)
    found = [*_off(skew), *_zones()]
    if found:
        return found
    if skew is None:
        return [
            unproven(
                sentence("Everything is in UTC; Amazon told no time to compare with.")
            )
        ]
    text = sentence("The clock agrees with Amazon's, and everything is in UTC.")
    return [well(text, skew_seconds=round(skew, 1))]


def _skew(context: CheckContext) -> float | None:
    """Return by how many seconds Amazon's clock is ahead, by the newest answers."""
    skews = [
        route.skew for route in context.routes().values() if route.skew is not None
    ]
    if skews:
        # The smaller skew: a slow answer makes it look larger than it is.
        return min(skews, key=abs)
    recent = ApiCall.objects.filter(
        started_at__gte=context.now - LOOK_BACK, clock_skew__isnull=False
    ).order_by("-pk")
    newest = recent.values_list("clock_skew", flat=True)[:LOOK_AT]
    values = sorted(skew for skew in newest if skew is not None)
    return values[len(values) // 2] if values else None


def _off(skew: float | None) -> list[Finding]:
    if skew is None or abs(skew) <= WARN_SECONDS:
        return []
    pattern = (
        gettext_noop("This server's clock is %(seconds)d s behind Amazon's.")
        if skew > 0
        else gettext_noop("This server's clock is %(seconds)d s ahead of Amazon's.")
    )
    return [
        Finding(
            code="clock.skewed",
            level=Level.ERROR if abs(skew) > ERROR_SECONDS else Level.WARNING,
            cause=sentence(pattern, seconds=round(abs(skew))),
            fix=sentence(
                "Set the clock and keep it set: “timedatectl set-ntp true”, or the "
                "time service of the machine that hosts this server."
            ),
            evidence={"skew_seconds": round(skew, 1), "compared_with": "Date"},
        )
    ]


def _zones() -> list[Finding]:
    zones = {
        "settings": settings.TIME_ZONE if settings.USE_TZ else "USE_TZ = False",
        "database": _database_zone(),
        "host": host_zone(LOCALTIME),
    }
    wrong = {place: zone for place, zone in zones.items() if zone not in UTC_NAMES}
    if not wrong:
        return []
    return [
        Finding(
            code="clock.not_utc",
            level=Level.ERROR if "settings" in wrong else Level.WARNING,
            cause=sentence(
                "Not everything is in UTC: %(places)s.",
                places=", ".join(f"{place} {zone}" for place, zone in wrong.items()),
            ),
            fix=sentence(
                "Set UTC: for the settings TIME_ZONE and USE_TZ, for the database its "
                "parameter timezone, for the host “timedatectl set-timezone UTC”."
            ),
            evidence=zones,
        )
    ]


def host_zone(localtime: Path) -> str:
    """Return the time zone of the machine itself; Django sets its own for us."""
    if not localtime.exists():
        return "UTC"
    # Not resolve(): Etc/UTC itself may be a link.
    target = os.path.realpath(localtime)
    _folder, found, name = target.partition("zoneinfo/")
    if found:
        return name
    # A copy instead of a link: the last line of a zone file is its rule.
    return "UTC" if localtime.read_bytes().rstrip().endswith(b"UTC0") else "local"


def _database_zone() -> str:
    if connection.vendor != "postgresql":
        return "UTC"
    with connection.cursor() as cursor:
        # Not SHOW: for our own connections Django has set it.
        cursor.execute("SELECT reset_val FROM pg_settings WHERE name = 'TimeZone'")
        row = cursor.fetchone()
    return str(row[0]) if row else "UTC"
