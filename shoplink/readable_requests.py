"""Takes out of requests what no database could look for; no business code."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from channels_amazon.forms.parameters import is_readable, replace_unreadable
from channels_amazon.views.errors import bad_request

# A name of DNS has 253 characters at most, a port six more with its colon.
LONGEST_HOST = 260


def refuse_unreadable(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Return the middleware that lets no NUL and no half of a character through.

    It stands before every page, Django's own among them, whose filters hand a text to
    the database as it came. A path that holds one is no page's; a parameter that does
    finds nothing, a cookie that does counts as none.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if len(request.META.get("HTTP_HOST", "")) > LONGEST_HOST:
            return bad_request(request)
        if not is_readable(request.path_info):
            return bad_request(request)
        replace_unreadable(request)
        for name, value in list(request.COOKIES.items()):
            if not is_readable(value):
                del request.COOKIES[name]
        return get_response(request)

    return middleware
