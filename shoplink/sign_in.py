"""Limits failed sign-ins, and says in the log who signed in from where."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_client_username, get_credentials, get_failure_limit
from axes.models import AccessAttempt, AccessLog
from django.db.models import Q, Sum
from django.http import HttpRequest, HttpResponse
from unfold.forms import AuthenticationForm

from channels_amazon.services.diagnostics.audit import Audited, audit
from channels_amazon.services.diagnostics.locked_sign_ins import (
    ADDRESS_LIMIT,
    PAIR_LIMIT,
    USER_LIMIT,
)
from channels_amazon.views.errors import too_many_sign_ins
from channels_amazon.wording import sentence
from shoplink.client_address import client_address

logger = logging.getLogger(__name__)

Credentials = dict[str, Any] | None

# Whoever signed in at an address so lately is not locked out there by what strangers
# try elsewhere: that address has the limits of the pair and of the address alone.
KNOWN_FOR = timedelta(days=30)
# As long as a name of a user may be, its letters percent-encoded or not.
_LONGEST_NAME = 150


class SignInHandler(AxesDatabaseHandler):  # type: ignore[misc]
    """Count failures by user, by address and by both; keep all of the failure log."""

    def get_failures(
        self, request: HttpRequest, credentials: Credentials = None
    ) -> int:
        """Return the failures, as if the nearest limit were AXES_FAILURE_LIMIT."""
        limit = get_failure_limit(request, credentials)
        name = get_client_username(request, credentials)
        address = request.axes_ip_address  # type: ignore[attr-defined]
        of_user, at_address = Q(username=name), Q(ip_address=address)
        since = get_cool_off_threshold(request)
        failures = "failures_since_start"
        seen = AccessAttempt.objects.filter(
            of_user | at_address, attempt_time__gte=since
        ).aggregate(
            pair=Sum(failures, filter=of_user & at_address, default=0),
            user=Sum(failures, filter=of_user, default=0),
            address=Sum(failures, filter=at_address, default=0),
        )
        over = [seen["pair"] - PAIR_LIMIT, seen["address"] - ADDRESS_LIMIT]
        over_user = seen["user"] - USER_LIMIT
        if over_user < 0 or not _is_known_at(name, address, request):
            over.append(over_user)
        return int(limit + max(over))

    def reset_user_attempts(
        self, request: HttpRequest, credentials: Credentials = None
    ) -> int:
        """Forget the failures of this user at this address, and nobody else's.

        Else whoever has an account could go on guessing at another's by signing in to
        their own now and then.
        """
        count, _by_model = AccessAttempt.objects.filter(
            username=get_client_username(request, credentials),
            ip_address=request.axes_ip_address,  # type: ignore[attr-defined]
        ).delete()
        return int(count)

    def remove_out_of_limit_failure_logs(
        self, *, username: str, limit: int | None = None
    ) -> int:
        """Remove nothing: the retention pass alone says how long they are kept."""
        return 0

    def user_login_failed(
        self,
        sender: Any,
        credentials: dict[str, Any],
        request: HttpRequest | None = None,
        **kwargs: Any,
    ) -> None:
        """Count the failure and log it; once it locks, a log entry says so, too."""
        was_locked = bool(getattr(request, "axes_locked_out", False))
        super().user_login_failed(sender, credentials, request, **kwargs)
        if request is None:
            return
        name, address = (
            as_one_word(get_client_username(request, credentials)),
            _at(request),
        )
        if not was_locked:
            logger.warning("sign-in failed address=%s user=%s", address, name)
        if getattr(request, "axes_locked_out", False):
            logger.warning("sign-in locked address=%s user=%s", address, name)
            if not was_locked:
                _record_lock(name, address)

    def user_logged_in(
        self, sender: Any, request: HttpRequest, user: Any, **kwargs: Any
    ) -> None:
        """Keep that the user signed in, and log it."""
        super().user_logged_in(sender, request, user, **kwargs)
        name = as_one_word(user.get_username())
        logger.info("sign-in succeeded address=%s user=%s", _at(request), name)


class SignInForm(AuthenticationForm):  # type: ignore[misc]
    """Ask once more about the limit when the password is right.

    Passwords that are tried at the same moment all pass the question before: of them
    none counts that is compared after the last failure the limit allows.
    """

    def confirm_login_allowed(self, user: Any) -> None:
        """Refuse whoever was locked out while the password was compared."""
        super().confirm_login_allowed(user)
        name = user.get_username()
        if AxesProxyHandler.is_allowed(self.request, get_credentials(name)):
            return
        self.request.axes_locked_out = True
        logger.warning(
            "sign-in locked address=%s user=%s", _at(self.request), as_one_word(name)
        )
        raise self.get_invalid_login_error()


def locked_out(
    request: HttpRequest,
    response: HttpResponse | None = None,
    credentials: Credentials = None,
) -> HttpResponse:
    """Answer a sign-in that was one too many."""
    return too_many_sign_ins(request)


def as_one_word(name: str | None) -> str:
    """Return the name as one word: what is no letter or digit is percent-encoded.

    So no name can begin a line of its own or pretend to be another field, and an
    e-mail address that serves as a name is not taken out by the redaction.
    """
    encoded = (
        char
        if char.isalnum() or char in "._-+"
        else "".join(f"%{byte:02X}" for byte in char.encode(errors="replace"))
        for char in (name or "")[:_LONGEST_NAME]
    )
    return "".join(encoded)[:_LONGEST_NAME] or "-"


def _is_known_at(name: str | None, address: str | None, request: HttpRequest) -> bool:
    """Tell whether the user signed in at this address lately."""
    if not name or not address:
        return False
    since = request.axes_attempt_time - KNOWN_FOR  # type: ignore[attr-defined]
    signed_in = AccessLog.objects.filter(
        username=name, ip_address=address, attempt_time__gte=since
    )
    return bool(signed_in.exists())


def _at(request: HttpRequest) -> str:
    return client_address(request) or "-"


def _record_lock(name: str, address: str) -> None:
    audit(
        Audited(
            code="sign_in.locked",
            message=sentence(
                "After too many failures, sign-ins as %(user)s from %(address)s are "
                "refused for a while.",
                user=name,
                address=address,
            ),
            reference=name,
            actor="",
        )
    )
