"""Compresses pages on their way to the browser; no business code."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware


class CompressedPages(GZipMiddleware):
    """Compress what a browser opens by GET, as far as its length can betray nothing.

    The length of a compressed page tells a listener which guess of theirs it holds
    (BREACH). Django pads each page by a random length and masks the form's secret anew
    in each. What shows a secret or a buyer's data answers a form, which nobody else can
    send: such pages are left as they are. So are exports, whose rows would wait in the
    compressor, and files.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Return the response, compressed where it is a page."""
        is_page = (
            request.method == "GET"
            and not response.streaming
            and response.get("Content-Type", "").startswith("text/html")
            and not response.has_header("Content-Disposition")
        )
        if not is_page:
            return response
        compressed: HttpResponseBase = super().process_response(request, response)
        return compressed
