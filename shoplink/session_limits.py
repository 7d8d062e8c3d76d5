"""Ends sessions that nobody uses any more, or that are too old; no business code."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

# Of the session, in seconds of Unix time.
SIGNED_IN_AT, USED_AT = "signed_in_at", "used_at"
# A use is written down at most so often, as a part of the time allowed: a session would
# else be written with every page.
_NOTED = 12


def end_unused_sessions(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Return the middleware that signs out who has done nothing for long.

    A person opens pages and sends forms. What a page asks for by itself (htmx) keeps no
    session alive: a window that was left open would else never be signed out.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if settings.SESSION_COOKIE_NAME in request.COOKIES:
            _look(request)
        return get_response(request)

    return middleware


def begin(sender: Any, request: HttpRequest, **rest: Any) -> None:
    """Note when the user signed in: a session has an end, however it is used."""
    now = _now()
    request.session[SIGNED_IN_AT] = request.session[USED_AT] = now


def _look(request: HttpRequest) -> None:
    session = request.session
    if SESSION_KEY not in session:
        return
    now = _now()
    # A session of an earlier version begins now.
    signed_in_at = session.setdefault(SIGNED_IN_AT, now)
    used_at = session.setdefault(USED_AT, now)
    idle = settings.SESSION_IDLE_MINUTES * 60
    if now - used_at > idle:
        _end(
            request,
            _("You were signed out, because nothing was done for %(minutes)d min.")
            % {"minutes": settings.SESSION_IDLE_MINUTES},
        )
    elif now - signed_in_at > settings.SESSION_COOKIE_AGE:
        _end(request, _("You were signed out, because your session was too old."))
    elif now - used_at >= idle / _NOTED and not request.headers.get("HX-Request"):
        session[USED_AT] = now


def _end(request: HttpRequest, why: str) -> None:
    logout(request)
    messages.info(request, why)


def _now() -> int:
    return int(time.time())
