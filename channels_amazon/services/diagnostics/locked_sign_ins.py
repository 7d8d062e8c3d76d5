"""Who is kept from signing in, and after how many failures; services layer.

The handler that counts them is the project's (`shoplink/sign_in.py`), and goes by the
same limits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import QuerySet, Sum

# Failures within AXES_COOLOFF_TIME after which no password is looked at any more: of
# one user at one address, of one user wherever they come from, and of one address
# whomever they are of.
PAIR_LIMIT = 5
USER_LIMIT = 10
ADDRESS_LIMIT = 10


@dataclass(frozen=True, slots=True)
class LockedSignIns:
    """Who is locked out now; `pairs` are users at one address, not otherwise named."""

    users: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()

    def __bool__(self) -> bool:
        """Tell whether anybody is."""
        return bool(self.users or self.addresses or self.pairs)

    @property
    def names(self) -> frozenset[str]:
        """Return the users that are locked out, anywhere or at one address."""
        return frozenset(self.users) | {name for name, _address in self.pairs}


def locked_now(now: datetime) -> LockedSignIns:
    """Return who is locked out at `now`, in three queries."""
    cool_off: timedelta = settings.AXES_COOLOFF_TIME
    attempts = AccessAttempt.objects.filter(attempt_time__gte=now - cool_off).order_by()
    users = _over(attempts, USER_LIMIT, "username")
    addresses = _over(attempts, ADDRESS_LIMIT, "ip_address")
    pairs = _over(attempts, PAIR_LIMIT, "username", "ip_address")
    at_user, at_address = set(users), set(addresses)
    return LockedSignIns(
        users=tuple(name for (name,) in users),
        addresses=tuple(address for (address,) in addresses),
        pairs=tuple(
            (name, address)
            for name, address in pairs
            if (name,) not in at_user and (address,) not in at_address
        ),
    )


def _over(
    attempts: QuerySet[AccessAttempt], limit: int, *columns: str
) -> list[tuple[str, ...]]:
    """Return what of these columns has at least so many failures."""
    rows = attempts.values_list(*columns).annotate(failures=Sum("failures_since_start"))
    found = rows.filter(failures__gte=limit).order_by(*columns)
    return [tuple(str(value or "") for value in values) for *values, _failures in found]
