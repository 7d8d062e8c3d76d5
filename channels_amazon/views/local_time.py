"""The time zone in which exact times are shown beside UTC; views layer."""

from __future__ import annotations

from contextvars import ContextVar
from weakref import ReferenceType, ref
from zoneinfo import ZoneInfo

from django.http import HttpRequest

from channels_amazon.models import Store

# Weak: the thread goes on to other requests, or to none, and must keep no cookie, form
# or user of this one. A page is drawn after its view has returned, so the view itself
# cannot take the request back.
_request: ContextVar[ReferenceType[HttpRequest] | None] = ContextVar(
    "request", default=None
)
_ZONE = "_shoplink_time_zone"
_MOST_STORES = 50


def show_for(request: HttpRequest) -> None:
    """Let the times of this page be those of the stores of its reader."""
    _request.set(ref(request))


def local_zone() -> ZoneInfo | None:
    """Return the time zone of the reader's stores.

    None where they have none, where it is UTC, or where they have several.
    """
    known = _request.get()
    request = known() if known is not None else None
    if request is None:
        return None
    if not hasattr(request, _ZONE):
        setattr(request, _ZONE, _zone_of(request))
    zone: ZoneInfo | None = getattr(request, _ZONE)
    return zone


def _zone_of(request: HttpRequest) -> ZoneInfo | None:
    stores = Store.objects.visible_to(request.user)
    names = set(stores.values_list("time_zone", flat=True)[:_MOST_STORES]) - {""}
    if len(names) != 1 or names == {"UTC"}:
        return None
    return ZoneInfo(names.pop())
