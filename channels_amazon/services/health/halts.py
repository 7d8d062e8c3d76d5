"""Says why nothing at all is done for an account, the one source of it; services layer.

Pages, the Last Sync Log and its file ask here, so that none of them tells of a next run
or of something being sent while another one says why nothing goes on.
"""

from __future__ import annotations

from enum import StrEnum

from channels_amazon.models import AmazonAccount
from channels_amazon.services.installation import guard


class Halt(StrEnum):
    """Why nothing is done for an account; of several that hold the first one."""

    DISCONNECTED = "disconnected"
    PAUSED = "paused"
    UNAUTHORISED = "unauthorised"
    NO_WORKER = "no_worker"


def halt_of(account: AmazonAccount, *, is_worker_alive: bool) -> Halt | None:
    """Return why nothing is done for the account, None while all goes on.

    It asks the database nothing. What only a person can end comes first.
    """
    if account.is_disconnected:
        return Halt.DISCONNECTED
    if not guard.may_work():
        return Halt.PAUSED
    if not account.is_connected:
        return Halt.UNAUTHORISED
    return None if is_worker_alive else Halt.NO_WORKER
