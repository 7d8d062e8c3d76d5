"""Whose clocks a page goes by: those of who reads it; views layer.

The one place that knows the reader's time zone. It becomes Django's current one for as
long as the request is answered, so that templates, forms and lists need not ask. What
is answered to nobody who is signed in, to a shop, or streamed as a file is in UTC.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from channels_amazon.models import Store, UserSettings
from channels_amazon.rules.local_times import TO_THE_SECOND, shown, zone_named

# The browser's own word, set by time_zone.js.
COOKIE = "shoplink_time_zone"
UTC = ZoneInfo("UTC")
# In the session: the name that the user chose, and the name of the stores' zone.
_KEPT = "time_zones"
# On a request for which they were read.
_IS_NOTED = "_time_zones_noted"
_MOST_STORES = 50


def use_readers_zone(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Return the middleware that answers who is signed in by their own clocks."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        with timezone.override(zone_of(request)):
            return get_response(request)

    return middleware


def zone_of(request: HttpRequest) -> ZoneInfo:
    """Return the reader's zone: chosen, else the browser's, else their stores'."""
    if SESSION_KEY not in request.session:
        return UTC
    chosen, _of_stores = _kept(request)
    return zone_named(chosen) or zone_unless_chosen(request)


def zone_unless_chosen(request: HttpRequest) -> ZoneInfo:
    """Return the zone of who is signed in and chose none."""
    _chosen, of_stores = _kept(request)
    return browsers_zone(request) or zone_named(of_stores) or UTC


def browsers_zone(request: HttpRequest) -> ZoneInfo | None:
    """Return the zone that the reader's browser is in, None where it did not say."""
    return zone_named(request.COOKIES.get(COOKIE))


def zone_the_browser_may_change(request: HttpRequest) -> str:
    """Return the zone in which the request is answered, if that is the browser's word.

    For who chose a zone, and where nobody is signed in, it is "".
    """
    if SESSION_KEY not in request.session:
        return ""
    chosen, _of_stores = _kept(request)
    return "" if zone_named(chosen) else zone_unless_chosen(request).key


def note(request: HttpRequest, user: Any = None) -> list[str]:
    """Keep in the session what user and stores say of the zone; return it."""
    user = user or request.user
    chosen = UserSettings.objects.filter(user_id=user.pk).values_list("time_zone")
    names = Store.objects.visible_to(user).order_by().values_list("time_zone")
    of_stores = {name for (name,) in names.distinct()[:_MOST_STORES]} - {""}
    kept = [
        next((name for (name,) in chosen), ""),
        of_stores.pop() if len(of_stores) == 1 else "",
    ]
    request.session[_KEPT] = kept
    setattr(request, _IS_NOTED, True)
    return kept


def _kept(request: HttpRequest) -> list[str]:
    kept: list[str] | None = request.session.get(_KEPT)
    # Read anew when the session is written anyway, which is every few minutes: it may
    # have been chosen in another browser. Not with every page: it costs a look-up.
    if kept is None or (request.session.modified and not hasattr(request, _IS_NOTED)):
        return note(request)
    return kept


def listen() -> None:
    """Hear of every sign-in."""
    user_logged_in.connect(_note_signed_in, dispatch_uid="time-zone")


def _note_signed_in(sender: Any, request: HttpRequest, user: Any, **rest: Any) -> None:
    note(request, user)


def local(moment: datetime, form: str = TO_THE_SECOND) -> str:
    """Return a moment by the reader's clocks, with their offset."""
    return shown(moment, timezone.get_current_timezone(), form)
