"""Refuses bodies that are too large before anything of them is read; no business code.

Django itself reads no more than the length that a request states, and spools that to
the disk. So a length above the limit is refused, and a body without one; a body that
comes too slowly is cut.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from channels_amazon.views.errors import length_required, too_large

# For a whole body. A proxy that keeps bodies until they are complete needs far less.
BODY_SECONDS = 60.0

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class BodyLimit:
    """The middleware; a page that takes files has the attribute `largest_body`.

    `takes_upload` (channels_amazon/views/base.py) gives it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Refuse a body without a length: it has no end that could be known."""
        if request.META.get("HTTP_TRANSFER_ENCODING"):
            return length_required(request)
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        """Refuse a body above the page's limit, unread.

        Only who is signed in may send more than the limit of all pages.
        """
        length = _length(request)
        if length <= settings.BODY_LIMIT_BYTES:
            return None
        largest = int(getattr(view, "largest_body", 0))
        user: Any = getattr(request, "user", None)
        if length <= largest and user is not None and user.is_authenticated:
            return None
        return too_large(request)


def with_deadline(application: Application) -> Application:
    """Return the application, whose bodies end when their time is over.

    A body that drips would hold a thread of the server for ever. What reads it then
    meets its end early, as if the client had gone.
    """

    def bounded(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        connection = environ.get("gunicorn.socket")
        if connection is None or environ.get("CONTENT_LENGTH") in {None, "", "0"}:
            return application(environ, start_response)
        timer = threading.Timer(BODY_SECONDS, _end_of_body, [connection])
        timer.daemon = True
        timer.start()
        try:
            return application(environ, start_response)
        finally:
            timer.cancel()

    return bounded


def _end_of_body(connection: socket.socket) -> None:
    # Of the reading side only: the answer can still be written.
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RD)


def _length(request: HttpRequest) -> int:
    """Return how much Django would read: nothing where the length is no number."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0
