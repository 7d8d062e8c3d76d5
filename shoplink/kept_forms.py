"""Takes back that a form was not taken, once it was; no business code."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from channels_amazon.views import way_back


def note_taken(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Return the middleware by which a form that is taken is offered to nobody again.

    It stands outside of whatever refuses a form, so that it sees the answer to each.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        return way_back.taken(request, get_response(request))

    return middleware
